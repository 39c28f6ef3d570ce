"""Exercises of the chapter on what to choose, and what came after."""

import numpy as np

from rnncourse.checks import Exercise


def _pairs(rng):
    shape = (int(rng.integers(2, 5)),)
    return tuple((rng.normal(size=shape), rng.normal(size=shape)) for _ in range(2))


def _combine(first, second):
    (a, b), (c, d) = first, second
    return c * a, c * b + d


combine = Exercise(
    "combine",
    _combine,
    _pairs,
    slips={
        "these are the steps in the wrong order: the second acts on what the first has left.": (
            lambda first, second: _combine(second, first)
        ),
        "what the first step adds is not changed by the second; but it passes through it.": (
            lambda first, second: (second[0] * first[0], first[1] + second[1])
        ),
        "the factors add up here; two factors one after the other multiply.": (
            lambda first, second: (first[0] + second[0], _combine(first, second)[1])
        ),
    },
)


def _memory(rng):
    stored, size = int(rng.integers(3, 6)), int(rng.integers(2, 5))
    queries = rng.normal(size=(2, size))
    return queries, rng.normal(size=(stored, size)), rng.normal(size=(stored, 3)), 2.0


def _softmax(scores, axis=-1):
    raised = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return raised / raised.sum(axis=axis, keepdims=True)


look_up = Exercise(
    "look_up",
    lambda Q, K, V, sharpness: _softmax(sharpness * Q @ K.T) @ V,
    _memory,
    slips={
        "the softmax is missing: these weights do not sum to 1.": (
            lambda Q, K, V, sharpness: sharpness * Q @ K.T @ V
        ),
        "the softmax runs over the questions (axis 0) instead of over what is stored (axis 1).": (
            lambda Q, K, V, sharpness: _softmax(sharpness * Q @ K.T, axis=0) @ V
        ),
        "the sharpness is not used.": lambda Q, K, V, sharpness: _softmax(Q @ K.T) @ V,
        "the sharpness belongs inside the softmax, where it multiplies the scores.": (
            lambda Q, K, V, sharpness: sharpness * _softmax(Q @ K.T) @ V
        ),
        "this takes the best match only: `look_up` is soft, and mixes.": (
            lambda Q, K, V, sharpness: V[(Q @ K.T).argmax(axis=1)]
        ),
    },
)
