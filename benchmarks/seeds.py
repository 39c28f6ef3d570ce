"""How much of a chapter's numbers is luck: the whole chapter, again, with other random numbers.

``python -m benchmarks.seeds mnist`` runs the chapter under five seeds, one after the other, and
writes ``benchmarks/records/mnist_seeds.json``. A bound that breaks under a seed is reported and
kept in the record: it tells that the promise was too bold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile

from benchmarks import record
from book import execute
from book.chapters import Chapter, read_chapters
from rnncourse import results


def main() -> int:
    """Run one chapter under several seeds and record its numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", help="its file name, without folder and suffix")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 0 to N-1")
    asked = parser.parse_args()
    chapters = {chapter.name: chapter for chapter in read_chapters()}
    if asked.chapter not in chapters:
        parser.error(f"no chapter {asked.chapter!r}; there are: {', '.join(chapters)}")
    runs = [run(chapters[asked.chapter], seed) for seed in range(asked.seeds)]
    names = [name for name in runs[0] if all(name in values for values in runs)]
    data = {result.data for values in runs for result in values.values() if result.data}
    record.save(
        f"{asked.chapter}_seeds",
        {name: [values[name].value for values in runs] for name in names},
        command=f"python -m benchmarks.seeds {asked.chapter} --seeds {asked.seeds}",
        data="; ".join(sorted(data)),
        seeds=list(range(asked.seeds)),
    )
    return 0


def run(chapter: Chapter, seed: int) -> dict[str, results.Result]:
    """The chapter's results under one seed; broken bounds are printed, not raised."""
    with tempfile.TemporaryDirectory() as build:  # the models of other seeds are not the book's
        env = {
            "RNNCOURSE_SEED": str(seed),
            "RNNCOURSE_BUILD": build,
            "RNNCOURSE_BOUNDS": "report",
        }
        notebook, seconds = execute.run(chapter, env=env)
    found = {result.name: result for result in results.in_notebook(notebook)}
    print(f"seed {seed}, {seconds:.0f} s: " + ", ".join(map(repr, found.values())), flush=True)
    said = "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", ()))
    for line in said.splitlines():
        if "and this chapter promises" in line:
            print(f"  {line}", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
