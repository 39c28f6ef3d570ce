"""Exercises of the chapter on the history of recurrent networks."""

import numpy as np

from rnncourse.checks import Exercise


def _patterns_case(rng):
    return (rng.choice([-1, 1], (rng.integers(2, 5), rng.integers(5, 8))),)


def _weights(patterns, scale=None, diagonal=0.0):
    products = patterns.T @ patterns / (patterns.shape[1] if scale is None else scale)
    np.fill_diagonal(products, products.diagonal() * diagonal)
    return products


hopfield_weights = Exercise(
    "hopfield_weights",
    _weights,
    _patterns_case,
    slips={
        "the diagonal is not zero: no unit sees itself.": lambda p: _weights(p, diagonal=1.0),
        "the division by the number of units is missing.": lambda p: _weights(p, scale=1),
        "divide by the number of units, not by the number of patterns.": (
            lambda p: _weights(p, scale=len(p))
        ),
        "this compares patterns with patterns; the weights join units with units: "
        "patterns.T @ patterns.": lambda p: p @ p.T / p.shape[1],
        "only one pattern is stored: the weights are a sum over all of them.": (
            lambda p: _weights(p[-1:])
        ),
    },
)


def _network_case(rng):
    """Weights of small whole numbers, so that ties come up, and a state."""
    units = rng.integers(5, 8)
    above = np.triu(rng.integers(-2, 3, (units, units)), 1)
    return above + above.T, rng.choice([-1, 1], units)


hopfield_energy = Exercise(
    "hopfield_energy",
    lambda W, state: -0.5 * state @ W @ state,
    _network_case,
    slips={
        "the sign is wrong: a stored pattern lies low, it does not stand high.": (
            lambda W, state: 0.5 * state @ W @ state
        ),
        "the factor 1/2 is missing: the double sum meets each pair twice.": (
            lambda W, state: -state @ W @ state
        ),
        "these are one number a unit; the energy is their sum.": (
            lambda W, state: -0.5 * state * (W @ state)
        ),
        "the state belongs on both sides of W.": lambda W, state: -0.5 * (W @ state).sum(),
    },
)


def _sweep(W, state, order, tie=None, sees=None):
    state = state.copy()
    seen = state if sees is None else sees(state)
    for i in order:
        field = W[i] @ seen
        state[i] = (state[i] if tie is None else tie) if field == 0 else np.sign(field)
    return state


def _sweep_case(rng):
    W, state = _network_case(rng)
    return W, state, rng.permutation(len(state))


hopfield_sweep = Exercise(
    "hopfield_sweep",
    _sweep,
    _sweep_case,
    slips={
        "each unit must see the units that were updated before it; here all of them see the "
        "old state.": lambda W, state, order: _sweep(W, state, order, sees=np.copy),
        "a sum of 0 makes the unit 0; in a tie it keeps its state.": (
            lambda W, state, order: _sweep(W, state, order, tie=0)
        ),
        "in a tie the unit keeps its state; here it becomes +1.": (
            lambda W, state, order: _sweep(W, state, order, tie=1)
        ),
        "in a tie the unit keeps its state; here it becomes -1.": (
            lambda W, state, order: _sweep(W, state, order, tie=-1)
        ),
        "the units take their turns in the given order, not from 0 to n - 1.": (
            lambda W, state, order: _sweep(W, state, range(len(state)))
        ),
        "the sign is wrong: a unit takes the sign of its sum.": (
            lambda W, state, order: _sweep(-W, state, order)
        ),
        "the loop ends after the first unit.": lambda W, state, order: _sweep(W, state, order[:1]),
    },
)


def _step_case(rng):
    batch, inputs, units, outputs = rng.choice(np.arange(2, 7), 4, replace=False)
    shapes = (
        (batch, inputs),
        (batch, units),
        (inputs, units),
        (units, units),
        (units,),
        (units, outputs),
        (outputs,),
    )
    return tuple(rng.normal(0, 0.7, shape) for shape in shapes)


def _elman(x, h, W, U, b, V, c, activation=np.tanh):
    h = activation(x @ W + h @ U + b)
    return h @ V + c, h


elman_step = Exercise(
    "elman_step",
    _elman,
    _step_case,
    slips={
        "the two results are swapped: first the output, then the new state.": (
            lambda *case: _elman(*case)[::-1]
        ),
        "the output is made from the old state; it belongs to the new one.": (
            lambda x, h, W, U, b, V, c: (h @ V + c, _elman(x, h, W, U, b, V, c)[1])
        ),
        "the output is handed on as the state. That is nearer to Jordan's network; Elman's keeps "
        "the hidden layer.": lambda *case: (_elman(*case)[0], _elman(*case)[0]),
        "the step knows nothing of the past: where is h @ U?": (
            lambda x, h, W, U, b, V, c: _elman(x, 0 * h, W, U, b, V, c)
        ),
        "U is transposed: it is h @ U, with one row of h a sequence.": (
            lambda x, h, W, U, b, V, c: _elman(x, h, W, U.T, b, V, c)
        ),
        "the bias b is missing.": (lambda x, h, W, U, b, V, c: _elman(x, h, W, U, 0 * b, V, c)),
        "tanh is missing.": lambda *case: _elman(*case, activation=lambda total: total),
        "the output needs no tanh: it is h @ V + c.": (
            lambda *case: (np.tanh(_elman(*case)[0]), _elman(*case)[1])
        ),
    },
)
