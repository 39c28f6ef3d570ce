"""Checkers: the solution passes, each typical slip gets its own hint, the rest a clear word."""

import importlib
import pkgutil
import re

import numpy as np
import pytest

from rnncourse import checks

EXERCISES = {
    f"{module.name}.{name}": exercise
    for module in pkgutil.iter_modules(checks.__path__)
    for name, exercise in vars(importlib.import_module(f"rnncourse.checks.{module.name}")).items()
    if isinstance(exercise, checks.Exercise)
}
SLIPS = [(name, hint) for name, exercise in EXERCISES.items() for hint in exercise.slips]


def test_there_are_exercises():
    assert EXERCISES
    assert SLIPS


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_passes_and_the_name_fits(name):
    exercise = EXERCISES[name]
    verdict = exercise(exercise.solution)
    assert verdict, verdict
    assert name.endswith(f".{exercise.name}")


@pytest.mark.parametrize("name", EXERCISES)
def test_an_empty_stub_fails(name):
    for nothing in (None, ...):
        verdict = EXERCISES[name](lambda *_, nothing=nothing: nothing)
        assert not verdict
        assert "something to write" in verdict.message


@pytest.mark.parametrize(("name", "hint"), SLIPS)
def test_each_slip_gets_its_own_hint(name, hint):
    exercise = EXERCISES[name]
    verdict = exercise(exercise.slips[hint])
    assert not verdict
    assert verdict.message == hint


@pytest.mark.parametrize("name", EXERCISES)
def test_noise_is_right_no_more(name):
    exercise = EXERCISES[name]

    def noisy(*case):
        result = exercise.solution(*case)
        return _moved(result, 10 * exercise.tolerance)

    assert not exercise(noisy)


def _moved(result, by):
    if isinstance(result, tuple | list):
        return type(result)(_moved(part, by) for part in result)
    return result + by if isinstance(result, np.ndarray | float | int | np.number) else None


double = checks.Exercise(
    "double",
    lambda x: 2 * x,
    lambda rng: (rng.normal(size=(2, 3)),),
    slips={"that is the square.": lambda x: x**2},
)
pair = checks.Exercise("pair", lambda x: (x, 2 * x), lambda rng: (rng.normal(size=3),))
word = checks.Exercise("word", lambda x: "ab"[x], lambda rng: (int(rng.integers(2)),))


@pytest.mark.parametrize(
    ("exercise", "answer", "message"),
    [
        (double, lambda x: x**2, "that is the square."),
        (double, lambda x: x.T, r"must have the shape \(2, 3\), got \(3, 2\)"),
        (double, lambda x: 2 * x + 0.5, r"off by up to 0.5: .* instead of"),
        (double, lambda x: x / 0 if x is None else np.full_like(x, np.nan), "holds NaN"),
        (double, lambda x: np.full_like(x, np.inf), "holds infinity"),
        (double, lambda x: 1 / 0, "double raised ZeroDivisionError: division by zero"),
        (double, lambda: 1, "double raised TypeError"),
        (double, lambda x: "many", "must be numbers, got str 'many'"),
        (double, 7, "double must be a function, got int 7"),
        (pair, lambda x: x, "must be 2 things in order, got ndarray"),
        (pair, lambda x: (x, x, x), "must be 2 things in order, got 3 of them"),
        (pair, lambda x: (x, x), "number 2 of the result has the right shape"),
        (word, lambda x: "b", "the result should be 'a', and is 'b'"),
    ],
)
def test_whatever_comes_gets_a_clear_word(exercise, answer, message):
    verdict = exercise(answer)
    assert not verdict
    assert re.search(message, verdict.message)


def test_an_answer_that_changes_its_arguments_spoils_nothing():
    def greedy(x):
        x *= 2
        return x

    assert double(greedy)


def test_verdicts_show_themselves_and_escape_what_they_show():
    verdict = double(lambda x: "<b>bold</b>")
    assert repr(verdict).startswith("Not yet: ")
    assert "<b>" not in verdict._repr_html_()
    assert repr(double(lambda x: 2 * x)).startswith("Right: double agrees")
