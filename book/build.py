"""``make book``: run what has changed, gather the numbers, render the pages.

The chapters are executed here and not by Sphinx, for three reasons: a chapter must run again when
the package or the lock file changes, and not only when its own code does; the numbers that chapters
record must be collected before the scoreboard is drawn; and whoever waits wants to see what for.
MyST-NB then finds every notebook in its cache and executes nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from importlib.metadata import version

import nbformat
from filelock import FileLock, Timeout
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

from book import execute, pace, slides
from book.chapters import (
    BESIDE,
    BUILD,
    EXECUTED,
    EXECUTIONS,
    FIRST,
    IMPORTS,
    RESULTS,
    ROOT,
    SUMMARIES,
    BuildError,
    Chapter,
    named_imports,
    read_chapters,
)
from rnncourse import results

HTML = BUILD / "html"
TRANSPORT = BUILD / ".jupyter_cache"  # where MyST-NB looks for executed notebooks
GETTING_READY = 2  # chapters that start or end while another has the machine
SLOWER = [1.0]  # how many times slower than promised this machine was when it was last measured
RENDERING = BUILD / ".rendering"  # stands while pages are written: they may be half done
COLD = BUILD / "cold.json"  # what a build took that found nothing done, until a chapter runs again
LOG = BUILD / "sphinx.log"  # what Sphinx said, written at the end of every rendering
QUOTE = re.compile(r"\{glue:text\}`(?:[\w/]+\.md::)?([\w.]+?)(?::s)?`")
JUPYTER_BOOK = "import book; from jupyter_book.cli.main import main; main()"  # see book/__init__.py
SHOWN = (
    "tensorflow",
    "keras",
    "numpy",
    "matplotlib",
    "scikit-learn",
    "jupyter-book",
    "myst-nb",
    "nbval",
)


def main() -> int:
    """Build the book; 0 if it is whole."""
    BUILD.mkdir(exist_ok=True)
    try:
        with FileLock(BUILD / ".lock", timeout=0):
            build()
    except Timeout:
        print("Another build of this book is running in this folder; wait for it to end.")
    except BuildError as error:
        print(f"\nThe book was not built.\n{error}", file=sys.stderr)
    except OSError as error:  # a full disk, a folder without permission
        print(f"\nThe book was not built.\n{error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. What had been executed is kept; run it again to go on.", file=sys.stderr)
    else:
        print(f"\nThe book is at {HTML / 'index.html'}")
        return 0
    return 1


def build() -> None:
    """Execute, gather and render.

    Raises:
        BuildError: If a chapter fails or a page does not render cleanly.
    """
    started, nothing_done = time.perf_counter(), not EXECUTED.exists()
    chapters = read_chapters()
    lessons = [chapter for chapter in chapters if chapter.name not in SUMMARIES]
    summaries = [chapter for chapter in chapters if chapter.name in SUMMARIES]
    if os.environ.get("CI"):
        SLOWER.append(pace.slower())
    print(f"Executing {len(chapters)} chapters")
    notebooks = execute_all(lessons)
    gather(notebooks)
    notebooks |= execute_all(summaries)
    for chapter, notebook in notebooks.items():
        execute.confirm(chapter, notebook)
    hand_over(notebooks)
    list_imports(chapters)
    render()
    slides.write_all(chapters)
    if nothing_done:
        took = {"seconds": time.perf_counter() - started}
        results.write_atomically(COLD, json.dumps(took) + "\n")


def execute_all(chapters: list[Chapter]) -> dict[Chapter, nbformat.NotebookNode]:
    """Run the chapters whose stored notebook is not true any more; all of them, then complain.

    Chapters whose times matter have the machine one after another. What they leave of its time,
    which is about a quarter, those get that run beside them, those that have measured all their
    times, and the kernel of the next, which gets ready.
    """
    beside = iter([chapter for chapter in chapters if chapter.name in BESIDE])
    timed = [chapter for chapter in chapters if chapter.name not in BESIDE]
    timed.sort(key=lambda chapter: chapter.name != FIRST)
    line, timed = execute.Line(chapter.name for chapter in timed), iter(timed)
    found: dict[Chapter, nbformat.NotebookNode | BuildError] = {}
    all_there, interrupted = threading.Event(), threading.Event()

    def run_each(waiting: Iterator[Chapter]) -> None:
        all_there.wait()  # until then Ctrl-C may come, and a lane go that nobody can stop
        for chapter in waiting:
            try:
                if not interrupted.is_set():
                    found[chapter] = brought_up_to_date(chapter, line)
            finally:
                line.leave(chapter.name)

    with ThreadPoolExecutor(2 + GETTING_READY) as pool:
        lanes = []
        try:
            for waiting in (timed, *[timed] * GETTING_READY, beside):
                lanes.append(pool.submit(run_each, waiting))
            all_there.set()
            busy = lanes
            while busy:  # a look each second: Ctrl-C while one falls asleep wakes nobody
                done, busy = wait(busy, timeout=1, return_when=FIRST_EXCEPTION)
                for lane in done:
                    lane.result()
        except BaseException:  # Ctrl-C, a full disk
            interrupted.set()
            all_there.set()
            execute.stop(lanes)
            raise
    failures = [str(found[c]) for c in chapters if isinstance(found[c], BuildError)]
    if failures:
        raise BuildError("\n".join(failures))
    return {chapter: found[chapter] for chapter in chapters}


def brought_up_to_date(chapter: Chapter, line: execute.Line) -> nbformat.NotebookNode | BuildError:
    """The chapter's notebook, executed if it was not true any more; or why there is none."""
    notebook = execute.stored(chapter)
    if notebook is not None:
        say(chapter, f"{'unchanged':>9}")
        return notebook
    say(chapter, "...")
    COLD.unlink(missing_ok=True)
    try:
        notebook, seconds = run(chapter, line)
    except BuildError as error:
        say(chapter, "FAILED")
        return error
    execute.store(chapter, notebook, seconds)
    say(chapter, f"{seconds:7.1f} s")
    return notebook


def say(chapter: Chapter, what: str) -> None:
    """A line of its own, whatever other chapters say at the same time."""
    print(f"  {chapter.name:<20}{what}\n", end="", flush=True)


def run(chapter: Chapter, line: execute.Line) -> tuple[nbformat.NotebookNode, float]:
    """Execute a chapter; again if it was slow, for the machine may have been busy.

    Times are promised for one machine with nothing else to do. At the second try nothing runs
    beside the chapter, and it allows for how much slower this machine is at the moment. A reader's
    book is built even if it is slow then. Where ``CI`` is set, that is a fault.
    """
    place = {"yielding": True} if chapter.name in BESIDE else {"line": line}
    strict = {"RNNCOURSE_BOUNDS": "raise", "RNNCOURSE_SLOWER": f"{SLOWER[-1]:.2f}"}
    try:
        return execute.run(chapter, strict, **place)
    except execute.TooSlow:
        pass
    with execute.alone():
        SLOWER.append(pace.slower())
        say(chapter, f"slow (machine {SLOWER[-1]:.1f}), once more")
        strict["RNNCOURSE_SLOWER"] = f"{SLOWER[-1]:.2f}"
        try:
            return execute.run(chapter, strict, **place)
        except execute.TooSlow:
            if os.environ.get("CI"):
                raise
            say(chapter, "slow here, so be it")
    return execute.run(chapter, **place)


def gather(notebooks: dict[Chapter, nbformat.NotebookNode]) -> None:
    """Write ``results.json``, what the chapters record, and ``executions.json``, what they cost."""
    recorded = [
        result for notebook in notebooks.values() for result in results.in_notebook(notebook)
    ]
    try:
        results.save(recorded, RESULTS)
    except ValueError as error:
        raise BuildError(str(error)) from error
    seconds = {
        chapter.name: nb.metadata["rnncourse"]["seconds"] for chapter, nb in notebooks.items()
    }
    versions = {"python": sys.version.split()[0]} | {name: version(name) for name in SHOWN}
    beside = [name for name in seconds if name in BESIDE]
    facts = {"seconds": seconds, "beside": beside, "cores": os.cpu_count(), "versions": versions}
    results.write_atomically(EXECUTIONS, json.dumps(facts, indent=1) + "\n")


def hand_over(notebooks: dict[Chapter, nbformat.NotebookNode]) -> None:
    """Put the executed notebooks where MyST-NB takes them from, with the captions of today."""
    shutil.rmtree(TRANSPORT, ignore_errors=True)
    cache = get_cache(TRANSPORT)
    for chapter, executed in notebooks.items():
        today = execute.with_outputs(chapter, executed)
        today.metadata["language_info"] = executed.metadata["language_info"]
        seconds = {"execution_seconds": executed.metadata["rnncourse"]["seconds"]}
        bundle = CacheBundleIn(today, str(chapter.path), data=seconds)
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        results.write_atomically(chapter.download, nbformat.writes(for_download(today)))


def list_imports(chapters: list[Chapter]) -> None:
    """Write what of the package each page imports, if that is not what is written already."""
    imports = {
        chapter.path.relative_to(ROOT).with_suffix("").as_posix(): sorted(
            named_imports("\n".join(chapter.code))
        )
        for chapter in chapters
    }
    text = json.dumps(imports, indent=1) + "\n"
    if not IMPORTS.is_file() or IMPORTS.read_text(encoding="utf-8") != text:
        results.write_atomically(IMPORTS, text)


def for_download(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A notebook for use outside the book: the values it quotes stand in its text."""
    notebook = nbformat.from_dict(notebook)
    stated = results.load(RESULTS).values()
    values = {result.name: str(result) for result in (*stated, *results.in_notebook(notebook))}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = QUOTE.sub(lambda quote: values.get(quote[1], quote[0]), cell.source)
    del notebook.metadata["source_map"]
    return notebook


def render() -> None:
    """Let Jupyter Book write the pages; any warning is an error.

    Raises:
        BuildError: With what Sphinx said.
    """
    print("Rendering the pages", end="", flush=True)
    started = time.perf_counter()
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", ".", "-W", "-n", "--keep-going"]
    if RENDERING.exists() or clock_was_set_back():
        command.append("--all")
    RENDERING.touch()
    done = subprocess.run(
        command,
        cwd=ROOT,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**execute.kernel_environment(), "PYTHONUTF8": "1"},
    )
    results.write_atomically(LOG, done.stdout)
    if done.returncode:
        complaints = [
            line for line in done.stdout.splitlines() if "WARNING" in line or "ERROR" in line
        ]
        tail = done.stdout.splitlines()[-15:]
        print()
        raise BuildError("\n".join(complaints[:20] or tail) + f"\n(all of it: {LOG})")
    RENDERING.unlink()
    print(f"   {time.perf_counter() - started:7.1f} s")


def clock_was_set_back() -> bool:
    """Whether the last rendering lies in the future: Sphinx takes what was edited since for old."""
    return LOG.exists() and LOG.stat().st_mtime > time.time()


if __name__ == "__main__":
    sys.exit(main())
