"""Exercises of the chapter on static unrolling."""

import numpy as np

from rnncourse.checks import Exercise


def _case(rng):
    kernel, recurrent = rng.normal(size=(2, 3, 3))

    def cell(x, s):
        y = np.tanh(x @ kernel + s @ recurrent)
        return y, y + s  # an output and a state that differ

    return cell, list(rng.normal(size=(rng.integers(2, 6), 3))), rng.normal(size=3)


def _unroll(f, inputs, state):
    outputs = []
    for x in inputs:
        y, state = f(x, state)
        outputs.append(y)
    return outputs, state


def _same_state(f, inputs, state):
    return [f(x, state)[0] for x in inputs], f(inputs[-1], state)[1]


unroll = Exercise(
    "unroll",
    _unroll,
    _case,
    slips={
        "every step starts from the first state: hand the new one on.": _same_state,
        "`output` is handed on where `state` belongs; f returns (y, s).": lambda f, inputs, state: (
            _unroll(lambda x, s: (f(x, s)[0],) * 2, inputs, state)
        ),
        "the list holds the states; it should hold the outputs.": lambda f, inputs, state: _unroll(
            lambda x, s: (f(x, s)[1],) * 2, inputs, state
        ),
        "this is the state before the last step.": lambda f, inputs, state: (
            _unroll(f, inputs, state)[0],
            _unroll(f, inputs[:-1], state)[1],
        ),
        "the state at the end is the last output here; it should be the last state.": (
            lambda f, inputs, state: (
                _unroll(f, inputs, state)[0],
                _unroll(f, inputs, state)[0][-1],
            )
        ),
        "the steps are taken from the last to the first.": lambda f, inputs, state: _unroll(
            f, inputs[::-1], state
        ),
    },
)
