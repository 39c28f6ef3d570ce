"""Exercise of the dictionary: the weights of an old LSTM for a new one."""

import numpy as np

from rnncourse.checks import Exercise


def _case(rng):
    inputs, units = rng.integers(2, 6, size=2)
    kernel = rng.normal(size=(inputs + units, 4 * units))
    return kernel, rng.normal(size=4 * units), float(rng.choice([0.5, 1.0, 2.0]))


def _lstm_from_tf1(kernel, bias, forget_bias, *, order=(0, 2, 1, 3), added_to=2, first="inputs"):
    units = kernel.shape[1] // 4
    old_gates = np.split(np.concatenate([kernel, bias[None]]), 4, axis=1)
    old_gates[added_to][-1] += forget_bias
    table = np.concatenate([old_gates[n] for n in order], axis=1)
    cut = len(kernel) - units if first == "inputs" else units
    parts = table[:cut], table[cut:-1]
    return *(parts if first == "inputs" else parts[::-1]), table[-1]


def _slip(**change):
    return lambda kernel, bias, forget_bias: _lstm_from_tf1(kernel, bias, forget_bias, **change)


lstm_from_tf1 = Exercise(
    "lstm_from_tf1",
    _lstm_from_tf1,
    _case,
    slips={
        "the gates are still in TensorFlow 1's order: input, candidate, forget, output.": (
            _slip(order=(0, 1, 2, 3))
        ),
        "the forget bias is missing: TensorFlow 1 added it on the way, Keras does not.": (
            lambda kernel, bias, forget_bias: _lstm_from_tf1(kernel, bias, 0.0)
        ),
        "the forget bias is subtracted; that is the way from Keras to TensorFlow 1.": (
            lambda kernel, bias, forget_bias: _lstm_from_tf1(kernel, bias, -forget_bias)
        ),
        "the forget bias was added to the candidate, which is the second block of the old bias.": (
            _slip(added_to=1)
        ),
        "the rows of the state were taken first; those of the inputs are on top.": (
            _slip(first="state")
        ),
        "1 was added, whatever the forget bias is.": (
            lambda kernel, bias, forget_bias: _lstm_from_tf1(kernel, bias, 1.0)
        ),
    },
)
