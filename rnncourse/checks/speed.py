"""Exercises of the chapter on speed."""

import numpy as np

from rnncourse.checks import Exercise


def _recurrence(rng):
    steps, units = int(rng.integers(3, 8)), 2
    keep, add = rng.uniform(0, 1, (steps, units)), rng.normal(size=(steps, units))
    return keep, add, int(rng.integers(1, steps))


def _join_halves(keep, add, cut):
    def run(start, stop):
        factor, h = np.ones(keep.shape[1]), np.zeros(keep.shape[1])
        for a, b in zip(keep[start:stop], add[start:stop], strict=True):
            factor, h = a * factor, a * h + b
        return factor, h

    _, first = run(0, cut)
    factor, second = run(cut, len(keep))
    return factor * first + second


def _without_factor(keep, add, cut):
    zeros = np.zeros_like
    first = _join_halves(keep[:cut], add[:cut], cut)
    later = _join_halves(np.concatenate([zeros(keep[:cut]), keep[cut:]]), _cut_off(add, cut), cut)
    return first + later


def _cut_off(add, cut):
    return np.concatenate([np.zeros_like(add[:cut]), add[cut:]])


join_halves = Exercise(
    "join_halves",
    _join_halves,
    _recurrence,
    slips={
        "what the first half has left still passes through all factors of the second.": (
            _without_factor
        ),
        "this is the second half alone, begun from zero; the first is forgotten.": (
            lambda keep, add, cut: _join_halves(keep, _cut_off(add, cut), cut)
        ),
        "the first half is multiplied by the last factor only; it passes through all of them.": (
            lambda keep, add, cut: (
                keep[-1] * _join_halves(keep[:cut], add[:cut], cut)
                + _join_halves(keep, _cut_off(add, cut), cut)
            )
        ),
    },
)


def _sizes(rng):
    batch, time, features, units = (int(n) for n in rng.integers(2, 99, 4))
    return batch, time, features, units


def _lstm_operations(batch, time, features, units):
    return 2 * batch * time * 4 * units * (features + units)


lstm_operations = Exercise(
    "lstm_operations",
    _lstm_operations,
    _sizes,
    slips={
        "a multiplication and an addition are two operations.": (
            lambda *sizes: _lstm_operations(*sizes) // 2
        ),
        "an LSTM has four blocks of columns: three gates and the candidate.": (
            lambda *sizes: _lstm_operations(*sizes) // 4
        ),
        "the state is multiplied too, not the input only.": lambda b, t, f, u: 8 * b * t * u * f,
        "the input is multiplied too, not the state only.": lambda b, t, f, u: 8 * b * t * u * u,
        "this is one step; there are as many as `time`.": (
            lambda b, t, f, u: _lstm_operations(b, 1, f, u)
        ),
    },
)
