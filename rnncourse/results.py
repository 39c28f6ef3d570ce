"""The numbers a chapter states: recorded with a bound, quoted in the prose, collected.

A chapter calls :func:`record` for every number that it goes on to mention. The bound is asserted on
the spot; the value travels with the cell's output, from where the book's prose quotes it by
the role ``glue:text``, and from where the build gathers ``_build/results.json``. Because it
is part of the output, a chapter taken from the cache counts like one that ran.
"""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from rnncourse import arguments
from rnncourse.arguments import checked

PROJECT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("RNNCOURSE_BUILD", "") or PROJECT / "_build")
RECORDS = PROJECT / "benchmarks" / "records"

NO_BREAK = "\N{NO-BREAK SPACE}"  # between a number and its unit
TIMED_UNITS = ("s", "ms", "MiB")  # and whatever ends in "a second"


class BoundError(AssertionError):
    """A recorded number is outside the bound that the chapter promises."""


class TooSlowError(BoundError):
    """The number is a time, a speed or memory in use, and may have been the machine's fault."""


@dataclass(frozen=True)
class Result:
    """One number that a chapter states.

    Attributes:
        name: ``chapter.what``, in lower case.
        value: The number.
        unit: ``""`` for a plain number, ``"share"`` for a part of 1, which is shown in per cent,
            ``"s"`` for seconds, or any other word.
        bound: The promise, in words: ``"at least 0.985"``.
        source: The figure it is compared with and where that one comes from, if there is one.
        data: The data it was measured on, real or stand-in, if any.
        timed: Whether it is a time, a speed, memory in use, or made of these: every run has
            another one. Any other number is the same in a second run.
    """

    name: str
    value: float
    unit: str
    bound: str
    source: str | None = None
    data: str | None = None
    timed: bool = False

    def __str__(self) -> str:
        return show(self.value, self.unit)

    def __repr__(self) -> str:
        return f"{self.name} = {self} ({self.bound})"


def show(value: float, unit: str) -> str:
    """Write a number as the book does: shares in per cent, seconds with one decimal.

    What is nearly all is not rounded to all: 0.99998 is 99.998 %, and only 1 is 100 %.
    """
    arguments.number("value", value)
    arguments.text("unit", unit)
    if unit == "share":
        digits = 2
        while value < 1 and digits < 12 and round(100 * value, digits) == 100:
            digits += 1
        return f"{100 * value:.{digits}f}{NO_BREAK}%"
    if unit == "s":
        text = f"{value:,.1f}"
    else:
        text = f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:,.4g}"
    return f"{text}{NO_BREAK}{unit}".rstrip()


def record(
    name: str,
    value: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    between: tuple[float, float] | None = None,
    unit: str = "",
    source: str | None = None,
    data: object | None = None,
    timed: bool = False,
) -> Result:
    """State a number: check it against its bound and make it quotable.

    Args:
        name: ``chapter.what``, in lower-case letters, digits and underscores.
        value: A finite number.
        at_least: Lower bound, inclusive.
        at_most: Upper bound, inclusive.
        between: Both at once. Exactly one of the three is given.
        unit: As in :class:`Result`.
        source: The figure to compare with and where it comes from.
        data: The data set's ``source``.
        timed: As in :class:`Result`; a unit of time, speed or memory (``"s"``, ``"ms"``,
            ``"MiB"``, ``"... a second"``) says it already, and a ratio of times needs to be told.

    Returns:
        The result, whose ``repr`` shows value and bound.

    Raises:
        ValueError: If the name is malformed, the value not finite, or not exactly one bound given.
        BoundError: If the value is outside its bound. Where ``RNNCOURSE_BOUNDS=report`` is set, as
            it is while the spread over seeds is measured, this is printed instead.
        TooSlowError: The same of a timed result, and only where ``RNNCOURSE_BOUNDS=raise`` is
            set, as the build does. Elsewhere it is printed: a slow machine may read the book too.
            ``RNNCOURSE_SLOWER`` says how many times slower than promised the machine was found to
            be; a time may be as many times longer then, and a speed lower.
    """
    for what, said in (
        ("name", name),
        ("unit", unit),
        ("source", "" if source is None else source),
    ):
        arguments.text(what, said)
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", name):
        raise ValueError(f"name must look like 'chapter.what' in lower case, got {name!r}")
    try:
        value = float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"value must be a number, got {arguments.what(value)}") from None
    for what, bound in (("at_least", at_least), ("at_most", at_most)):
        if bound is not None:
            arguments.number(what, bound)
    if not math.isfinite(value):
        raise ValueError(f"value of {name} must be a finite number, got {value}")
    if sum(bound is not None for bound in (at_least, at_most, between)) != 1:
        raise ValueError(f"{name} needs exactly one bound: at_least, at_most or between")
    if at_least is not None:
        low, high, bound = at_least, math.inf, f"at least {show(at_least, unit)}"
    elif at_most is not None:
        low, high, bound = -math.inf, at_most, f"at most {show(at_most, unit)}"
    else:
        if not isinstance(between, tuple | list) or len(between) != 2:
            raise ValueError(f"between must be (low, high), got {arguments.what(between)}")
        low, high = (arguments.number("between", bound) for bound in between)
        if low > high:
            raise ValueError(f"between must be (low, high), got {between}")
        exact = f"exactly {show(low, unit)}"
        bound = exact if low == high else f"between {show(low, unit)} and {show(high, unit)}"
    timed = timed or unit in TIMED_UNITS or unit.endswith("a second")
    result = Result(name, value, unit, bound, source, None if data is None else str(data), timed)
    _attach_to_cell(result)
    if timed and os.environ.get("RNNCOURSE_BOUNDS") == "raise":
        low, high = _on_this_machine(low, high, unit)
    if not low <= value <= high:
        complaint = f"{name} is {value!r}, and this chapter promises {bound}"
        mode = os.environ.get("RNNCOURSE_BOUNDS")
        if timed and mode == "raise":
            raise TooSlowError(complaint)
        if not timed and mode != "report":
            raise BoundError(complaint)
        print(complaint)
    return result


@checked
def timed(text: str) -> str:
    """Declare that a piece of Markdown or HTML tells a time, and so another one in every run.

    Args:
        text: The number alone, as it is shown: ``f"{seconds:.1f}"``.
    """
    return f'<span class="timed">{text}</span>'


def _on_this_machine(low: float, high: float, unit: str) -> tuple[float, float]:
    """The bounds of a time or a speed, on a machine that was found to be slower than promised."""
    slower = float(os.environ.get("RNNCOURSE_SLOWER", 1))
    if unit in ("s", "ms"):
        return low, high * slower
    return (low / slower, high) if unit.endswith("a second") else (low, high)


_QUOTABLE = "application/papermill.record/"  # where MyST-NB looks for values that the prose quotes


def _attach_to_cell(result: Result) -> None:
    """Hang the result on the running cell's output, unseen; outside a notebook, do nothing."""
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        return
    display(
        {_QUOTABLE + "text/plain": repr(str(result))},
        raw=True,
        metadata={
            "scrapbook": {"name": result.name, "mime_prefix": _QUOTABLE},
            "rnncourse": asdict(result),
        },
    )


@checked
def in_notebook(notebook) -> list[Result]:
    """The results that an executed notebook carries in its outputs, in order."""
    if not hasattr(notebook, "cells"):
        raise TypeError(f"notebook must be one of nbformat, got {arguments.what(notebook)}")
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    attached = (output.get("metadata", {}).get("rnncourse") for output in outputs)
    return [Result(**fields) for fields in attached if fields]


@checked
def save(results: list[Result], path: Path) -> None:
    """Write results as JSON, one entry a name.

    Raises:
        ValueError: If two results have the same name.
    """
    entries: dict[str, dict] = {}
    for result in results:
        if result.name in entries:
            raise ValueError(f"two chapters record {result.name}; a name belongs to one place")
        entries[result.name] = {k: v for k, v in asdict(result).items() if k != "name"}
    write_atomically(path, json.dumps(entries, indent=1, ensure_ascii=False) + "\n")


@checked
def load(path: Path | None = None) -> dict[str, Result]:
    """All results of the last build, by name; empty before the first ``make book``."""
    path = path or BUILD / "results.json"
    if not path.exists():
        return {}
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {name: Result(name, **fields) for name, fields in entries.items()}


@checked
def save_model(model, chapter: str) -> None:
    """Leave a trained model at ``_build/models/<chapter>.keras``, whole or not at all.

    Its optimiser stays behind: a reader would have to have its class, and load thrice the numbers.

    Args:
        model: A Keras model.
        chapter: The chapter's name, as in its file name.
    """
    target = BUILD / "models" / f"{chapter}.keras"
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{os.getpid()}-{target.name}")
    optimizer = model.optimizer if model.compiled else None
    try:
        if optimizer is not None:
            model.compiled, model.optimizer = False, None
        model.save(partial)
        partial.replace(target)
    finally:
        if optimizer is not None:
            model.compiled, model.optimizer = True, optimizer
        partial.unlink(missing_ok=True)


@dataclass(frozen=True)
class RecordedRun:
    """A long run made once and kept: several seeds, an ablation, somebody else's recipe.

    Attributes:
        name: The file's name in ``benchmarks/records``.
        command: What repeats it.
        date: Day it was made, ISO.
        machine: What it was made on.
        versions: Package -> version.
        data: The data it was measured on.
        seeds: Seeds used.
        values: Result name -> one value a seed.
    """

    name: str
    command: str
    date: str
    machine: str
    versions: dict[str, str]
    data: str
    seeds: list[int]
    values: dict[str, list[float]]

    def _repr_html_(self) -> str:
        return (
            f"<p><strong>A recorded run</strong> of {self.date} on {self.machine}, seeds "
            f"{', '.join(map(str, self.seeds))}. Repeat it with <code>{self.command}</code>.</p>"
        )

    def save(self) -> Path:
        """Write the run to ``benchmarks/records``."""
        path = RECORDS / f"{self.name}.json"
        write_atomically(path, json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")
        return path


@checked
def recorded_run(name: str) -> RecordedRun:
    """Read a recorded run by name.

    Raises:
        FileNotFoundError: If there is none; the message lists those there are.
    """
    path = RECORDS / f"{name}.json"
    if not re.fullmatch(r"[\w-]{1,99}", name) or not path.exists():
        known = ", ".join(sorted(p.stem for p in RECORDS.glob("*.json"))) or "none"
        raise FileNotFoundError(f"no recorded run {name!r} in {RECORDS.name}/; there are: {known}")
    return RecordedRun(**json.loads(path.read_text(encoding="utf-8")))


@checked
def spreads(board: dict[str, Result]) -> dict[str, tuple[float, float]]:
    """Lowest and highest value over seeds, where a recorded run measured a result on its data."""
    runs = [recorded_run(path.stem) for path in sorted(RECORDS.glob("*.json"))]
    return {
        name: (min(values), max(values))
        for run in runs
        for name, values in run.values.items()
        if name in board and board[name].data in (None, run.data)
    }


@checked
def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that a reader finds the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
