"""What the book costs: cold, after an edit of its prose, and each chapter against its budget.

``rm -rf _build; make book; python -m benchmarks.build``, on a quiet machine, reads what that build
and each of its chapters took, renders all pages anew, then a page whose prose was edited, prints
the table and writes ``benchmarks/records/build.json`` and ``benchmarks/RESULTS.md``. It ends with 1
if something is over budget.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL

import yaml

from benchmarks import record, speed_tables
from benchmarks.speed_tables import PACE, WARM, WHOLE
from book import pace
from book.build import COLD, RENDERING
from book.chapters import EXECUTIONS, ROOT
from rnncourse import datasets, results

MECHANICS, APPLICATION = 20, 180  # seconds a chapter
APPLIED = ("Cells", "Applications", "Words", "Practice")  # parts whose chapters train for real
EDITED = ROOT / "chapters" / "static_unrolling.md"


def main() -> int:
    """Measure, print, write down; 1 if a budget is exceeded."""
    if not COLD.is_file():
        print("No build from nothing to look at; run `rm -rf _build; make book`.", file=sys.stderr)
        return 1
    cold = json.loads(COLD.read_text(encoding="utf-8"))["seconds"]
    chapters = json.loads(EXECUTIONS.read_text(encoding="utf-8"))["seconds"]
    edits = []
    with edited(EDITED) as edit:
        for _ in range(3):
            edit()
            edits.append(seconds_to_build())
    RENDERING.touch()  # as after a rendering that was killed: all pages are written anew
    rendering = seconds_to_build()
    lines = [(name, took, budgets()[name]) for name, took in chapters.items()]
    lines += [
        ("all chapters and all pages", cold, WHOLE),
        ("a page after an edit", statistics.median(edits), WARM),
    ]
    print(table(lines))
    record.save(
        "build",
        {f"chapter {name}": [took] for name, took in chapters.items()}
        | {"rendering": [rendering], "cold": [cold], "after an edit": edits}
        | {PACE: [pace.slower()]},
        command="python -m benchmarks.build",
        data=str(datasets.load_shakespeare().source),
        seeds=[0],
        packages=("tensorflow", "jupyter-book", "myst-nb"),
    )
    speed_tables.write()
    return int(any(took > budget for _, took, budget in lines))


def budgets() -> dict[str, float]:
    """Seconds that each page of the table of contents may take, by its part."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    allowed = {toc["root"]: MECHANICS}
    for part in toc["parts"]:
        seconds = APPLICATION if part["caption"] in APPLIED else MECHANICS
        allowed |= {Path(chapter["file"]).name: seconds for chapter in part["chapters"]}
    return allowed


def table(lines: list[tuple[str, float, float]]) -> str:
    """One line for each thing measured: seconds, budget, and whether it is over."""
    rows = [f"{'':<28}{'seconds':>9}{'budget':>9}"]
    for name, took, budget in lines:
        rows.append(f"{name:<28}{took:9.1f}{budget:9.0f}{'  over' if took > budget else ''}")
    return "\n".join(rows)


def seconds_to_build() -> float:
    """The wall-clock time of one `make book` of a reader, from the command to the pages."""
    command = [sys.executable, "-m", "book.build"]
    reader = {name: value for name, value in os.environ.items() if name != "CI"}
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=reader, check=True, stdout=DEVNULL)
    return time.perf_counter() - started


@contextmanager
def edited(path: Path) -> Iterator[Callable[[], None]]:
    """A way to add a sentence to a page; they all go again, whatever happens."""
    before = path.read_text(encoding="utf-8")

    def edit() -> None:
        more = path.read_text(encoding="utf-8") + "\nOne sentence more.\n"
        results.write_atomically(path, more)

    try:
        yield edit
    finally:
        results.write_atomically(path, before)


if __name__ == "__main__":
    sys.exit(main())
