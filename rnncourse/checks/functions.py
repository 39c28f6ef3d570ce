"""Exercises of the chapter on learning as approximation."""

import numpy as np

from rnncourse.checks import Exercise


def _softmax(z, axis=1, sign=1):
    powers = np.exp(sign * z)
    return powers / powers.sum(axis=axis, keepdims=True)


softmax = Exercise(
    "softmax",
    _softmax,
    lambda rng: (rng.normal(0, 2, rng.integers(2, 6, size=2) + np.array([0, 2])),),
    slips={
        "these sum to 1 over the batch (axis 0); each row should sum to 1 (axis 1).": (
            lambda z: _softmax(z, axis=0)
        ),
        "these sum to 1 over the whole array; each row should sum to 1 by itself.": (
            lambda z: _softmax(z, axis=None)
        ),
        "the exponential is missing: divided as they are, logits give negative 'probabilities'.": (
            lambda z: z / z.sum(axis=1, keepdims=True)
        ),
        "the sign is wrong: the largest logit should get the largest probability.": (
            lambda z: _softmax(z, sign=-1)
        ),
        "the division is missing: each row should sum to 1.": np.exp,
        "this is the logarithm of the softmax.": lambda z: np.log(_softmax(z)),
    },
)


def _descend_case(rng):
    batch, inputs, outputs = rng.integers(2, 6, size=3)
    shapes = (inputs, outputs), (outputs,), (batch, inputs), (batch, outputs)
    return (*(rng.normal(size=shape) for shape in shapes), 0.1)


def _descend(W, b, x, y, rate):
    error = x @ W + b - y  # (batch, outputs)
    return W - rate * 2 * x.T @ error / error.size, b - rate * 2 * error.sum(0) / error.size


descend = Exercise(
    "descend",
    _descend,
    _descend_case,
    slips={
        "this climbs: the gradient points the way the loss grows, so subtract it.": (
            lambda W, b, x, y, rate: _descend(W, b, x, y, -rate)
        ),
        "the factor 2 of the square's derivative is missing.": (
            lambda W, b, x, y, rate: _descend(W, b, x, y, rate / 2)
        ),
        "this is the gradient of the sum of squares; the loss is their mean over all numbers.": (
            lambda W, b, x, y, rate: _descend(W, b, x, y, rate * y.size)
        ),
        "divided by the batch only; the mean runs over the outputs too.": (
            lambda W, b, x, y, rate: _descend(W, b, x, y, rate * y.shape[1])
        ),
        "the bias has not moved.": lambda W, b, x, y, rate: (_descend(W, b, x, y, rate)[0], b),
    },
)
