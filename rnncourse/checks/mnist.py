"""Exercises of the chapter that reads digits row by row."""

import numpy as np

from rnncourse.checks import Exercise


def _case(rng):
    logits = rng.normal(0, 2, (rng.integers(2, 6), 10))
    return logits, rng.integers(0, 10, len(logits))


def _log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _of_the_truth(values, digits):
    return values[np.arange(len(digits)), digits]


cross_entropy = Exercise(
    "cross_entropy",
    lambda logits, digits: -_of_the_truth(_log_softmax(logits), digits).mean(),
    _case,
    slips={
        "the sign is wrong: a loss falls as the network gets better.": (
            lambda logits, digits: _of_the_truth(_log_softmax(logits), digits).mean()
        ),
        "these are still the logits: take their softmax before the logarithm.": (
            lambda logits, digits: -_of_the_truth(logits, digits).mean()
        ),
        "this is the sum over the batch; the loss is the mean.": (
            lambda logits, digits: -_of_the_truth(_log_softmax(logits), digits).sum()
        ),
        "the softmax runs over the batch (axis 0) instead of over the ten digits (axis 1).": (
            lambda logits, digits: -_of_the_truth(_log_softmax(logits.T).T, digits).mean()
        ),
        "this is the mean over all ten digits; only the true digit's probability counts.": (
            lambda logits, digits: -_log_softmax(logits).mean()
        ),
        "the logarithm is missing.": (
            lambda logits, digits: -_of_the_truth(np.exp(_log_softmax(logits)), digits).mean()
        ),
    },
)
