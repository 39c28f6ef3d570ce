"""The mathematics: machines, cells, unrolling, back-propagation by hand, the network of 1982."""

from fractions import Fraction
from itertools import islice

import numpy as np
import tensorflow as tf
from contract import Case, no_nan

from rnncourse import bptt, cells, hopfield, machines, scan, unroll


def adds(x, s):
    return s, s


def shape_of(*shape):
    """The result is an array of finite numbers; each length is a number or counts an argument."""

    def holds(result, arguments):
        array = np.asarray(result)
        assert np.isfinite(array).all()
        lengths = [length(arguments) if callable(length) else length for length in shape]
        assert array.shape == tuple(lengths)

    return holds


def spreads(result, arguments):
    """NaN comes out only where something went in that is not finite in float32."""
    try:
        with np.errstate(over="ignore"):
            given = [np.asarray(a, "float32") for a in arguments.values() if not callable(a)]
    except (TypeError, ValueError):
        return
    if all(np.isfinite(a).all() for a in given):
        no_nan(result, arguments)


# --- machines ------------------------------------------------------------------------------------

EVEN = {("even", 0): "even", ("even", 1): "odd", ("odd", 0): "odd", ("odd", 1): "even"}


def parity():
    return machines.Automaton(EVEN, "even", {"even"})


def one_an_input(result, arguments):
    outputs = result[0] if isinstance(result, tuple) else result
    assert outputs == [arguments.get("state", arguments.get("start"))] * len(outputs)


MACHINES = [
    Case(
        "machines.scan",
        machines.scan,
        lambda rng: {"f": adds, "inputs": rng.integers(9, size=3).tolist(), "state": 4},
        holds=lambda result, arguments: None,
    ),
    Case(
        "machines.many_to_many",
        lambda f, start, inputs: machines.many_to_many(f, start)(inputs),
        lambda rng: {"f": adds, "start": 3, "inputs": [1, 2]},
        holds=lambda result, arguments: None,
    ),
    Case(
        "machines.many_to_one",
        lambda f, start, inputs: machines.many_to_one(f, start)(inputs),
        lambda rng: {"f": adds, "start": 3, "inputs": [1, 2]},
        holds=lambda result, arguments: None,
    ),
    Case(
        "machines.one_to_many",
        lambda a, f, start, stop, follow, limit: machines.one_to_many(
            f, start, stop, follow, limit
        )(a),
        lambda rng: {"a": 1, "f": adds, "start": 0, "stop": None, "follow": None, "limit": 20},
        holds=lambda result, arguments: None,
        errors=(ValueError, TypeError, RuntimeError),
        fits=("start stop limit state",),
    ),
    Case(
        "machines.compose",
        lambda f, g, states: machines.compose(f, g)(1, states),
        lambda rng: {"f": adds, "g": adds, "states": (1, 2)},
        holds=lambda result, arguments: None,
    ),
    Case(
        "machines.iterate",
        machines.iterate,
        lambda rng: {"f": lambda a: a, "a": 3, "limit": 9},
        holds=lambda result, arguments: None,
        errors=(ValueError, TypeError, RuntimeError),
        kept=("f",),
        fits=("a limit",),
    ),
    Case(
        "machines.Automaton",
        machines.Automaton,
        lambda rng: {"moves": EVEN, "start": "even", "accepting": {"even"}},
        holds=lambda result, arguments: None,
        fits=("moves start accepting",),
    ),
    Case(
        "machines.Automaton.__call__",
        lambda symbol, state: parity()(symbol, state),
        lambda rng: {"symbol": 1, "state": "even"},
        fits=("symbol state",),
    ),
    Case("machines.step", machines.step, lambda rng: {"z": rng.normal(size=3)}),
    Case(
        "machines.saturated",
        machines.saturated,
        lambda rng: {"z": rng.normal(size=3)},
        holds=lambda result, a: spreads(result, a),
    ),
    Case(
        "machines.Network.__call__",
        lambda symbol, h: machines.step_network(parity())(symbol, h),
        lambda rng: {"symbol": 1, "h": np.eye(5, dtype=int)[0]},
    ),
    Case("machines.step_network", machines.step_network, lambda rng: {"automaton": parity()}),
    Case(
        "machines.stack_network",
        machines.stack_network,
        lambda rng: {"number": [Fraction, np.float32, np.float64][rng.integers(3)]},
    ),
]


# --- cells ---------------------------------------------------------------------------------------

KINDS = {
    "ElmanCell": {},
    "BasicCell": {"state_units": 2},
    "JordanCell": {"output_units": 2},
    "LSTMPrototypeCell": {},
    "LSTMCell": {"peephole": True},
    "GRUCell": {"reset_after": True},
    "MinGRUCell": {},
}
CELLS = {  # built once: three features, two units
    name: getattr(cells, name)(2, **more) for name, more in KINDS.items()
}
for _cell in CELLS.values():
    _cell(tf.zeros((1, 3)), _cell.get_initial_state(1))


def built(kind):
    """Make a cell and let it take one step."""

    def call(**arguments):
        cell = kind(**arguments)
        return cell(tf.ones((2, 3)), cell.get_initial_state(2))

    return call


def states_of(cell, rng, batch):
    return [rng.normal(size=s.shape).astype("float32") for s in cell.get_initial_state(batch)]


CELL_CASES = [
    Case(
        f"cells.{name}",
        built(type(CELLS[name])),
        lambda rng, more=more: {"units": int(rng.integers(1, 4)), **more},
        examples=25,
    )
    for name, more in KINDS.items()
] + [
    Case(
        f"cells.{name}.__call__",
        CELLS[name],
        lambda rng, cell=CELLS[name]: {
            "inputs": rng.normal(size=(2, 3)).astype("float32"),
            "states": states_of(cell, rng, 2),
        },
        holds=spreads,
        fits=("inputs states",),
        theirs="Failed to convert a NumPy array",
    )
    for name in KINDS
]


# --- unrolling -----------------------------------------------------------------------------------


def sequences(rng):
    return rng.normal(size=(2, 3, 3)).astype("float32")


LSTM = CELLS["LSTMCell"]
UNROLL = [
    Case(
        "unroll.static_rnn",
        unroll.static_rnn,
        lambda rng: {
            "cell": LSTM,
            "inputs": list(sequences(rng).swapaxes(0, 1)),
            "initial_state": states_of(LSTM, rng, 2),
            "sequence_length": rng.integers(0, 4, 2),
        },
        holds=spreads,
        fits=("inputs initial_state sequence_length",),
    ),
    Case(
        "unroll.dynamic_rnn",
        unroll.dynamic_rnn,
        lambda rng: {
            "cell": LSTM,
            "inputs": sequences(rng),
            "initial_state": states_of(LSTM, rng, 2),
            "sequence_length": rng.integers(0, 4, 2),
        },
        holds=spreads,
        fits=("inputs initial_state sequence_length",),
    ),
    Case(
        "unroll.bidirectional_dynamic_rnn",
        unroll.bidirectional_dynamic_rnn,
        lambda rng: {
            "fw": CELLS["GRUCell"],
            "bw": CELLS["ElmanCell"],
            "inputs": sequences(rng),
            "sequence_length": rng.integers(0, 4, 2),
        },
        holds=spreads,
        fits=("inputs sequence_length",),
    ),
    Case(
        "scan.parallel_rnn",
        scan.parallel_rnn,
        lambda rng: {
            "cell": CELLS["MinGRUCell"],
            "inputs": sequences(rng),
            "initial_state": states_of(CELLS["MinGRUCell"], rng, 2)[0],
            "sequence_length": rng.integers(0, 4, 2),
        },
        holds=spreads,
        fits=("inputs initial_state sequence_length",),
    ),
    Case(
        "scan.linear_recurrence",
        scan.linear_recurrence,
        lambda rng: {
            "keep": rng.uniform(size=(5, 2)).astype("float32"),
            "add": rng.normal(size=(5, 2)).astype("float32"),
            "start": rng.normal(size=2).astype("float32"),
        },
        holds=spreads,
        fits=("keep add start",),
    ),
]


# --- back-propagation by hand --------------------------------------------------------------------


def layer(rng):
    batch, time, features, units = rng.integers(1, 4, 4)
    shapes = {
        "inputs": (batch, time, features),
        "kernel": (features, units),
        "recurrent_kernel": (units, units),
        "bias": (units,),
        "initial_state": (batch, units),
    }
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def learning_layer(rng):
    given = layer(rng)
    outputs = bptt.forward(**given)
    del given["bias"]
    given |= {"outputs": outputs, "output_gradients": rng.normal(size=outputs.shape)}
    return given | {"truncate": int(rng.integers(1, 4))}


def watched_cell(rng):
    return {
        "cell": CELLS["GRUCell"],
        "inputs": sequences(rng),
        "initial_state": rng.normal(size=(2, 2)),
    }


FIT = "inputs kernel recurrent_kernel bias initial_state outputs output_gradients"
BPTT = [
    Case(
        "bptt.forward",
        bptt.forward,
        layer,
        holds=lambda result, a: shape_of(*np.shape(a["inputs"])[:2], np.shape(a["kernel"])[1])(
            result, a
        ),
        fits=(FIT,),
        examples=150,
    ),
    Case("bptt.backward", bptt.backward, learning_layer, fits=(FIT,), examples=150),
    Case(
        "bptt.gradient_norms",
        bptt.gradient_norms,
        watched_cell,
        fits=("inputs initial_state cell",),
        holds=lambda result, a: shape_of(np.shape(a["inputs"])[1] + 1)(result, a),
    ),
    Case(
        "bptt.step_jacobians",
        bptt.step_jacobians,
        watched_cell,
        fits=("inputs initial_state cell",),
    ),
]


# --- the network of 1982 -------------------------------------------------------------------------


def signs(rng, *shape):
    return rng.choice([-1, 1], shape)


NETWORK = hopfield.Hopfield(signs(np.random.default_rng(0), 2, 4))

HOPFIELD = [
    Case(
        "hopfield.Hopfield",
        lambda patterns: hopfield.Hopfield(patterns).weights,
        lambda rng: {"patterns": signs(rng, 2, 4)},
        examples=100,
    ),
    Case("hopfield.Hopfield.energy", NETWORK.energy, lambda rng: {"state": signs(rng, 3, 4)}),
    Case("hopfield.Hopfield.overlaps", NETWORK.overlaps, lambda rng: {"state": signs(rng, 4)}),
    Case(
        "hopfield.Hopfield.recall",
        NETWORK.recall,
        lambda rng: {"probe": signs(rng, 3, 4), "synchronous": False, "seed": int(rng.integers(9))},
        holds=lambda result, a: shape_of(*np.shape(a["probe"]))(result, a),
        examples=100,
    ),
    Case(
        "hopfield.Hopfield.steps",
        lambda **arguments: list(islice(NETWORK.steps(**arguments), 5)),
        lambda rng: {"probe": signs(rng, 4), "synchronous": False, "seed": 1, "every": 2},
        examples=100,
    ),
    Case(
        "hopfield.capacity_curve",
        hopfield.capacity_curve,
        lambda rng: {"units": 12, "loads": [0.1, 0.3], "seed": 0, "probes": 2},
        holds=lambda result, a: None,
        fits=("units loads probes",),
    ),
    Case(
        "hopfield.breaking_load",
        hopfield.breaking_load,
        lambda rng: {
            "loads": [0.1, 0.2],
            "overlaps": np.array([[1.0, 1], [0.1, 0]]),
            "enough": 0.9,
        },
        fits=("loads overlaps enough",),
    ),
]

CASES = MACHINES + CELL_CASES + UNROLL + BPTT + HOPFIELD
