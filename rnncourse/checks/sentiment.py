"""Exercises of the chapter that tells the attitude of a message."""

import numpy as np

from rnncourse.checks import Exercise


def _share_case(rng):
    words = np.array(["na", "batman", "great", "game", "this", "is", "so"])
    one = rng.choice(words, rng.integers(4, 9))
    other = one.copy()
    other[rng.integers(len(one))] = rng.choice(words)
    other = np.append(other, rng.choice(words, rng.integers(1, 4)))
    return " ".join(["nananana", *one]), " ".join(["nananananana", *other])


def _runs(text, size=5):
    return [text[i : i + size] for i in range(len(text) - size + 1)]


def _share(one, other, size=5):
    a, b = set(_runs(one, size)), set(_runs(other, size))
    return len(a & b) / len(a | b)


def _share_of_lists(one, other):
    a, b = _runs(one), _runs(other)
    common = sum(min(a.count(run), b.count(run)) for run in set(a))
    return common / (len(a) + len(b) - common)


share = Exercise(
    "share",
    _share,
    _share_case,
    slips={
        "a run that stands in a text twice counts once: make sets of the runs.": _share_of_lists,
        "this is how many runs both have; divide by how many either has.": (
            lambda one, other: len(set(_runs(one)) & set(_runs(other)))
        ),
        "divide by the runs that either text has, not by those of the first alone.": (
            lambda one, other: len(set(_runs(one)) & set(_runs(other))) / len(set(_runs(one)))
        ),
        "runs that both texts have are counted twice below the line: take the union of the sets.": (
            lambda one, other: (
                len(set(_runs(one)) & set(_runs(other)))
                / (len(set(_runs(one))) + len(set(_runs(other))))
            )
        ),
        "the last run is missing: a text of n characters has n - 4 runs of five.": (
            lambda one, other: _share(one[:-1], other[:-1])
        ),
        "these are runs of four characters; take five.": lambda one, other: _share(one, other, 4),
        "these are words; take runs of five characters.": (
            lambda one, other: (
                len(set(one.split()) & set(other.split()))
                / len(set(one.split()) | set(other.split()))
            )
        ),
    },
)


def _counts_case(rng):
    counts = rng.integers(1, 30, (4, 4))
    counts[0] *= 3  # so that the classes are not of one size
    return (counts + np.diag(rng.integers(10, 60, 4)),)


def _precision_recall(counts):
    right = np.diag(counts)
    return right / counts.sum(axis=0), right / counts.sum(axis=1)


def _harmonic(p, r):
    return 2 * p * r / (p + r)


def _weighted(counts):
    return np.average(_harmonic(*_precision_recall(counts)), weights=counts.sum(axis=1))


macro_f1 = Exercise(
    "macro_f1",
    lambda counts: _harmonic(*_precision_recall(counts)).mean(),
    _counts_case,
    slips={
        "this is the accuracy, in which a large class counts for more.": (
            lambda counts: np.trace(counts) / counts.sum()
        ),
        "each class must count alike, whatever its size: take the plain mean of the four F1.": (
            _weighted
        ),
        "this is the mean recall; F1 also asks for precision.": (
            lambda counts: _precision_recall(counts)[1].mean()
        ),
        "this is the mean precision; F1 also asks for recall.": (
            lambda counts: _precision_recall(counts)[0].mean()
        ),
        "precision and recall are averaged over the classes first; make F1 of each class, then "
        "the mean.": lambda counts: _harmonic(*(p.mean() for p in _precision_recall(counts))),
        "F1 is the harmonic mean of precision and recall, 2 P R / (P + R), not their plain mean.": (
            lambda counts: np.mean(_precision_recall(counts))
        ),
        "these are the F1 of the classes; their mean is asked for.": (
            lambda counts: _harmonic(*_precision_recall(counts))
        ),
    },
)
