"""Run a chapter's cells in a fresh kernel and keep what came out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import re
import time
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from book.chapters import ROOT, BuildError, Chapter
from rnncourse.results import write_atomically

CELL_TIMEOUT = 600  # seconds
STARTUP_TIMEOUT = 120  # seconds
LEAST = 19  # the priority that Unix calls so

ANSI = re.compile(r"\x1b\[[0-9;]*m")
# How a warning of Python begins, or of TensorFlow's Python side; what C++ logs looks different.
WARNING = re.compile(r"^(\S.*:\d+: \w*Warning: |WARNING:tensorflow:).*", re.MULTILINE)


RUNNING: set[NotebookClient] = set()  # each in a thread of its own


class TooSlow(BuildError):
    """A chapter has kept all its promises but one of a time."""


def kernel_environment() -> dict[str, str]:
    """The kernel's environment: as ours, with what keeps a rendered page quiet."""
    quiet = {"RNNCOURSE_QUIET": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    return {**os.environ, **quiet, "PYTHONHASHSEED": "0"}


def run(chapter: Chapter, env: dict[str, str] | None = None, *, yielding: bool = False):
    """Run every code cell of a chapter in order, in a kernel of its own.

    In the main thread nbclient keeps Ctrl-C to itself: it kills the kernel, and the chapter fails.

    Args:
        chapter: The chapter.
        env: Environment variables to set besides the usual ones.
        yielding: Whether to take only the time that other processes leave, where the system knows
            of such a thing.

    Returns:
        The executed notebook, and the seconds it took.

    Raises:
        BuildError: If a cell fails, warns, or takes too long.
        TooSlow: If a time that the chapter promises is not kept.
    """
    notebook = nbformat.from_dict(chapter.notebook)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        startup_timeout=STARTUP_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(chapter.path.parent)}},
        record_timing=False,
    )
    if yielding:
        client.on_notebook_start = lambda notebook: _yield(client)
    started = time.perf_counter()
    RUNNING.add(client)
    try:
        with open(os.devnull, "w") as nowhere:  # for TensorFlow's C log
            client.execute(env=kernel_environment() | (env or {}), stderr=nowhere)
    except CellExecutionError as error:
        trace = ANSI.sub("", error.traceback).split("------------------\n\n")[-1]
        kind = TooSlow if error.ename == "TooSlowError" else BuildError
        raise kind(f"{_failed_cell(chapter, notebook)}\n\n{trace}") from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise BuildError(f"{_failed_cell(chapter, notebook)}\n\n{error}") from error
    finally:
        RUNNING.discard(client)
    for number, cell in enumerate(_code_cells(notebook), 1):
        warning = WARNING.search(_printed(cell))
        if warning:
            raise BuildError(f"{where(chapter, number)} warns:\n\n{warning.group()}")
    return notebook, time.perf_counter() - started


def _yield(client: NotebookClient) -> None:
    """Let a kernel, and what it starts from now on, have the time that others leave."""
    process = client.km.provisioner.pid
    group = Path("/proc", str(process), "autogroup")  # Linux may weigh sessions; this is one
    with contextlib.suppress(OSError):  # a courtesy, not a need
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, process, LEAST)
        if group.is_file():
            group.write_text(str(LEAST))


def stop(threads: Collection[Future]) -> None:
    """Kill what runs, and what is only about to, until these threads have ended."""
    with ThreadPoolExecutor(1) as pool:
        while not all(thread.done() for thread in threads):
            for client in list(RUNNING):
                if client.km and client.km.provisioner:  # else it cannot be killed yet
                    pool.submit(asyncio.run, client.km.provisioner.kill()).result()
            wait(threads, timeout=0.1)


def stored(chapter: Chapter) -> nbformat.NotebookNode | None:
    """The chapter's executed notebook, if it is still true and what it left is still there."""
    if not chapter.executed.is_file():
        return None
    notebook = nbformat.read(chapter.executed, as_version=4)
    kept = notebook.metadata.get("rnncourse", {})
    if kept.get("key") != chapter.key():
        return None
    return notebook if all((ROOT / path).is_file() for path in kept["models"]) else None


def store(chapter: Chapter, notebook: nbformat.NotebookNode, seconds: float) -> None:
    """Keep an executed notebook under the key that it stays true for."""
    models = sorted(str(path.relative_to(ROOT)) for path in _models(chapter))
    notebook.metadata["rnncourse"] = {
        "key": chapter.key(),
        "seconds": seconds,
        "models": models,
        "machine": machine(),
    }
    write_atomically(chapter.executed, nbformat.writes(notebook))


def confirm(chapter: Chapter, notebook: nbformat.NotebookNode) -> None:
    """Let an executed notebook of this build stay true, whatever later chapters have downloaded.

    What the chapter itself needs it had asked for when it ran.
    """
    kept = notebook.metadata["rnncourse"]
    if kept["key"] != chapter.key() and kept["key"].split("-")[0] == chapter.key().split("-")[0]:
        store(chapter, notebook, kept["seconds"])


def with_outputs(chapter: Chapter, executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The chapter with its prose of today, and with what its code cells showed when they ran."""
    today = nbformat.from_dict(chapter.notebook)
    for cell, done in zip(_code_cells(today), _code_cells(executed), strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    return today


def machine() -> str:
    """The kind of machine this is: on another, sums of floats may end in other digits."""
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"model name\s*: (.*)", info.read_text(encoding="utf-8"))
        model = found[1] if found else model
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, {model}"


def _models(chapter: Chapter) -> list[Path]:
    path = ROOT / "_build" / "models" / f"{chapter.name}.keras"
    return [path] if "save_model" in "\n".join(chapter.code) and path.is_file() else []


def _code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _printed(cell) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def _failed_cell(chapter: Chapter, notebook) -> str:
    """The cell that was running when the chapter broke: the last one that started."""
    started = [
        n for n, cell in enumerate(_code_cells(notebook), 1) if cell.execution_count is not None
    ]
    number = max(started, default=1)
    return f"{where(chapter, number)} failed:"


def where(chapter: Chapter, number: int) -> str:
    """Chapter, cell and line: what an author needs to find the place."""
    place = f"code cell {number} (line {line_of(chapter, number)})"
    return f"{chapter.path.relative_to(ROOT)}, {place}"


def line_of(chapter: Chapter, number: int) -> int:
    """The line of the chapter's file in which a code cell begins; both are counted from 1."""
    positions = [i for i, c in enumerate(chapter.notebook.cells) if c.cell_type == "code"]
    return chapter.notebook.metadata["source_map"][positions[number - 1]] + 1
