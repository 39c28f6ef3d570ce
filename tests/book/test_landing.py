"""What the landing page draws: the moving picture, the map, the best lines."""

import re
import xml.etree.ElementTree as ET

import pytest
import yaml

from book import landing
from book.chapters import BuildError
from rnncourse.results import Result

LINKS = "https://example.org/"


def drawn(svg):
    return ET.fromstring(svg)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A book of three chapters in two parts; returns what writes its map."""
    (tmp_path / "chapters").mkdir()
    for name in ("one", "two", "three"):
        text = f"---\nkernel: x\n---\n\n# Chapter {name} & more\n\ntext\n"
        (tmp_path / "chapters" / f"{name}.md").write_text(text)
    parts = [
        {"caption": "First", "chapters": [{"file": "chapters/one"}, {"file": "chapters/two"}]},
        {"caption": "Last", "chapters": [{"file": "chapters/three"}]},
        {"caption": "Reference", "chapters": [{"file": "chapters/words"}]},
    ]
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump({"root": "index", "parts": parts}))
    monkeypatch.setattr(landing, "ROOT", tmp_path)
    monkeypatch.setattr(landing, "TOC", tmp_path / "_toc.yml")
    monkeypatch.setattr(landing, "MAP", tmp_path / "map.yml")
    return lambda needs: (tmp_path / "map.yml").write_text(yaml.safe_dump({"needs": needs}))


def test_the_real_map_knows_every_lesson_and_leads_forwards():
    captions, places = landing.places()
    assert len(captions) >= 3
    assert set(captions) <= {place.column for place in places}
    seen = set()
    for place in places:
        assert set(place.needs) <= seen
        seen.add(place.name)


def test_the_map_is_drawn_from_the_data(small):
    small({"one": [], "two": ["one"], "three": ["one"]})
    captions, places = landing.places()
    svg = drawn(landing.chapter_map(captions, places, {p.name: LINKS + p.name for p in places}))
    space = "{http://www.w3.org/2000/svg}"
    links = svg.findall(".//a") or svg.findall(f".//{space}a")
    assert [link.get("href") for link in links] == [LINKS + n for n in ("one", "two", "three")]
    assert links[0].get("aria-label") == "Chapter one & more. Builds on: nothing before it."
    assert links[2].get("aria-label") == "Chapter three & more. Builds on: Chapter one & more."
    words = "".join(svg.itertext())
    assert "First" in words and "Last" in words and "Reference" not in words
    assert len(svg.find("g")) == 2, "an arrow for each need"


def test_boxes_do_not_overlap_and_stay_inside():
    captions, places = landing.places()
    svg = drawn(landing.chapter_map(captions, places, {p.name: "x" for p in places}))
    width, height = map(float, svg.get("viewBox").split()[2:])
    boxes = [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in svg.iter("rect")]
    for i, (x, y, w, h) in enumerate(boxes):
        assert min(x, y) >= 0 and x + w <= width and y + h <= height
        for u, v, a, b in boxes[:i]:
            assert x + w <= u or u + a <= x or y + h <= v or v + b <= y


def test_a_long_part_stands_in_two_columns_of_about_equal_length(small, tmp_path):
    names = [f"c{i}" for i in range(7)]
    for name in names:
        (tmp_path / "chapters" / f"{name}.md").write_text("# Short\n")
    long = {"caption": "Long", "chapters": [{"file": f"chapters/{name}"} for name in names]}
    last = {"caption": "Last", "chapters": [{"file": "chapters/one"}]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump({"root": "index", "parts": [long, last]}))
    small({name: [] for name in [*names, "one"]})
    captions, places = landing.places()
    assert captions == {0: "Long", 2: "Last"}
    assert [place.column for place in places] == [0, 0, 0, 0, 1, 1, 1, 2]
    assert [place.row for place in places] == [0, 1, 2, 3, 0, 1, 2, 0]


@pytest.mark.parametrize(
    ("needs", "complaint"),
    [
        ({"one": [], "two": []}, None),  # a part of which no chapter is named is not on the map
        ({"one": [], "three": ["one"]}, "say under needs what two builds on"),
        ({"one": ["two"], "two": []}, "one builds on two, not before it"),
        ({"one": ["nowhere"], "two": []}, "one builds on nowhere, not before it"),
    ],
)
def test_a_faulty_map_is_refused(small, needs, complaint):
    small(needs)
    if complaint is None:
        assert landing.places()[0] == {0: "First"}
    else:
        with pytest.raises(BuildError, match=complaint):
            landing.places()


def test_the_picture_reads_a_word_and_says_the_next_letters():
    svg = drawn(landing.unrolling("a<bc"))
    letters = [t.text for t in svg.iter("text") if "letter" in t.get("class", "")]
    assert letters == ["a", "<", "<", "b", "b", "c"]
    assert svg.get("role") == "img"
    assert len(svg.get("aria-label")) > 60


def test_the_picture_moves_only_for_those_who_do_not_mind():
    svg = landing.unrolling("abcd")
    style = re.search(r"<style>(.*)</style>", svg, re.DOTALL)[1]
    assert style.startswith("@media (prefers-reduced-motion: no-preference){")
    assert "animation" not in svg.replace(style, "")
    moved = set(re.findall(r'class="(\w+) m(\d)"', svg))
    assert {("slide", "0"), ("rise", "2"), ("say", "2"), ("carry", "3")} <= moved
    for kind, t in moved:
        assert f"@keyframes {kind}{t}{{" in style
    marks = [float(mark) for mark in re.findall(r"([\d.]+)%", style)]
    assert all(0 <= mark <= 100 for mark in marks)


def test_best_lines_show_results_with_what_they_are_held_against():
    board = {
        "x.share": Result("x.share", 0.5, "share", "", data="stand-in <set>"),
        "x.seconds": Result("x.seconds", 7.0, "s", ""),
        "x.nats": Result("x.nats", 1.5, "nats a character", ""),
    }
    lines = [
        {"result": "x.share", "says": "right & well", "seconds": "x.seconds"},
        {"result": "x.nats", "says": "of surprise", "beside": "x.seconds", "by": "by hand"},
        {"result": "x.unknown", "says": "nothing"},
    ]
    shown = drawn(landing.best_lines(lines, board, {"x": LINKS}))
    texts = [" ".join("".join(item.itertext()).split()) for item in shown]
    assert texts == [
        "50.00 % right & wellafter 7.0 s of training; on stand-in data",
        "1.5 nats a character of surprise7.0 s by hand",
    ]
    assert all(item.find("a").get("href") == LINKS for item in shown)


def test_the_best_lines_are_results_of_this_build():
    from rnncourse import results

    lines = yaml.safe_load(landing.MAP.read_text(encoding="utf-8"))["best"]
    board = results.load()
    for line in lines:
        for key in ("result", "seconds", "beside"):
            assert key not in line or line[key] in board, line[key]
