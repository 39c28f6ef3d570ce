"""The cells: each equal to an independent one, and at home wherever Keras has cells.

To add a cell, add a row to ``ROWS``; every test below then runs on it.
"""

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf1_oracle
from tensorflow.python.framework import config
from twins import Comparison, Setup

from rnncourse import cells

BATCH, FEATURES, UNITS = 4, 3, 5
TOLERANCE = {"float64": 1e-10, "float32": 1e-6}  # as a share of the largest number, if beyond 1


@dataclass(frozen=True)
class Row:
    """A cell and what it must equal.

    Attributes:
        kind: The class.
        oracle: An independent implementation: from inputs, states, weights and the factors of a
            linear function, the output, the new states, and the gradients of that function.
        shapes: Shapes of the weights, in their order.
        options: Arguments of the constructor besides the units.
    """

    kind: type
    oracle: Callable
    shapes: list[tuple[int, ...]]
    options: dict = field(default_factory=dict)

    def make(self, **more):
        """The cell."""
        return self.kind(UNITS, **self.options, **more)


def by_keras(kind, **options):
    """One of Keras's own cells as an oracle, differentiated by TensorFlow."""

    def run(x, states, weights, factors):
        cell = kind(UNITS, dtype=str(x.dtype), **options)
        cell.build(x.shape)
        cell.set_weights(weights)
        x, states = tf.constant(x), [tf.constant(s) for s in states]
        with tf.GradientTape() as tape:
            tape.watch([x, *states])
            y, new = cell(x, states)
            values = [y, *new]
            total = sum(tf.reduce_sum(v * f) for v, f in zip(values, factors, strict=True))
        return values, tape.gradient(total, [x, *states, *(w.value for w in cell.weights)])

    return run


def by_numpy(step):
    """Equations in NumPy as an oracle, differentiated by a step into the complex plane."""

    def run(x, states, weights, factors):
        given = [np.array(a, "complex128") for a in (x, *states, *weights)]
        last = 1 + len(states)

        def values():
            y, new = step(given[0], given[1:last], given[last:])
            return [y, *new]

        gradients = [np.zeros(a.shape) for a in given]
        for argument, gradient in zip(given, gradients, strict=True):
            for place in np.ndindex(argument.shape):
                argument[place] += 1e-30j
                total = sum((v * f).sum() for v, f in zip(values(), factors, strict=True))
                argument[place] -= 1e-30j
                gradient[place] = total.imag / 1e-30
        return [v.real for v in values()], gradients

    return run


HALVES = slice(None, UNITS), slice(UNITS, None)  # the output's columns, the state's


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def blocks(matrix, names, axis=-1):
    return dict(zip(names, np.split(matrix, len(names), axis), strict=True))


def basic(x, states, weights):
    """The handout, section 4.1, one sequence at a time, the matrices on the left; with biases."""
    (s,), (kernel, recurrent, bias) = states, weights
    A_u, A_v, B_u, B_v = (m.T[part] for m in (kernel, recurrent) for part in HALVES)
    b_u, b_v = bias[HALVES[0]], bias[HALVES[1]]
    total = [A_u @ a + B_u @ b + b_u for a, b in zip(x, s, strict=True)]
    relu = [np.where(u.real > 0, u, 0) for u in total]
    tanh = [np.tanh(A_v @ a + B_v @ b + b_v) for a, b in zip(x, s, strict=True)]
    return np.stack(relu), [np.stack(tanh)]


def jordan(x, states, weights):
    """The lecture notes' page on the networks of Elman and Jordan."""
    (y,), (W_h, U_h, b_h, W_y, b_y) = states, weights
    h = np.tanh(np.einsum("bf,fu->bu", x, W_h) + np.einsum("bo,ou->bu", y, U_h) + b_h)
    y = sigmoid(np.einsum("bu,uo->bo", h, W_y) + b_y)
    return y, [y]


def prototype(x, states, weights):
    """The lecture notes' "gen 1" LSTM: there W multiplies the state and U the input."""
    (s,), (U, W, b) = states, [blocks(w, "ifco") for w in weights]
    o, i, f = (sigmoid(s @ W[g] + x @ U[g] + b[g]) for g in "oif")
    candidate = np.tanh((o * s) @ W["c"] + x @ U["c"] + b["c"])
    s = f * s + i * candidate
    return s, [s]


def peephole(x, states, weights):
    """Gers and Schmidhuber (2000): as the LSTM, and the gates see the memory."""
    (h, c), (W, U, b), (p_i, p_f, p_o) = (
        states,
        [blocks(w, "ifco") for w in weights[:3]],
        weights[3],
    )
    z = {gate: x @ W[gate] + h @ U[gate] + b[gate] for gate in "ifco"}
    c = sigmoid(z["f"] + p_f * c) * c + sigmoid(z["i"] + p_i * c) * np.tanh(z["c"])
    h = sigmoid(z["o"] + p_o * c) * np.tanh(c)
    return h, [h, c]


def min_gru(x, states, weights):
    """Feng et al. (2024): a weighted mean of the state and of what comes from the input."""
    (h,), (W, b) = states, [blocks(w, "zh") for w in weights]
    keep = sigmoid(-(x @ W["z"] + b["z"]))
    h = keep * h + (1 - keep) * (x @ W["h"] + b["h"])
    return h, [h]


def shapes(gates, state=UNITS):
    return [(FEATURES, gates), (state, gates), (gates,)]


SIMPLE, LSTM, GRU = keras.layers.SimpleRNNCell, keras.layers.LSTMCell, keras.layers.GRUCell
ROWS = {
    "elman": Row(cells.ElmanCell, by_keras(SIMPLE), shapes(5)),
    "basic": Row(cells.BasicCell, by_numpy(basic), shapes(7, state=2), {"state_units": 2}),
    "jordan": Row(
        cells.JordanCell,
        by_numpy(jordan),
        [*shapes(5, state=2), (5, 2), (2,)],
        {"output_units": 2},
    ),
    "prototype": Row(cells.LSTMPrototypeCell, by_numpy(prototype), shapes(20)),
    "lstm": Row(cells.LSTMCell, by_keras(LSTM), shapes(20)),
    "peephole": Row(cells.LSTMCell, by_numpy(peephole), [*shapes(20), (3, 5)], {"peephole": True}),
    "gru": Row(cells.GRUCell, by_keras(GRU, reset_after=False), shapes(15)),
    "gru, reset after": Row(
        cells.GRUCell,
        by_keras(GRU, reset_after=True),
        [*shapes(15)[:2], (2, 15)],
        {"reset_after": True},
    ),
    "min gru": Row(cells.MinGRUCell, by_numpy(min_gru), [(FEATURES, 10), (10,)]),
}
every_cell = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


def listed(size):
    return list(size) if isinstance(size, list | tuple) else [size]


def drawn(row, dtype, batch=BATCH):
    """A cell with random weights, inputs, states, and factors of a linear function."""
    rng = np.random.default_rng(0)

    def draw(shape):
        return rng.normal(0, 0.7, shape).astype(dtype)

    cell = row.make(dtype=dtype)
    cell.build((None, FEATURES))
    weights = [draw(w.shape) for w in cell.weights]
    cell.set_weights(weights)
    sizes = listed(cell.state_size)
    states = [draw((batch, n)) for n in sizes]
    factors = [draw((batch, n)) for n in (cell.output_size, *sizes)]
    return cell, draw((batch, FEATURES)), states, weights, factors


def test_every_cell_has_a_row():
    public = {v for v in vars(cells).values() if inspect.isclass(v) and issubclass(v, cells.Cell)}
    assert public - {cells.Cell} == {row.kind for row in ROWS.values()}


@every_cell
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_values_and_gradients_equal_the_oracle(row, dtype):
    cell, x, states, weights, factors = drawn(row, dtype)
    expected_values, expected_gradients = row.oracle(x, states, weights, factors)
    x, states = tf.constant(x), [tf.constant(s) for s in states]

    def step(x, states):
        with tf.GradientTape() as tape:
            tape.watch([x, *states])
            y, new = cell(x, states)
            values = [y, *new]
            total = sum(tf.reduce_sum(v * f) for v, f in zip(values, factors, strict=True))
        return values, tape.gradient(total, [x, *states, *(w.value for w in cell.weights)])

    for run in (step, tf.function(step, jit_compile=True)):
        values, gradients = run(x, states)
        for ours, expected in zip(
            [*values, *gradients], [*expected_values, *expected_gradients], strict=True
        ):
            assert ours.dtype == dtype
            assert ours.shape == expected.shape
            scale = max(1.0, np.abs(expected).max())
            assert np.abs(ours - expected).max() <= TOLERANCE[dtype] * scale


@pytest.fixture(scope="module")
def from_tf1():
    """One step of TensorFlow 1's cells, from one process."""
    setups = [
        Setup("dynamic_rnn", (kind,), started=True, dtype=dtype, time=1)
        for kind in ("peephole", "gru")
        for dtype in TOLERANCE
    ]
    return list(zip(setups, tf1_oracle.ask([Comparison(s).case() for s in setups]), strict=True))


def test_peephole_and_gru_equal_tensorflow_1(from_tf1):
    for setup, expected in from_tf1:
        ours = Comparison(setup).ours()
        assert ours.keys() == expected.keys()
        for name, value in expected.items():
            scale = max(1.0, np.abs(value).max())
            assert np.abs(ours[name] - value).max() <= TOLERANCE[setup.dtype] * scale, name


@every_cell
def test_sizes_weights_and_first_state(row):
    cell = row.make()
    assert not cell.weights
    y, new = cell(np.zeros((BATCH, FEATURES), "float32"), cell.get_initial_state(BATCH))
    assert [tuple(w.shape) for w in cell.weights] == row.shapes
    assert cell.weights[0].name == "kernel"
    assert y.shape == (BATCH, cell.output_size)
    assert [tuple(s.shape) for s in new] == [(BATCH, n) for n in listed(cell.state_size)]
    assert isinstance(cell.state_size, int) == (len(new) == 1), "a list only of several"
    assert all(not np.any(s) for s in cell.get_initial_state(BATCH))


def test_the_forget_gate_starts_open_as_in_keras():
    ours, theirs = cells.LSTMCell(UNITS), LSTM(UNITS)
    for cell in (ours, theirs):
        cell.build((None, FEATURES))
    np.testing.assert_array_equal(ours.bias, theirs.bias)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
@every_cell
def test_saved_and_loaded_it_is_the_same(row, tmp_path):
    inputs = keras.Input((None, FEATURES))
    model = keras.Model(inputs, keras.layers.RNN(row.make(), return_sequences=True)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(BATCH, 6, FEATURES)).astype("float32")
    np.testing.assert_array_equal(model(x), loaded(x))
    cell = loaded.layers[-1].cell
    assert type(cell) is row.kind
    assert cell.get_config() == model.layers[-1].cell.get_config()


@every_cell
def test_it_trains_in_keras_under_xla(row):
    config.disable_op_determinism()  # with it, which other tests ask for, Keras declines XLA
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 4, FEATURES)).astype("float32")
    model = keras.Sequential(
        [keras.Input((4, FEATURES)), keras.layers.RNN(row.make()), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.05), "mse", jit_compile=True)
    losses = [float(model.train_on_batch(x, x[:, :, :1].sum(1))) for _ in range(40)]
    assert losses[-1] < 0.8 * losses[0]


@every_cell
def test_mixed_precision(row):
    _, _, _, weights, _ = drawn(row, "float32")
    x = np.random.default_rng(1).normal(size=(BATCH, 3, FEATURES)).astype("float32")
    outputs = []
    for dtype in ("float32", "mixed_float16"):
        layer = keras.layers.RNN(row.make(dtype=dtype), dtype=dtype)
        layer.build(x.shape)
        layer.cell.set_weights(weights)
        with tf.GradientTape() as tape:
            outputs.append(layer(x))
        gradients = tape.gradient(outputs[-1], [w.value for w in layer.trainable_weights])
        assert all(w.dtype == "float32" for w in layer.weights)
        assert all(np.isfinite(g).all() for g in gradients)
    assert outputs[1].dtype == "float16"
    np.testing.assert_allclose(outputs[0], tf.cast(outputs[1], "float32"), atol=0.02)


def by_hand(cell, x):
    """The outputs of a cell over (batch, time, features), one call a step."""
    states, outputs = cell.get_initial_state(len(x)), []
    for t in range(x.shape[1]):
        y, states = cell(x[:, t], states)
        outputs.append(y)
    return tf.stack(outputs, axis=1)


@every_cell
def test_inside_bidirectional_and_stacked_cells(row):
    x = np.random.default_rng(0).normal(size=(BATCH, 3, FEATURES)).astype("float32")
    both = keras.layers.Bidirectional(keras.layers.RNN(row.make(), return_sequences=True))
    y = both(x)
    backwards = by_hand(both.backward_layer.cell, x[:, ::-1])[:, ::-1]
    expected = tf.concat([by_hand(both.forward_layer.cell, x), backwards], axis=-1)
    np.testing.assert_allclose(y, expected, atol=1e-6)
    stack = keras.layers.StackedRNNCells([row.make(), row.make()])
    y = keras.layers.RNN(stack, return_sequences=True)(x)
    below, above = stack.cells
    np.testing.assert_allclose(y, by_hand(above, by_hand(below, x)), atol=1e-6)


@every_cell
@pytest.mark.parametrize("units", [0, -3, 2.0, "4", None, True])
def test_bad_units(row, units):
    message = re.escape(f"units must be a positive integer, got {units!r}")
    with pytest.raises(ValueError, match="^" + message):
        row.kind(units, **row.options)
    for option in ("state_units", "output_units"):
        if option in row.options and units is not None:
            with pytest.raises(ValueError, match=f"^{option.split('_')[0]}_{message}"):
                row.kind(UNITS, **{option: units})


@every_cell
def test_the_fewest_and_the_most_units(row):
    cell = row.kind(1, **row.options)
    y, _ = cell(np.ones((BATCH, FEATURES), "float32"), cell.get_initial_state(BATCH))
    assert y.shape == (BATCH, cell.output_size)
    assert row.kind(2**31 - 1, **row.options).units == 2**31 - 1, "nothing is allocated yet"
    for many in (2**31, 2**31 + 1):
        with pytest.raises(ValueError, match=rf"^units must be less than 2\*\*31, got {many}"):
            row.kind(many, **row.options)


@every_cell
def test_units_may_be_numpys_integer(row):
    made = row.kind(np.int64(UNITS), **row.options)
    assert type(made.get_config()["units"]) is int


@every_cell
def test_inputs_of_all_steps_are_projected_at_once(row):
    cell, x, _, _, _ = drawn(row, "float32")
    steps = np.stack([x, 2 * x])  # (time, batch, features), an array
    each = [cell.project(tf.constant(step)) for step in steps]
    np.testing.assert_allclose(cell.project(steps), each, rtol=1e-6, atol=1e-6)


@every_cell
def test_bad_inputs_and_states(row):
    cell, x, states, _, _ = drawn(row, "float32")
    sizes = re.escape(str(listed(cell.state_size)))
    for bad, message in (
        ([*states, states[0]], f"with the sizes {sizes}, got"),
        ([], rf"with the sizes {sizes}, got \[\]"),
        ([s[:, 1:] for s in states], f"with the sizes {sizes}, got"),
        (tf.constant(states[0]), "a list of tensors, got EagerTensor"),
        ([s[:1] for s in states], "the batch of the inputs, 4, got"),
        ([s[0] for s in states], "the batch of the inputs, 4, got"),
        ([s[:, None] for s in states], "the batch of the inputs, 4, got"),
    ):
        with pytest.raises(ValueError, match=f"states of .* must .*{message}"):
            cell(x, bad)
    for wrong in (x[:, 1:], np.concatenate([x, x], axis=1)):
        shape = re.escape(str(wrong.shape))
        with pytest.raises(
            ValueError, match=f"inputs of .* must have 3 features, got shape {shape}"
        ):
            cell(wrong, states)
    for wrong in (x[0], x[None]):
        shape = re.escape(f"(batch, features), got {wrong.shape}")
        with pytest.raises(ValueError, match=f"inputs of .* must have the shape {shape}"):
            cell(tf.constant(wrong), states)


def test_no_cell_is_long():
    tree = ast.parse(inspect.getsource(cells))
    for node in (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name != "Cell"):
        doc = node.body[0].end_lineno - node.body[0].lineno + 1
        assert node.end_lineno - node.lineno + 1 - doc <= 40, node.name
