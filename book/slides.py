"""``make slides``: every chapter as a reveal.js deck, cut from its rendered page.

A section of the chapter is a column of slides: its text in pieces that fit, each piece of code with
what it prints, each figure, table, question and exercise by itself. Nothing is left out but the
code that only draws, and nothing is added, so there is nothing to keep in step.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import Tag

from book import articles
from book.chapters import BUILD, BuildError, Chapter, read_chapters
from rnncourse.results import write_atomically

HTML = BUILD / "html"
ROOM = 170  # words that a slide has room for
LONG = 20  # lines of code above which they are set smaller
NO_SLIDES = ("index", "live", "scoreboard", "status")

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – slides</title>
<script>
const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
const follow = () => {{ root.dataset.theme = dark.matches ? "dark" : "light"; }};
follow();
dark.addEventListener("change", follow);
</script>
<link rel="stylesheet" href="../_static/reveal/reveal.css">
<link rel="stylesheet" href="../_static/pygments.css">
<link rel="stylesheet" href="../_static/course.css">
<link rel="stylesheet" href="../_static/slides.css">
<link rel="icon" href="../_static/logo.svg">
{mathjax}
</head>
<body>
<div class="reveal"><main class="slides tex2jax_ignore mathjax_ignore">
{slides}
</main></div>
<script src="../_static/reveal/reveal.js"></script>
<script src="../_static/slides.js"></script>
</body>
</html>
"""


@dataclass
class Slide:
    """One slide.

    Attributes:
        heading: What stands above it.
        parts: The HTML of what is on it.
        words: How much room that takes, in words.
    """

    heading: str
    parts: list[str] = field(default_factory=list)
    words: float = 0


def deck(article: articles.Article) -> str:
    """The slides of a chapter, as the HTML of reveal.js: columns of slides.

    Args:
        article: The chapter; its links are rewritten to lead from the folder of the slides.
    """
    articles.redirect(article.body, article.page, lambda target, mark: f"../{target}{mark}")
    for element in article.body.find_all(id=True):
        del element["id"]  # slides have no fragments of their own
    title = f"<section><h1>{html.escape(article.title)}</h1><p class='book'>{_home()}</p></section>"
    columns = [title]
    for section in [_opening(article.body), *article.body.find_all("section", recursive=False)]:
        if slides := "\n".join(_shown(slide) for slide in cut(article, section)):
            columns.append(f"<section>\n{slides}\n</section>")
    return "\n".join(columns)


def _opening(body: Tag) -> Tag:
    """What stands before the first section, as a section without a heading."""
    opening = articles.BeautifulSoup("", "html.parser").new_tag("section")
    for element in body.find_all(True, recursive=False):
        if element.name not in ("section", "h1") and element.get_text(strip=True):
            opening.append(element.extract())
    return opening


def _home() -> str:
    return "<a href='../index.html'>Recurrent neural networks, by running them</a>"


def _shown(slide: Slide) -> str:
    heading = f"<h2>{slide.heading}</h2>" if slide.heading else ""
    return f"<section>{heading}<div class='fill'>{''.join(slide.parts)}</div></section>"


def cut(article: articles.Article, section: Tag) -> list[Slide]:
    """Cut one section of a chapter into slides that are not too full."""
    slides: list[Slide] = []
    for heading, pieces in _by_heading(section):
        slides.append(Slide(heading))
        for element in pieces:
            words, alone = _size(element)
            formula = "math" in element.get("class", [])  # stays with what introduces it
            full = slides[-1].words + words > (1.3 * ROOM if formula else ROOM)
            if slides[-1].words and (alone or full):
                slides.append(Slide(heading))
            slides[-1].parts.append(article.html(_dressed(element)))
            slides[-1].words += ROOM if alone else words
    return [slide for slide in slides if slide.parts]


def _by_heading(section: Tag) -> Iterator[tuple[str, list[Tag]]]:
    """The section's own elements under its heading, then those of each section inside it."""
    heading = section.find(["h2", "h3", "h4"], recursive=False)
    own, inner = [], []
    for element in section.find_all(True, recursive=False):
        if element.name == "section":
            inner.append(element)
        elif element is not heading:
            own += list(_pieces(element))
    yield heading.decode_contents() if heading else "", own
    for element in inner:
        yield from _by_heading(element)


def _pieces(element: Tag) -> Iterator[Tag]:
    """An element, or what is to be shown of it: of a cell its code and what it puts out."""
    if "cell" in element.get("class", []):
        for hidden in element.select("details"):
            hidden.decompose()
        if element.get_text(strip=True) or element.select_one("svg-place, img, audio"):
            yield element
    elif element.name in ("ul", "ol") and len(element.get_text().split()) > ROOM:
        for item in element.find_all("li", recursive=False):
            alone = articles.BeautifulSoup("", "html.parser").new_tag(element.name)
            alone.append(item.extract())
            yield alone
    else:
        yield element


def _size(element: Tag) -> tuple[float, bool]:
    """The room an element takes, in words, and whether it has a slide to itself."""
    kinds = set(element.get("class", []))
    words = len(element.get_text().split())
    if kinds & {"exercise", "solution", "dropdown"}:
        return words, True
    drawn = len(element.select("svg-place, img")) + (element.name == "svg-place")
    lines = sum(len(code.get_text().splitlines()) for code in element.select("pre"))
    rows = len(element.select("tr"))
    displayed = len(element.select("div.math")) + ("math" in kinds)
    return max(words, 110 * drawn, 7 * lines, 12 * rows) + 20 * displayed, False


def _dressed(element: Tag) -> Tag:
    """Answers and solutions come at a key press; long code is set smaller."""
    kinds = set(element.get("class", []))
    if "dropdown" in kinds:
        for part in element.find_all(True, recursive=False):
            if "admonition-title" not in part.get("class", []):
                part["class"] = [*part.get("class", []), "fragment"]
    for code in element.select("pre"):
        if len(code.get_text().splitlines()) > LONG:
            code["class"] = [*code.get("class", []), "long"]
    return element


def write_all(chapters: list[Chapter]) -> list[Path]:
    """Make the decks of those chapters whose page is newer than its deck.

    Raises:
        BuildError: If a chapter has not been rendered.
    """
    sources = [Path(__file__), Path(articles.__file__)]
    written = []
    for chapter in chapters:
        if chapter.name in NO_SLIDES:
            continue
        page = HTML / f"chapters/{chapter.name}.html"
        target = HTML / f"slides/{chapter.name}.html"
        if not page.is_file():
            raise BuildError(f"{page.name} is not rendered; make book comes first")
        newest = max(path.stat().st_mtime for path in (page, *sources))
        if target.is_file() and target.stat().st_mtime > newest:
            continue
        article = articles.read(HTML, f"chapters/{chapter.name}")
        text = PAGE.format(
            title=html.escape(article.title), mathjax=article.mathjax, slides=deck(article)
        )
        write_atomically(target, text)
        written.append(target)
    return written


def main() -> int:
    """Write the decks and say where they are; 0 if all is well."""
    try:
        written = write_all(read_chapters())
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(written)} decks written; all are in {HTML / 'slides'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
