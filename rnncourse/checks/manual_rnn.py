"""Exercises of the chapter on the recurrent layer by hand."""

import numpy as np

from rnncourse.checks import Exercise


def _case(rng):
    batch, time, inputs, neurons = rng.integers(2, 6, size=4)
    shapes = (batch, time, inputs), (inputs, neurons), (neurons, neurons), (neurons,)
    return tuple(rng.normal(0, 0.7, shape).astype("float32") for shape in shapes)


def _final_output(X, Wx, Wy, b, activation=np.tanh):
    Y = np.zeros((len(X), len(b)), X.dtype)
    for t in range(X.shape[1]):
        Y = activation(X[:, t] @ Wx + Y @ Wy + b)
    return Y


final_output = Exercise(
    "final_output",
    _final_output,
    _case,
    slips={
        "this is the output after the first step; the loop ends too early, or returns inside.": (
            lambda X, Wx, Wy, b: _final_output(X[:, :1], Wx, Wy, b)
        ),
        "the last output knows nothing of the steps before: where is Y @ Wy?": (
            lambda X, Wx, Wy, b: _final_output(X[:, -1:], Wx, Wy, b)
        ),
        "the bias is missing.": lambda X, Wx, Wy, b: _final_output(X, Wx, Wy, 0 * b),
        "Wy is transposed: it is Y @ Wy, with one row of Y a sequence.": (
            lambda X, Wx, Wy, b: _final_output(X, Wx, Wy.T, b)
        ),
        "the sequence is read from its end.": (
            lambda X, Wx, Wy, b: _final_output(X[:, ::-1], Wx, Wy, b)
        ),
        "tanh is missing.": lambda X, Wx, Wy, b: _final_output(X, Wx, Wy, b, lambda total: total),
    },
)
