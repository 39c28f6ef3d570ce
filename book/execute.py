"""Run a chapter's cells in a fresh kernel and keep what came out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import re
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import dropwhile
from pathlib import Path

import nbformat
import psutil
from jupyter_client.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from book.chapters import ROOT, BuildError, Chapter
from rnncourse import results
from rnncourse.results import write_atomically

CELL_TIMEOUT = 600  # seconds
STARTUP_TIMEOUT = 120  # seconds
LEAST = 19  # the priority that Unix calls so
UNTIMED = "untimed-from-here"  # tag of the cell from which on a chapter measures no more times

ANSI = re.compile(r"\x1b\[[0-9;]*m")
# How a warning of Python begins, or of TensorFlow's Python side; what C++ logs looks different.
WARNING = re.compile(r"^(\S.*:\d+: \w*Warning: |WARNING:tensorflow:).*", re.MULTILINE)


RUNNING: set[NotebookClient] = set()  # each in a thread of its own
YIELDING: set[NotebookClient] = set()  # those of them that take what the others leave


class TooSlow(BuildError):
    """A chapter has kept all its promises but one of a time."""


def kernel_environment() -> dict[str, str]:
    """The kernel's environment: as ours, with what keeps a page quiet, and a neighbour unharmed.

    Linear algebra on small matrices waits more than it computes. OpenBLAS and OpenMP do so by
    turning round and round, and with a second kernel on the same cores one of them turns while the
    other, for whom it waits, cannot run: ten times as long for a least-squares fit.
    """
    quiet = {"RNNCOURSE_QUIET": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    patient = {"OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    return {**os.environ, **quiet, **patient, "PYTHONHASHSEED": "0"}


class Line:
    """Chapters in line for the machine, the first of which has it."""

    def __init__(self, names: Iterable[str]):
        self._names = list(names)
        self._moved = threading.Condition()

    def wait(self, name: str) -> None:
        """Return when nobody is before this chapter."""
        with self._moved:
            self._moved.wait_for(lambda: name not in self._names or self._names[0] == name)

    def leave(self, name: str) -> None:
        """Let the next have the machine; nothing if the chapter has done so before."""
        with self._moved:
            if name in self._names:
                self._names.remove(name)
                self._moved.notify_all()


class Clock:
    """The seconds of a chapter: those on the wall, and those of the processor while it yields."""

    def __init__(self, client: NotebookClient):
        self.seconds, self._client, self._yields, self._last = 0.0, client, False, 0.0

    def start(self, *, yields: bool) -> None:
        """Count from this moment on, in the one way or the other."""
        self._yields = yields
        self._last = self._now()

    def read(self) -> None:
        """Count up to this moment."""
        now = self._now()
        self.seconds, self._last = self.seconds + now - self._last, now

    def _now(self) -> float:
        if not self._yields:
            return time.perf_counter()
        try:  # its own time and that of the processes it has started, in the system and out of it
            return sum(psutil.Process(self._client.km.provisioner.pid).cpu_times()[:4])
        except psutil.NoSuchProcess:  # killed, and the build is about to say so
            return self._last


def run(
    chapter: Chapter,
    env: dict[str, str] | None = None,
    *,
    line: Line | None = None,
    yielding: bool = False,
) -> tuple[nbformat.NotebookNode, float]:
    """Run every code cell of a chapter in order, in a kernel of its own.

    In the main thread nbclient keeps Ctrl-C to itself: it kills the kernel, and the chapter fails.

    Args:
        chapter: The chapter.
        env: Environment variables to set besides the usual ones.
        line: Where the chapter waits for its turn, once its kernel is ready. It leaves the line,
            and yields from then on, at the cell that is tagged ``untimed-from-here``; without such
            a cell it is for the caller to let it leave.
        yielding: Whether to take only the time that other processes leave, where the system knows
            of such a thing.

    Returns:
        The executed notebook, and the seconds it took, those of the processor where it yielded.

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
    clock = Clock(client)

    async def begin(notebook) -> None:
        if yielding:
            _yield(client)
        elif line:
            with _weighing_little(client):
                await _warm_up(client, chapter)
                line.wait(chapter.name)
        clock.start(yields=yielding)

    def step_back(cell, cell_index) -> None:
        if line and UNTIMED in _tags(cell):
            clock.read()
            _yield(client)
            clock.start(yields=True)
            line.leave(chapter.name)

    client.on_notebook_start, client.on_cell_start = begin, step_back
    client.on_cell_executed = lambda cell, cell_index, execute_reply: clock.read()
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
        YIELDING.discard(client)
    for number, cell in enumerate(_code_cells(notebook), 1):
        warning = WARNING.search(_printed(cell))
        if warning:
            raise BuildError(f"{where(chapter, number)} warns:\n\n{warning.group()}")
    untimed = list(dropwhile(lambda cell: UNTIMED not in _tags(cell), notebook.cells))
    for result in results.in_notebook(nbformat.v4.new_notebook(cells=untimed)):
        if result.timed:
            page = chapter.path.relative_to(ROOT)
            raise BuildError(f"{page} measures {result.name} behind a cell tagged {UNTIMED}")
    return notebook, clock.seconds


async def _warm_up(client: NotebookClient, chapter: Chapter) -> None:
    """Import what takes seconds, while it is another chapter's turn."""
    if chapter.imports("keras"):
        request = await ensure_async(client.kc.execute("import keras", silent=True))
        await client.async_wait_for_reply(request)


def _yield(client: NotebookClient) -> None:
    """Let a kernel, and what it starts from now on, have the time that others leave."""
    YIELDING.add(client)
    process = client.km.provisioner.pid
    about = Path("/proc", str(process))
    threads = [int(path.name) for path in about.glob("task/*")]  # Linux has a priority for each
    if hasattr(os, "setpriority"):
        for one in threads or [process]:
            with contextlib.suppress(OSError):  # a courtesy; and a thread may have ended
                os.setpriority(os.PRIO_PROCESS, one, LEAST)
    with contextlib.suppress(OSError):
        _weigh(client, LEAST)


@contextlib.contextmanager
def _weighing_little(client: NotebookClient) -> Iterator[None]:
    """Let a kernel yield for a while, where Linux weighs sessions; elsewhere nobody may go back."""
    before = None
    with contextlib.suppress(OSError):
        before = _weigh(client, LEAST)
    try:
        yield
    finally:
        if before is not None:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has been killed
                _weigh(client, before)


def _weigh(client: NotebookClient, nice: int) -> int | None:
    """Give the kernel's session a weight; the one it had, or None if sessions have none."""
    group = Path("/proc", str(client.km.provisioner.pid), "autogroup")
    if not group.is_file():
        return None
    before = int(group.read_text().split()[-1])  # "/autogroup-12 nice 0"
    for _ in range(10):
        with contextlib.suppress(BlockingIOError):  # it takes a change every tenth of a second
            group.write_text(str(nice))
            break
        time.sleep(0.1)
    return before


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Halt the kernels that yield, for as long as somebody has to have the machine to himself."""
    halted = []
    try:
        for client in list(YIELDING):
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(client.km.provisioner.pid)
                process.suspend()
                halted.append(process)
        yield
    finally:
        for process in halted:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


def stop(threads: Collection[Future]) -> None:
    """Kill what runs, and what is only about to, until these threads have ended."""
    with ThreadPoolExecutor(1) as pool:
        while not all(thread.done() for thread in threads):
            for client in list(RUNNING):
                kernel = getattr(client.km, "provisioner", None)
                if kernel:  # else it cannot be killed yet, or is gone
                    pool.submit(asyncio.run, kernel.kill()).result()
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


def _tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


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
