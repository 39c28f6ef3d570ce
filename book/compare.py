"""Two runs of a chapter, cell by cell: every text, number and drawing must be equal.

What a second run cannot repeat is a time, a speed or memory in use. Such a value is named where it
is made: a result is recorded with a unit of time or with ``timed=True``, a number in a table stands
in ``results.timed``, an axis is given to ``plots.declare_timed``. It must be there in the second
run, with the same name and bound. Only its digits may differ.

``python -m book.compare FOLDER`` compares this build with that of another clone, in FOLDER.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import nbformat

from book import execute
from book.chapters import Chapter, read_chapters

TIMED_TEXT = re.compile(r'<span class="timed">.*?</span>')
TIMED_AXIS = '<g id="timed">'
SVG = "image/svg+xml"
WIDTH = 100  # characters of a difference that are shown
LINES = 3  # of a part that are shown


class Part(NamedTuple):
    """One thing that a cell shows.

    Attributes:
        kind: What it counts as: text, number or figure; or timed, a number that is another one in
            every run.
        name: What a message calls it.
        content: All that must be equal in two runs.
        timed: How many times, speeds and sizes were taken out of the content.
    """

    kind: str
    name: str
    content: str
    timed: int = 0


def parts(outputs: list) -> list[Part]:
    """What must be equal in two runs of a cell, in order, the printed text first.

    What went to stderr is left out, as it is on the page: there TensorFlow tells the time of day.
    """
    recorded = [output.metadata["rnncourse"] for output in outputs if _is_record(output)]
    timed = [re.escape(result["name"]) for result in recorded if result.get("timed")]
    printed = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stdout")
    found = [_text("printed text", printed, timed)]
    for output in outputs:
        if _is_record(output):
            found.append(_number(output.metadata["rnncourse"]))
        elif output.output_type == "error":
            found.append(_text("error", f"{output.ename}: {output.evalue}", timed))
        elif output.output_type != "stream":
            for mime, content in sorted(output.data.items()):
                if mime == SVG:
                    found.append(_figure(content))
                else:
                    found.append(_text(mime, str(content), timed))
    return [part for part in found if part.content or part.timed]


def differences(before: list, after: list) -> list[str]:
    """How the outputs of a cell differ in two runs: a few lines for each part that does."""
    found = []
    for old, new in zip_longest(parts(before), parts(after)):
        if old is None or new is None or old.name != new.name:
            here, there = (part.name if part else "nothing more" for part in (old, new))
            return [*found, f"first run: {here}\nsecond run: {there}"]
        if old.content != new.content:
            found.append(f"{old.name}\n{_contrast(old.content, new.content)}")
        elif old.timed != new.timed:
            found.append(f"{old.name}: {old.timed} declared times, then {new.timed}")
    return found


def count(outputs: list) -> Counter:
    """What there is to compare in a cell, by kind, and how many declared times are left out."""
    counted = Counter({"cell": 1})
    for part in parts(outputs):
        counted[part.kind] += part.kind != "timed"
        counted["timed"] += part.timed
    return counted


def summary(counted: Counter) -> str:
    """The line that ends a comparison."""
    line = f"{counted['cell']} cells compared"
    if counted["cell"]:
        kinds = [f"{counted[kind]} {kind}s" for kind in ("text", "number", "figure")]
        line += f": {', '.join(kinds)}; {counted['timed']} declared times left out"
    return line


def _is_record(output) -> bool:
    return "rnncourse" in output.get("metadata", {})


def _number(result: dict) -> Part:
    """A recorded result with all its digits; a timed one without any."""
    timed = result.get("timed", False)
    fields = sorted(result.keys() - ({"name", "value"} if timed else {"name"}))
    content = "\n".join(f"{field}: {result[field]!r}" for field in fields)
    return Part("timed" if timed else "number", result["name"], content, int(timed))


def _text(name: str, text: str, timed: list[str]) -> Part:
    """A text without its declared times, and without complaints that one was too long.

    Args:
        name: What a message calls it.
        text: As the cell shows it.
        timed: Names of the timed results of the cell, as patterns.
    """
    text, left_out = TIMED_TEXT.subn("(timed)", text)
    for result in timed:
        text = re.sub(rf"^{result} is .*, and this chapter promises .*\n", "", text, flags=re.M)
        text, shown = re.subn(rf"\b{result} = .*? \(", f"{result} = (timed) (", text)
        left_out += shown
    return Part("text", name, text, left_out)


def _figure(svg: str) -> Part:
    """All of a figure; or, where one axis draws times, the other axes."""
    if TIMED_AXIS not in svg:
        return Part("figure", "figure", svg)
    axes = [
        ElementTree.tostring(group, encoding="unicode")
        for group in ElementTree.fromstring(svg.encode()).iter("{http://www.w3.org/2000/svg}g")
        if group.get("id", "").startswith("axes_")
    ]
    return Part("figure", "figure", "\n".join(axes), svg.count(TIMED_AXIS))


def _contrast(old: str, new: str) -> str:
    """The first lines that differ, each from a little before the place where it does."""
    pairs = [pair for pair in zip_longest(old.split("\n"), new.split("\n")) if pair[0] != pair[1]]
    shown = []
    for pair in pairs[:LINES]:
        a, b = ("" if line is None else line for line in pair)
        same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
        begin = max(0, min(same, len(a), len(b)) - WIDTH // 2)
        shown += [f"{sign} {_cut(line, begin)}" for sign, line in (("-", a), ("+", b))]
    if len(pairs) > LINES:
        shown.append(f"and {len(pairs) - LINES} more lines")
    return "\n".join(shown)


def _cut(line: str, begin: int) -> str:
    end = begin + WIDTH
    return ("…" if begin else "") + line[begin:end] + ("…" if len(line) > end else "")


def main() -> int:
    """Compare all executed chapters of two builds; 0 if nothing differs."""
    parser = argparse.ArgumentParser(
        prog="python -m book.compare", description="Compare this build with that of another clone."
    )
    parser.add_argument("folder", type=Path, help="the other clone, in which `make book` has run")
    other = parser.parse_args().folder / "_build" / "executed"
    if not other.is_dir():
        parser.error(f"there is no {other}: run `make book` there")
    counted, found = Counter(), []
    for chapter in read_chapters():
        compared, complaints = _compare(chapter, other / chapter.executed.name)
        counted += compared
        found += complaints
    print(*found, sep="\n\n", end="\n\n" if found else "")
    print(summary(counted))
    return bool(found) or not counted


def _compare(chapter: Chapter, there: Path) -> tuple[Counter, list[str]]:
    """Counts and complaints of one chapter."""
    missing = [str(path) for path in (chapter.executed, there) if not path.is_file()]
    if missing:
        return Counter(), [f"{chapter.name}: there is no {path}" for path in missing]
    before, after = (
        [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        for path in (chapter.executed, there)
    )
    if not [c.source for c in before] == [c.source for c in after] == chapter.code:
        return Counter(), [f"{chapter.name}: the code here, and in the two builds, is not the same"]
    counted, found = Counter(), []
    for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
        counted += count(old.outputs)
        found += [
            f"{execute.where(chapter, number)}: {what}"
            for what in differences(old.outputs, new.outputs)
        ]
    return counted, found


if __name__ == "__main__":
    sys.exit(main())
