"""Exercises of the chapter on words as vectors."""

import numpy as np

from rnncourse.checks import Exercise


def _words(rng):
    """Vectors of very different lengths, so that distance, product and angle disagree."""
    vectors = rng.normal(size=(30, 3)) * rng.uniform(0.2, 5, (30, 1))
    return vectors, int(rng.integers(30))


def _best(scores, i):
    scores = np.array(scores, float)
    scores[i] = -np.inf
    return int(scores.argmax())


def _unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


nearest = Exercise(
    "nearest",
    lambda vectors, i: _best(_unit(vectors) @ _unit(vectors)[i], i),
    _words,
    slips={
        "every word is nearest to itself: leave it out.": lambda vectors, i: i,
        "this is the largest product; long vectors win. Divide by the lengths.": (
            lambda vectors, i: _best(vectors @ vectors[i], i)
        ),
        "this is the smallest distance, not the largest cosine.": (
            lambda vectors, i: _best(-np.linalg.norm(vectors - vectors[i], axis=1), i)
        ),
        "this is the word that points the other way: the largest cosine is wanted.": (
            lambda vectors, i: _best(-_unit(vectors) @ _unit(vectors)[i], i)
        ),
    },
)


def _counts(rng):
    counts = rng.integers(0, 6, (4, 5)).astype(float)
    counts[:, 0] += 1  # no row and no column is empty
    counts[0] += 1
    return (counts,)


def _ratio(counts):
    return counts * counts.sum() / (counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True))


positive_pmi = Exercise(
    "positive_pmi",
    lambda counts: np.log(np.maximum(_ratio(counts), 1)),
    _counts,
    slips={
        "this is the ratio itself: its logarithm is missing.": _ratio,
        "values below 0 must become 0.": lambda counts: np.log(np.maximum(_ratio(counts), 1e-12)),
        "the logarithm of the counts alone: compare them with chance.": (
            lambda counts: np.log(np.maximum(counts, 1))
        ),
        "this is the logarithm with base 2; the natural one is wanted.": (
            lambda counts: np.log2(np.maximum(_ratio(counts), 1))
        ),
        "the sum of all counts is missing from the numerator.": (
            lambda counts: np.log(np.maximum(_ratio(counts) / counts.sum(), 1))
        ),
    },
)
