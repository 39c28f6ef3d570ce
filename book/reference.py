"""Sphinx extension: tables gathered from the chapters, so that nobody has to keep them in step.

``{symbols}`` is the index of notation, from the tables of symbols in the chapters;
``{course-times}`` says for each chapter how long it takes to read and to run.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from book.chapters import EXECUTIONS, ROOT, pages

WORDS_A_MINUTE = 150  # technical prose, with the formulas looked at
SECONDS_A_LINE = 3  # of code, read once
GREEK = ("alpha", "beta", "delta", "ell", "lambda", "mu", "psi", "sigma", "tau", "varphi", "bot")


@dataclass(frozen=True)
class Symbol:
    """A row of a chapter's table of symbols.

    Attributes:
        written: The symbol or symbols, in Markdown.
        meaning: What it is.
        shape: Its shape, if it has one.
        chapter: The file that says so, without suffix.
    """

    written: str
    meaning: str
    shape: str
    chapter: str

    @property
    def order(self) -> tuple:
        """Latin letters first, lower case before upper, then Greek ones."""
        plain = re.sub(
            r"\\(?:text|mathcal|hat|partial|frac|operatorname)\b|[{}$]", "", self.written
        )
        greek = re.match(r"\s*\\(\w+)", plain)
        if greek and greek[1] in GREEK:
            return (1, GREEK.index(greek[1]), plain, self.chapter)
        letter = next((c for c in plain if c.isalpha()), "~")
        return (0, letter.lower(), letter.isupper(), plain)


def lessons() -> list[str]:
    """The chapters of the book in order, by file name without suffix."""
    return [Path(page).name for page in pages() if page.startswith("chapters/")]


def source(chapter: str) -> str:
    """A chapter's text."""
    return (ROOT / "chapters" / f"{chapter}.md").read_text(encoding="utf-8")


def symbols_in(chapter: str, text: str) -> list[Symbol]:
    """The rows of a chapter's tables of symbols; such a table has ``symbol`` as its first head."""
    found = []
    for table in re.findall(r"^\| symbol \|.*\n\|[-:| ]+\|\n((?:\|.*\n)+)", text, re.MULTILINE):
        for row in table.splitlines():
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
            shape = cells[2] if len(cells) > 2 else ""
            found.append(Symbol(cells[0], cells[1], shape, chapter))
    return found


def symbol_index(symbols: list[Symbol]) -> str:
    """The index as a Markdown table, one symbol under the other, by letter."""
    rows = ["| symbol | what it is | shape | in |", "|---|---|---|---|"]
    last = ""
    for symbol in sorted(symbols, key=lambda s: s.order):
        shown = "" if symbol.written == last else symbol.written
        last = symbol.written
        rows.append(f"| {shown} | {symbol.meaning} | {symbol.shape} | [](./{symbol.chapter}.md) |")
    return "\n".join(rows)


@dataclass(frozen=True)
class Times:
    """What a chapter takes.

    Attributes:
        words: Words of prose.
        lines: Lines of code.
        exercises: Number of exercises.
        questions: Number of questions of the self-test.
    """

    words: int
    lines: int
    exercises: int
    questions: int

    @property
    def minutes(self) -> int:
        """Minutes of reading, in steps of five."""
        seconds = 60 * self.words / WORDS_A_MINUTE + SECONDS_A_LINE * self.lines
        return max(5, 5 * round(seconds / 300))


def times(text: str) -> Times:
    """Count what there is to read in a chapter, its exercises and questions apart."""
    body = text.split("---\n", 2)[-1].split("\n## Self-test\n")[0]
    words = lines = 0
    for block in re.split(r"^(?=```)", body, flags=re.MULTILINE):  # fences open and close in turn
        inside, _, rest = block.partition("\n")
        if inside == "```":  # what follows a block of code
            words += len(rest.split())
        elif not inside.startswith("```"):
            words += len(block.split())
        elif not re.search(r"^tags: .*(?:hide|remove)-input", rest, re.MULTILINE):
            lines += len(re.sub(r"\A---\n.*?^---\n", "", rest, flags=re.S | re.M).splitlines())
    return Times(
        words=words,
        lines=lines,
        exercises=len(re.findall(r"^:::\{exercise(?:-start)?\}", text, re.MULTILINE)),
        questions=len(re.findall(r"^:::\{admonition\} \d+\. ", text, re.MULTILINE)),
    )


def times_table(chapters: dict[str, Times], seconds: dict[str, float]) -> str:
    """What each chapter takes, as a Markdown table with the sum of it."""
    rows = [
        "| chapter | reading, minutes | running, seconds | exercises | questions | slides |",
        "|---|--:|--:|--:|--:|---|",
    ]
    for name, t in chapters.items():
        ran = f"{seconds[name]:.0f}" if name in seconds else ""
        slides = f'<a href="../slides/{name}.html" aria-label="slides of {name}">open</a>'
        rows.append(
            f"| [](./{name}.md) | {t.minutes} | {ran} | {t.exercises} | {t.questions} | {slides} |"
        )
    ran = sum(seconds.get(name, 0) for name in chapters)
    every = chapters.values()
    rows.append(
        f"| **all** | **{sum(t.minutes for t in every)}** | **{ran:.0f}** "
        f"| **{sum(t.exercises for t in every)}** | **{sum(t.questions for t in every)}** | |"
    )
    return "\n".join(rows)


class _Gathered(SphinxDirective):
    """A Markdown table made from files that the page then follows."""

    def show(self, table: str, *follows: Path) -> list[nodes.Node]:
        for path in follows:
            self.env.note_dependency(str(path))
        holder = nodes.container(classes=["gathered"])
        self.state.nested_parse(StringList(table.splitlines(), ""), 0, holder)
        return list(holder.children)


class Symbols(_Gathered):
    """``{symbols}``: every symbol of every chapter."""

    def run(self) -> list[nodes.Node]:
        """Gather and show."""
        names = lessons()
        found = [symbol for name in names for symbol in symbols_in(name, source(name))]
        return self.show(symbol_index(found), *(ROOT / "chapters" / f"{n}.md" for n in names))


class CourseTimes(_Gathered):
    """``{course-times}``: reading, running and exercises of each lesson."""

    def run(self) -> list[nodes.Node]:
        """Count and show."""
        counted = {name: times(source(name)) for name in lessons()}
        taught = {name: t for name, t in counted.items() if t.exercises}
        ran = EXECUTIONS.is_file()
        seconds = json.loads(EXECUTIONS.read_text("utf-8"))["seconds"] if ran else {}
        follows = [ROOT / "chapters" / f"{name}.md" for name in taught]
        return self.show(times_table(taught, seconds), EXECUTIONS, *follows)


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_directive("symbols", Symbols)
    app.add_directive("course-times", CourseTimes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
