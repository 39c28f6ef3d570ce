"""The contract of every public function: the answer, or an error that names the argument.

A :class:`Case` says how to make good arguments and what must hold of the result. Hypothesis then
draws good arguments and spoils none, one or two of them (:func:`spoilt`). Good arguments must give
a result. Spoilt ones must give a result for which the same holds, or one of the case's errors with
a message in which the argument's name stands. Nothing else will do: no other exception, no NaN that
was not asked for, no call that does not come back.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass

import numpy as np
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st

PATIENCE = 60  # seconds, for one call; compiling is the longest


def no_nan(result, arguments: Mapping) -> None:
    """The least that must hold: wherever numbers come out, they are numbers."""
    for array in _numbers(result):
        assert np.isfinite(array).all(), f"not a finite number: {array}"


@dataclass(frozen=True)
class Case:
    """One public function and what it owes to whoever calls it.

    Attributes:
        name: As ``module.function`` or ``module.Class.method``, below ``rnncourse``.
        call: Takes the arguments by name.
        good: Makes good arguments from a random generator.
        holds: Takes a result and the arguments, and asserts what must hold.
        errors: What may be raised instead where an argument is spoilt.
        fits: Groups of arguments that must fit each other, names with blanks between them: an
            error about one of a group may name another.
        theirs: What Keras says, as a regular expression, where it refuses an argument before our
            function sees it.
        kept: Arguments that are never spoilt, such as functions, whose errors are their own.
        examples: How many calls to try.
    """

    name: str
    call: Callable
    good: Callable[[np.random.Generator], dict]
    holds: Callable = no_nan
    errors: tuple[type[Exception], ...] = (ValueError, TypeError)
    fits: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    theirs: str = "a^"
    examples: int = 60

    def names(self, argument: str) -> set[str]:
        """The argument and those that it must fit."""
        return {argument}.union(
            *(group.split() for group in self.fits if argument in group.split())
        )


def attempt(case: Case, data: st.DataObject) -> None:
    """Draw arguments, call, and judge what happens."""
    arguments = case.good(np.random.default_rng(data.draw(st.integers(0, 999), label="seed")))
    open_to = [name for name in arguments if name not in case.kept]
    few = st.lists(st.sampled_from(open_to), max_size=2, unique=True) if open_to else st.just([])
    wrong = data.draw(few, label="spoilt")
    for name in wrong:
        others = spoilt(arguments[name])
        arguments[name] = others[data.draw(st.integers(0, len(others) - 1), label=name)]
        note(f"{name} = {arguments[name]!r}"[:300])
    try:
        with in_time():
            result = case.call(**arguments)
    except case.errors as error:
        assert wrong, f"good arguments were refused: {error}"
        named = set().union(*(case.names(name) for name in wrong))
        said = "|".join([case.theirs, *(rf"\b{name}\b" for name in named)])
        assert re.search(said, str(error)), (
            f"the message should name {' or '.join(sorted(named))}: {type(error).__name__}: {error}"
        )
    else:
        case.holds(result, arguments)


def limits(examples: int) -> settings:
    """The same examples every time, and each may take long: a first call compiles."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.generate,),  # a spoilt argument is as small as it gets
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def spoilt(value) -> list:
    """What may stand in the place of a good argument: its like gone wrong, and anything at all."""
    return [*_gone_wrong(value), *_anything()]


def _gone_wrong(value) -> list:
    if isinstance(value, np.ndarray):
        return [*_spoilt_array(value), value.tolist(), list(value) if value.ndim else value]
    if isinstance(value, bool):
        return [not value, "yes"]
    if isinstance(value, int):
        return [-value, value + 1, value + 0.5, float(value), str(value), np.int8(min(value, 99))]
    if isinstance(value, float):
        return [-value, value + 1, 1e300, 5e-324, str(value), np.float32(value)]
    if isinstance(value, str):
        return [value.upper(), value.encode(), list(value), 300 * value, value + "\0\ud800\u202e😀"]
    if isinstance(value, list | tuple):
        kind = type(value)
        more = [kind([*value, other]) for other in (None, -1, "x", np.nan, 2**70, [[]])]
        return [
            value[:-1],
            value[1:],
            kind([value]),
            (v for v in value),
            dict.fromkeys("ab"),
            *more,
        ]
    if isinstance(value, dict):
        return [dict.fromkeys(value), {**value, None: None}, {**value, "x": -1}, list(value)]
    return []


def _spoilt_array(a: np.ndarray) -> list:
    turned = [a[None], a[..., None], a[:0], a[..., :0], a.ravel(), a.T, a[:-1], a[..., :-1]]
    kinds = [a.astype(kind) for kind in (str, object)]
    if a.dtype.kind not in "iufb":
        return turned + kinds
    with np.errstate(all="ignore"):
        wide = a.astype(float)
        values = [-a if a.dtype.kind != "b" else a, a + (wide * np.nan), wide + np.inf]
        values += [wide * 1e300, wide + 0.5, wide * 1e-300, wide + 2.0**40]
    return (
        turned + kinds + values + [a.astype(kind) for kind in (complex, bool, "float16", "uint8")]
    )


def _anything() -> list:
    return [
        *(None, True, -1, 0, 1, 2**70, -(2**70), 0.5, np.nan, np.inf, -np.inf, 1j),
        *("", "x", b"x", (), [], {}, set(), object(), [[1], [1, 2]], ["a", 1], [None], [[]]),
        *(np.zeros(0), np.zeros((0, 3)), np.zeros((2, 0)), np.ones((1, 1, 1, 1)), np.array("x")),
        *(np.array([2**62]), np.array([np.nan, 1]), np.array([None]), np.array(["NaT"], "M8[D]")),
    ]


@contextmanager
def in_time():
    """Interrupt what does not come back; where there is no alarm clock, hope."""
    if os.name == "nt":
        yield
        return

    def ring(*_):
        raise AssertionError(f"no answer after {PATIENCE} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _numbers(result):
    """The arrays of floating-point numbers in a result, however it is packed."""
    if isinstance(result, list | tuple | set | frozenset):
        for part in result:
            yield from _numbers(part)
    elif isinstance(result, dict):
        yield from _numbers(list(result.values()))
    elif is_dataclass(result) and not isinstance(result, type):
        yield from _numbers(list(vars(result).values()))
    elif isinstance(result, float | complex | np.ndarray | np.generic) or hasattr(result, "numpy"):
        array = np.asarray(result)
        if array.dtype.kind in "fc":
            yield array
