"""Exercises of the chapter on sorting: counting sort, fair scores, an orthogonal step."""

import numpy as np

from rnncourse.checks import Exercise


def _numbers_case(rng):
    values = int(rng.integers(4, 9))
    numbers = rng.integers(1, values + 1, int(rng.integers(5, 12)))
    numbers[:2] = numbers[2]  # at least one number more than once
    return numbers, values


def _counting_sort(numbers, values):
    counts = np.bincount(numbers, minlength=values + 1)[1:]
    return np.repeat(np.arange(1, values + 1), counts)


counting_sort = Exercise(
    "counting_sort",
    _counting_sort,
    _numbers_case,
    slips={
        "each number stands there only once: write it as often as it was counted.": (
            lambda numbers, values: np.unique(numbers)
        ),
        "this is the histogram; the list still has to be read off it.": (
            lambda numbers, values: np.bincount(numbers, minlength=values + 1)[1:]
        ),
        "everything is too small by one: the numbers begin with 1, the places of a histogram with "
        "0.": lambda numbers, values: _counting_sort(numbers, values) - 1,
        "the order is falling; it should rise.": (
            lambda numbers, values: _counting_sort(numbers, values)[::-1]
        ),
    },
)


def _answers_case(rng):
    lengths = rng.integers(1, 7, size=6)
    lengths[:2] = 6, 2
    counts = np.arange(6) < lengths[:, None]
    wanted = np.sort(rng.integers(1, 9, (6, 6)), axis=1) * counts
    wrong = rng.random((6, 6)) < 0.15
    wrong[0, 0], wrong[1] = True, False
    said = np.where(counts, np.where(wrong, wanted % 8 + 1, wanted), rng.integers(1, 9, (6, 6)))
    return said, wanted


def _score(said, wanted):
    right, counts = said == wanted, wanted > 0
    return right[counts].mean(), (right | ~counts).all(axis=1).mean()


score = Exercise(
    "score",
    _score,
    _answers_case,
    slips={
        "padding counts here: leave out the places where wanted is 0.": (
            lambda said, wanted: ((said == wanted).mean(), (said == wanted).all(axis=1).mean())
        ),
        "the elements are right. But a list is right as soon as its numbers are, whatever stands "
        "in the padding.": (
            lambda said, wanted: (_score(said, wanted)[0], (said == wanted).all(axis=1).mean())
        ),
        "this is the mean of the lists' accuracies; every number should weigh the same.": (
            lambda said, wanted: (
                (((said == wanted) & (wanted > 0)).sum(1) / (wanted > 0).sum(1)).mean(),
                _score(said, wanted)[1],
            )
        ),
        "this is the share that is wrong.": (
            lambda said, wanted: tuple(1 - share for share in _score(said, wanted))
        ),
    },
)


def _nearest(matrix):
    left, _, right = np.linalg.svd(matrix)
    return left @ right


def _left_and_transposed(matrix):
    left, _, right = np.linalg.svd(matrix)
    return left @ right.T


nearest_orthogonal = Exercise(
    "nearest_orthogonal",
    _nearest,
    lambda rng: (rng.normal(size=(4, 4)),),
    slips={
        "this only changes the size: all singular values must become 1, each by its own factor.": (
            lambda matrix: matrix / np.linalg.norm(matrix)
        ),
        "this only changes the size: all singular values must become 1, not just the largest.": (
            lambda matrix: matrix / np.linalg.norm(matrix, 2)
        ),
        "NumPy's svd returns the right vectors as rows, already transposed: no .T is due.": (
            _left_and_transposed
        ),
        "this is the inverse of the answer: its transpose.": lambda matrix: _nearest(matrix).T,
    },
)
