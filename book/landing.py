"""Sphinx extension: the landing page's moving picture, its map of chapters and its best lines.

Each is drawn by one function from data: the picture from a word, the map from ``_toc.yml`` and
``map.yml``, the lines from the results of the build.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from book.chapters import RESULTS, ROOT, BuildError
from rnncourse import results

MAP = Path(__file__).with_name("map.yml")
TOC = ROOT / "_toc.yml"


@dataclass(frozen=True)
class Place:
    """A chapter on the map.

    Attributes:
        name: Its file, without suffix.
        title: Its first heading.
        column: Where it stands from left to right; a long part has more than one column.
        row: Where it stands from top to bottom.
        needs: The chapters it builds on directly.
    """

    name: str
    title: str
    column: int
    row: int
    needs: tuple[str, ...]


MOST = 5  # chapters in a column


def places() -> tuple[dict[int, str], list[Place]]:
    """The captions of the parts that the map shows, by column, and their chapters in order.

    Raises:
        BuildError: If a lesson is missing in ``map.yml``, or the map leads backwards.
    """
    toc = yaml.safe_load(TOC.read_text(encoding="utf-8"))
    needs = yaml.safe_load(MAP.read_text(encoding="utf-8"))["needs"]
    captions: dict[int, str] = {}
    found: list[Place] = []
    column = 0
    for part in toc["parts"]:
        names = [Path(chapter["file"]).name for chapter in part["chapters"]]
        if not any(name in needs for name in names):
            continue  # reference, which one looks things up in
        captions[column] = part["caption"]
        rows = -(-len(names) // -(-len(names) // MOST))  # as many in each column as can be
        for place, name in enumerate(names):
            if name not in needs:
                raise BuildError(f"book/map.yml: say under needs what {name} builds on")
            before = {chapter.name for chapter in found}
            later = [need for need in needs[name] if need not in before]
            if later:
                raise BuildError(f"book/map.yml: {name} builds on {later[0]}, not before it")
            across, row = column + place // rows, place % rows
            found.append(Place(name, title(name), across, row, tuple(needs[name])))
        column = found[-1].column + 1
    return captions, found


def title(name: str) -> str:
    """The first heading of a chapter."""
    text = (ROOT / "chapters" / f"{name}.md").read_text(encoding="utf-8")
    return next(line[2:].strip() for line in text.splitlines() if line.startswith("# "))


WIDE, HIGH, GAP, STEP = 146, 40, 30, 50  # of a box, between columns, between rows


def chapter_map(captions: dict[int, str], chapters: list[Place], links: Mapping[str, str]) -> str:
    """Draw the chapters, part by part, with an arrow from each to those that build on it.

    Args:
        captions: Those of the parts, by column.
        chapters: In order.
        links: Chapter -> where a click leads.
    """
    at = {p.name: (2 + p.column * (WIDE + GAP), 30 + p.row * STEP) for p in chapters}
    known = {p.name: p for p in chapters}
    arrows, boxes = [], []
    for place in chapters:
        x, y = at[place.name]
        for need in place.needs:
            x0, y0 = at[need]
            if x0 == x:
                path = f"M{x0 + WIDE / 2} {y0 + HIGH}V{y - 4}"
                if y - y0 > STEP:  # round the boxes between
                    path = f"M{x0} {y0 + HIGH / 2}h-9V{y + HIGH / 2}h5"
            else:
                start, end, lane = x0 + WIDE, x - 4, x - GAP / 2
                path = f"M{start} {y0 + HIGH / 2}H{lane}V{y + HIGH / 2}H{end}"
                if x - x0 > WIDE + GAP:  # round the columns between, below their boxes
                    first = x0 + WIDE + GAP / 2
                    below = 30 + STEP * max(p.row + 1 for p in chapters if at[p.name][0] < x) - 5
                    path = f"M{start} {y0 + HIGH / 2}H{first}V{below}H{lane}V{y + HIGH / 2}H{end}"
                elif y0 == y:
                    path = f"M{start} {y0 + HIGH / 2}H{end}"
            arrows.append(f'<path d="{path}" marker-end="url(#map-tip)"/>')
        before = ", ".join(known[need].title for need in place.needs)
        hint = html.escape(f"{place.title}. Builds on: {before or 'nothing before it'}.")
        lines = _two_lines(place.title)
        middle = y + HIGH / 2 + 4.5
        text = "".join(
            f'<text x="{x + WIDE / 2}" y="{middle + 14 * (i - (len(lines) - 1) / 2):.1f}">'
            f"{html.escape(line)}</text>"
            for i, line in enumerate(lines)
        )
        boxes.append(
            f'<a href="{html.escape(links[place.name])}" aria-label="{hint}"><title>{hint}</title>'
            f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="6"/>{text}</a>'
        )
    heads = [
        f'<text class="part" x="{2 + n * (WIDE + GAP)}" y="16">{html.escape(caption)}</text>'
        for n, caption in captions.items()
    ]
    width = (1 + chapters[-1].column) * (WIDE + GAP) - GAP + 4
    height = 30 + STEP * (1 + max(p.row for p in chapters))
    return (
        f'<svg class="course-map" viewBox="0 0 {width} {height}" role="group" '
        f'aria-label="Map of the chapters: {len(captions)} parts as columns, and an arrow from '
        f'each chapter to those that build on it.">'
        '<defs><marker id="map-tip" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="6" '
        'markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        f'<g class="arrows">{"".join(arrows)}</g>{"".join(heads)}{"".join(boxes)}</svg>'
    )


def _two_lines(words: str, most: int = 19) -> list[str]:
    """A title on one line, or on two of about the same length."""
    if len(words) <= most:
        return [words]
    spaces = [i for i, letter in enumerate(words) if letter == " "]
    middle = min(spaces, key=lambda i: abs(i - len(words) / 2), default=len(words))
    return [words[:middle], words[middle + 1 :]]


def unrolling(word: str) -> str:
    """Draw a layer that reads a word and says at each step which letter comes next, in motion.

    Each step moves out of the one before it. Whoever asks for reduced motion, or has a browser
    without animations, sees the last moment: the whole network, unrolled.

    Args:
        word: At least two letters; the last is never read, only said.
    """
    gap, top, box = 96, 78, 46
    steps, count = [], len(word) - 1
    for t, (reads, says) in enumerate(itertools.pairwise(word)):
        x = 150 + t * gap
        before = x - gap + box if t else x - 30
        steps.append(
            f'<g class="carry m{t}"><path class="state" d="M{before} {top + box / 2}H{x - 6}"/></g>'
            f'<g class="slide m{t}"><rect x="{x}" y="{top}" width="{box}" height="{box}" rx="7"/>'
            f'<text x="{x + box / 2}" y="{top + box / 2 + 5}">cell</text></g>'
            f'<g class="rise m{t}"><path class="input" d="M{x + box / 2} {top + box + 36}v-28"/>'
            f'<text class="input letter" x="{x + box / 2}" y="{top + box + 58}">'
            f"{html.escape(reads)}</text></g>"
            f'<g class="say m{t}"><path class="output" d="M{x + box / 2} {top - 3}v-28"/>'
            f'<text class="output letter" x="{x + box / 2}" y="{top - 42}">'
            f"{html.escape(says)}</text></g>"
        )
    last = 150 + (len(word) - 2) * gap + box
    y = top + box / 2
    folded = (
        f'<g class="folded"><rect x="34" y="{top}" width="{box}" height="{box}" rx="7"/>'
        f'<text x="{34 + box / 2}" y="{y + 5}">cell</text>'
        f'<path class="state" d="M{34 + box} {y}h16v-40h-{box + 32}v40h10"/>'
        f'<path class="input" d="M{34 + box / 2} {top + box + 36}v-28"/>'
        f'<path class="output" d="M{34 + box / 2} {top - 3}v-28"/></g>'
    )
    tips = "".join(
        f'<marker id="tip-{kind}" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="5" '
        f'markerHeight="5" orient="auto"><path class="{kind}" d="M0 0L8 4L0 8z"/></marker>'
        for kind in ("input", "state", "output")
    )
    label = (
        f"A box named cell with an arrow from its side back into itself. Beside it the same box "
        f"once for each letter of {word[:-1]}: the letter goes in from below, an arrow leads to "
        f"the next box, and the letter that comes next leaves at the top."
    )
    return (
        f'<svg class="unrolling" viewBox="0 0 {last + 40} 200" role="img" '
        f'aria-label="{html.escape(label)}"><style>{_motion(count, gap)}</style>'
        f"<defs>{tips}</defs>{folded}{''.join(steps)}"
        f'<g class="carry m{count}"><path class="state" d="M{last + 2} {y}h24"/></g></svg>'
    )


BEAT = 0.9  # seconds a step


def _motion(steps: int, gap: int) -> str:
    """Style sheet of the moving picture: what comes when, all of it again after a pause."""
    beats = steps + 5
    rules = []
    for t in range(steps + 1):
        for kind, delay, shift in (
            ("slide", 0.0, f"translateX({-gap}px)"),
            ("carry", 0.0, "none"),
            ("rise", 0.3, "translateY(18px)"),
            ("say", 0.6, "translateY(14px)"),
        ):
            start = 100 * (t + 0.5 + delay) / beats
            end = 100 * (t + 0.9 + delay) / beats
            rules.append(
                f"@keyframes {kind}{t}{{0%,{start:.1f}%{{opacity:0;transform:{shift}}}"
                f"{end:.1f}%,97%{{opacity:1;transform:none}}100%{{opacity:0;transform:none}}}}"
                f".{kind}.m{t}{{animation:{kind}{t} {BEAT * beats:.1f}s infinite}}"
            )
    frames = "".join(rules)
    return f"@media (prefers-reduced-motion: no-preference){{{frames}}}"


def best_lines(lines: list[dict], board: Mapping[str, results.Result], links) -> str:
    """The best results of this build as a list of links, each with what it is held against.

    Args:
        lines: As in ``map.yml``.
        board: All results; a line whose result nobody recorded is left out.
        links: Chapter -> where a click leads.
    """
    items = []
    for line in lines:
        result = board.get(line["result"])
        if result is None:
            continue
        notes = []
        if line.get("seconds") in board:
            notes.append(f"after {board[line['seconds']]} of training")
        if line.get("beside") in board:
            notes.append(f"{board[line['beside']]} {line['by']}")
        if result.data and result.data.startswith("stand-in"):
            notes.append("on stand-in data")
        number, _, unit = str(result).partition(" a ")
        says = f"a {unit} {line['says']}" if unit else line["says"]
        note = f"<small>{html.escape('; '.join(notes))}</small>" if notes else ""
        link = html.escape(links[line["result"].split(".")[0]])
        items.append(
            f'<li><a href="{link}"><strong>{html.escape(number)}</strong> '
            f"<span>{html.escape(says)}</span>{note}</a></li>"
        )
    return f'<ul class="best-lines">{"".join(items)}</ul>'


class _Drawn(SphinxDirective):
    """What the three have in common: raw HTML, and the files it follows."""

    has_content = True

    def links(self, names) -> dict[str, str]:
        builder, here = self.env.app.builder, self.env.docname
        return {name: builder.get_relative_uri(here, f"chapters/{name}") for name in names}

    def follow(self, *paths: Path) -> None:
        for path in paths:
            self.env.note_dependency(str(path))

    def figure(self, drawn: str, extra: str = "") -> list[nodes.Node]:
        caption = nodes.container(classes=["drawn-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        return [
            nodes.raw("", f'<div class="drawn">{extra}{drawn}', format="html"),
            caption,
            nodes.raw("", "</div>", format="html"),
        ]


class Unrolling(_Drawn):
    """``{unrolling} word``: the moving picture; the content is its caption."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Draw."""
        pause = (
            '<label class="pause"><input type="checkbox" id="pause-unrolling"> '
            "hold the picture still</label>"
        )
        return self.figure(unrolling(self.arguments[0]), pause)


class ChapterMap(_Drawn):
    """``{chapter-map}``: the chapters and what depends on what; the content is its caption."""

    def run(self) -> list[nodes.Node]:
        """Draw."""
        try:
            captions, chapters = places()
        except BuildError as error:
            raise self.error(str(error)) from error
        sources = [ROOT / "chapters" / f"{place.name}.md" for place in chapters]
        self.follow(MAP, TOC, *sources)
        links = self.links(place.name for place in chapters)
        return self.figure(chapter_map(captions, chapters, links))


class BestLines(_Drawn):
    """``{best-lines}``: the scoreboard's best, from the results of the build."""

    def run(self) -> list[nodes.Node]:
        """List."""
        lines = yaml.safe_load(MAP.read_text(encoding="utf-8"))["best"]
        self.follow(MAP, RESULTS)
        links = self.links({line["result"].split(".")[0] for line in lines})
        return [nodes.raw("", best_lines(lines, results.load(), links), format="html")]


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_directive("unrolling", Unrolling)
    app.add_directive("chapter-map", ChapterMap)
    app.add_directive("best-lines", BestLines)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
