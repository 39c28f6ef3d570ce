"""The one small example that is carried through the chapters on running a layer.

Four sequences of two steps with three numbers each, and the weights of five neurons, drawn from a
normal distribution of standard deviation 1 (course slides of 2017; the slides do not print theirs).
"""

import numpy as np

X = np.array(
    [
        [[0, 1, 2], [9, 8, 7]],
        [[3, 4, 5], [0, 0, 0]],
        [[6, 7, 8], [6, 5, 4]],
        [[9, 0, 1], [3, 2, 1]],
    ],
    "float32",
)  # (batch, time, inputs)

_rng = np.random.default_rng(1)
Wx = _rng.normal(size=(3, 5)).astype("float32")  # (inputs, neurons)
Wy = _rng.normal(size=(5, 5)).astype("float32")  # (neurons, neurons)
b = np.zeros(5, "float32")  # (neurons,)
