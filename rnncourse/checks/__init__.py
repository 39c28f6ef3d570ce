"""Exercises that answer: a checker tries the reader's function and names the likely slip.

An :class:`Exercise` knows a solution, seeded cases to try it on, and the typical slips. A slip is
not a pattern in the reader's code but a wrong *function*: whoever computes what it computes has
made it, however the code looks, and gets its hint. The exercises of a chapter stand in the module
of the chapter's name, each a callable:

    from rnncourse.checks import cells as check

    check.lstm_step(my_lstm_step)
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

CASES = 5


@dataclass(frozen=True)
class Verdict:
    """What a checker answers.

    Attributes:
        right: True if every case came out as it should.
        message: What is right, or a hint, in plain text.
    """

    right: bool
    message: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{'Right' if self.right else 'Not yet'}: {self.message}"

    def _repr_html_(self) -> str:
        kind = "tip" if self.right else "warning"
        title, _, message = repr(self).partition(": ")
        return (
            f'<div class="admonition {kind}"><p class="admonition-title">{title}</p>'
            f"<p>{html.escape(message)}</p></div>"
        )


@dataclass(frozen=True)
class Exercise:
    """A function for the reader to write, and how to judge it.

    Attributes:
        name: What the function is called in the chapter.
        solution: A function that is right.
        cases: Makes the arguments of one case from a random generator.
        slips: Hint -> the wrong function that earns it.
        tolerance: Largest difference that still counts as equal.
    """

    name: str
    solution: Callable
    cases: Callable[[np.random.Generator], tuple]
    slips: Mapping[str, Callable] = field(default_factory=dict)
    tolerance: float = 1e-5

    def __call__(self, answer: Callable) -> Verdict:
        """Try the reader's function.

        Args:
            answer: The function, with the arguments that the exercise names.

        Returns:
            The verdict; it shows itself at the end of a cell.
        """
        if not callable(answer):
            return Verdict(False, f"{self.name} must be a function, got {_kind(answer)}.")
        given = []
        for case in self._cases():
            try:
                given.append(answer(*case))
            except Exception as error:  # whatever the reader's code may raise
                return Verdict(False, f"{self.name} raised {type(error).__name__}: {error}")
        wanted = [self.solution(*case) for case in self._cases()]
        faults = [_fault(w, g, self.tolerance) for w, g in zip(wanted, given, strict=True)]
        if not any(faults):
            return Verdict(True, f"{self.name} agrees with the solution in all {len(given)} cases.")
        for hint, slip in self.slips.items():
            slipped = [slip(*case) for case in self._cases()]
            if not any(_fault(s, g, self.tolerance) for s, g in zip(slipped, given, strict=True)):
                return Verdict(False, hint)
        return Verdict(False, next(filter(None, faults)))

    def _cases(self) -> Iterable[tuple]:
        """The same cases every time, fresh, so that no answer can spoil those of the next."""
        rng = np.random.default_rng(0)
        return [self.cases(rng) for _ in range(CASES)]


def _fault(wanted: Any, given: Any, tolerance: float, what: str = "the result") -> str:
    """What is wrong with a result, or nothing; several results are looked at one by one."""
    if given is None or given is ...:
        return f"{what} is {given}: there is still something to write."
    if isinstance(wanted, tuple | list):
        if not isinstance(given, tuple | list) or len(given) != len(wanted):
            got = f"{len(given)} of them" if isinstance(given, tuple | list) else _kind(given)
            return f"{what} must be {len(wanted)} things in order, got {got}."
        parts = enumerate(zip(wanted, given, strict=True), 1)
        faults = (_fault(w, g, tolerance, f"number {n} of {what}") for n, (w, g) in parts)
        return next(filter(None, faults), "")
    if not isinstance(wanted, np.ndarray | float | int | np.number):
        return "" if wanted == given else f"{what} should be {wanted!r}, and is {given!r}."
    try:
        got = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        return f"{what} must be numbers, got {_kind(given)}."
    expected = np.asarray(wanted, dtype=float)
    if got.shape != expected.shape:
        return f"{what} must have the shape {expected.shape}, got {got.shape}."
    if not np.isfinite(got).all():
        return f"{what} holds {'NaN' if np.isnan(got).any() else 'infinity'}."
    difference = np.abs(got - expected)
    if difference.max(initial=0) <= tolerance:
        return ""
    place = np.unravel_index(difference.argmax(), difference.shape)
    at = f" at {tuple(map(int, place))}" if place else ""
    return (
        f"{what} has the right shape and is off by up to {difference.max():.2g}: "
        f"{got[place]:.4f} instead of {expected[place]:.4f}{at}."
    )


def _kind(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"[:80]
