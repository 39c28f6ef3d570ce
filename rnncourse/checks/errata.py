"""Exercise of the errata: the handout's LSTM, mended."""

import numpy as np

from rnncourse.checks import Exercise


def _case(rng):
    batch, inputs, units = rng.integers(2, 5, size=3)

    def weights():
        shapes = (inputs, units), (units, units), (units,)
        return tuple(rng.normal(0, 0.7, shape) for shape in shapes)

    x, y, s = rng.normal(size=(batch, inputs)), *rng.normal(size=(2, batch, units))
    return x, y, s, {name: weights() for name in "FIOS"}


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _lstm_cell(
    x, y, s, gates, *, remembered="s", candidate="S", squash=np.tanh, shown=np.tanh, order="FIO"
):
    def gate(name, function):
        A, B, b = gates[name]
        return function(x @ A + y @ B + b)

    forget, write, read = (gate(name, _sigmoid) for name in order)
    new_state = forget * (s if remembered == "s" else y) + write * gate(candidate, squash)
    return read * shown(new_state), new_state


def _slip(**change):
    return lambda x, y, s, gates: _lstm_cell(x, y, s, gates, **change)


def _same(value):
    return value


lstm_cell = Exercise(
    "lstm_cell",
    _lstm_cell,
    _case,
    slips={
        "the forget gate multiplies the previous output; it belongs to the state s.": (
            _slip(remembered="y")
        ),
        "S has the weights of O; it has its own, gates['S'].": _slip(candidate="O"),
        "S has the weights of O and goes through the sigmoid; its own weights and tanh.": (
            _slip(candidate="O", squash=_sigmoid)
        ),
        "S goes through the sigmoid; a candidate may be negative, so it takes tanh.": (
            _slip(squash=_sigmoid)
        ),
        "the output is O times the state itself; tanh of the new state is missing.": (
            _slip(shown=_same)
        ),
        "the gates F and I have changed places.": _slip(order="IFO"),
        "this is the state first and the output second; return output, new_state.": (
            lambda x, y, s, gates: _lstm_cell(x, y, s, gates)[::-1]
        ),
    },
)
