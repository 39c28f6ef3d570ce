"""Back-propagation by hand against TensorFlow, Keras and finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse import bptt, cells, unroll

NAMES = ("inputs", "initial_state", "kernel", "recurrent_kernel", "bias")
WORST: dict[str, float] = {}

sizes = st.integers(1, 6)
shapes = st.tuples(sizes, st.integers(1, 9), sizes, sizes, st.integers(0, 2**16))
thorough = settings(max_examples=25, deadline=None, database=None, derandomize=True)


@pytest.fixture(scope="module", autouse=True)
def report():
    yield
    for what, error in WORST.items():
        print(f"\nworst error, {what}: {error:.1e}", end="")
    print()


def note(what, given, wanted, tolerance):
    """Remember the worst error against an oracle, and insist that it is small."""
    error = float(np.max(np.abs(np.asarray(given) - np.asarray(wanted)), initial=0.0))
    WORST[what] = max(error, WORST.get(what, 0.0))
    assert error <= tolerance, f"{what} is off by {error}"


def problem(batch, time, features, units, seed):
    """Inputs, weights and an initial state; and a gradient for some of the outputs only."""
    rng = np.random.default_rng(seed)
    arguments = {
        "inputs": rng.normal(size=(batch, time, features)),
        "kernel": rng.normal(size=(features, units)) / np.sqrt(features),
        "recurrent_kernel": rng.normal(size=(units, units)) / np.sqrt(units),
        "bias": rng.normal(size=units),
        "initial_state": np.tanh(rng.normal(size=(batch, units))),
    }
    used = rng.random(size=(1, time, 1)) < 0.6
    return arguments, rng.normal(size=(batch, time, units)) * used


def backward(arguments, output_gradients, truncate=None):
    outputs = bptt.forward(**arguments)
    rest = {name: value for name, value in arguments.items() if name != "bias"}
    return bptt.backward(
        outputs=outputs, output_gradients=output_gradients, truncate=truncate, **rest
    )


def simple_rnn(arguments):
    """Keras's own layer with these weights, in float64."""
    layer = keras.layers.SimpleRNN(
        len(arguments["bias"]), return_sequences=True, return_state=True, dtype="float64"
    )
    layer.build(arguments["inputs"].shape)
    layer.set_weights([arguments[name] for name in NAMES[2:]])
    return layer


@given(shapes)
@thorough
def test_forward_is_keras_simple_rnn(shape):
    arguments, _ = problem(*shape)
    outputs, state = simple_rnn(arguments)(
        tf.constant(arguments["inputs"]), initial_state=tf.constant(arguments["initial_state"])
    )
    given = bptt.forward(**arguments)
    note("values against SimpleRNN", given, outputs, 1e-10)
    note("values against SimpleRNN", given[:, -1], state, 1e-10)


@given(shapes)
@thorough
def test_backward_is_the_gradient_tape_through_simple_rnn(shape):
    arguments, output_gradients = problem(*shape)
    layer = simple_rnn(arguments)
    inputs, state = (tf.constant(arguments[name]) for name in NAMES[:2])
    with tf.GradientTape() as tape:
        tape.watch([inputs, state])
        outputs, _ = layer(inputs, initial_state=state)
        cost = tf.reduce_sum(outputs * output_gradients)
    wanted = tape.gradient(cost, [inputs, state, *(w.value for w in layer.weights)])
    gradients = backward(arguments, output_gradients)
    for name, gradient in zip(NAMES, wanted, strict=True):
        note("gradients against GradientTape", getattr(gradients, name), gradient, 1e-8)


@given(shapes)
@thorough
def test_backward_is_the_slope_of_the_cost(shape):
    arguments, output_gradients = problem(*shape)
    gradients = backward(arguments, output_gradients)

    def cost(**changed):
        return np.sum(bptt.forward(**arguments | changed) * output_gradients)

    rng, h = np.random.default_rng(0), 1e-5
    for name in NAMES:
        direction = rng.normal(size=arguments[name].shape)
        direction /= np.linalg.norm(direction)
        up, down = (cost(**{name: arguments[name] + s * h * direction}) for s in (1, -1))
        wanted = (up - down) / (2 * h)
        note(
            "gradients against central differences",
            np.sum(getattr(gradients, name) * direction),
            wanted,
            1e-6,
        )


@given(shapes, st.integers(1, 10))
@thorough
def test_truncated_gradients_stop_where_tensorflow_stops_them(shape, steps):
    arguments, output_gradients = problem(*shape)
    values = {name: tf.constant(arguments[name]) for name in NAMES}
    with tf.GradientTape() as tape:
        tape.watch(list(values.values()))
        x, s, Wx, Wy, b = values.values()
        constant = [s]  # the states by a forward pass that is not differentiated
        for t in range(x.shape[1]):
            constant.append(tf.tanh(x[:, t] @ Wx + constant[-1] @ Wy + b))
        cost = 0.0
        for t in range(x.shape[1]):
            first = max(0, t + 1 - steps)
            state = s if first == 0 else tf.stop_gradient(constant[first])
            for u in range(first, t + 1):
                state = tf.tanh(x[:, u] @ Wx + state @ Wy + b)
            cost += tf.reduce_sum(state * output_gradients[:, t])
    wanted = tape.gradient(cost, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    gradients = backward(arguments, output_gradients, truncate=steps)
    for name in NAMES:
        note("truncated gradients", getattr(gradients, name), wanted[name], 1e-8)


def test_truncation_at_the_whole_length_changes_nothing():
    arguments, _ = problem(3, 7, 2, 4, 0)
    output_gradients = np.ones((3, 7, 4))
    whole, cut, short = (backward(arguments, output_gradients, k) for k in (None, 7, 6))
    for name in (*NAMES, "sums"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), atol=1e-14)
    assert not np.allclose(short.recurrent_kernel, whole.recurrent_kernel, atol=1e-6)


def test_windows_with_the_state_carried_run_like_the_whole():
    arguments, _ = problem(3, 12, 2, 4, 1)
    whole, state, parts = bptt.forward(**arguments), arguments["initial_state"], []
    for start in range(0, 12, 4):
        window = arguments["inputs"][:, start : start + 4]
        parts.append(bptt.forward(**arguments | {"inputs": window, "initial_state": state}))
        state = parts[-1][:, -1]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-14)


def test_the_gradients_by_the_sums_make_those_of_the_weights():
    arguments, output_gradients = problem(3, 5, 2, 4, 2)
    gradients = backward(arguments, output_gradients)
    steps = [arguments["inputs"][:, t].T @ gradients.sums[:, t] for t in range(5)]
    np.testing.assert_allclose(sum(steps), gradients.kernel, atol=1e-12)


def test_whole_numbers_are_read_as_real_ones():
    outputs = bptt.forward([[[1], [2]]], [[1]], [[0]], [0])
    np.testing.assert_allclose(outputs[0, :, 0], np.tanh([1, 2]))


ALL_CELLS = [
    cells.ElmanCell(3, dtype="float64"),
    cells.BasicCell(2, 3, dtype="float64"),
    cells.JordanCell(4, 3, dtype="float64"),
    cells.LSTMPrototypeCell(3, dtype="float64"),
    cells.LSTMCell(3, dtype="float64"),
    cells.LSTMCell(3, peephole=True, dtype="float64"),
    cells.GRUCell(3, dtype="float64"),
    cells.GRUCell(3, reset_after=True, dtype="float64"),
    cells.MinGRUCell(3, dtype="float64"),
    keras.layers.SimpleRNNCell(3, dtype="float64"),
]


@pytest.mark.parametrize("cell", ALL_CELLS, ids=lambda cell: cell.name)
def test_gradient_norms_are_those_of_the_whole_run(cell):
    keras.utils.set_random_seed(4)
    rng = np.random.default_rng(4)
    inputs = rng.normal(size=(2, 5, 2))
    start = tf.nest.map_structure(lambda n: rng.uniform(-0.5, 0.5, (2, n)), cell.state_size)
    norms = bptt.gradient_norms(cell, inputs, start)
    assert norms.shape == (6,)
    assert norms[0] == 1
    for lag in range(1, 6):
        state = tf.nest.map_structure(tf.constant, start)
        if lag < 5:
            _, state = unroll.dynamic_rnn(cell, inputs[:, : 5 - lag], initial_state=state)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(state)
            _, final = unroll.dynamic_rnn(cell, inputs[:, 5 - lag :], initial_state=state)
            final = tf.concat(tf.nest.flatten(final), axis=1)
        parts = [tape.batch_jacobian(final, s) for s in tf.nest.flatten(state)]
        jacobian = np.concatenate(parts, axis=2)  # (batch, size, size)
        wanted = np.linalg.svd(jacobian, compute_uv=False)[:, 0].mean()
        note("norms against batch_jacobian", norms[lag], wanted, 1e-8)


def test_the_elman_jacobian_is_the_one_on_the_page():
    cell = cells.ElmanCell(4, dtype="float64")
    inputs = np.random.default_rng(5).normal(size=(3, 6, 2))
    jacobians = bptt.step_jacobians(cell, inputs)
    Wx, Wy, b = (np.asarray(w) for w in cell.get_weights())
    outputs = bptt.forward(inputs, Wx, Wy, b)
    wanted = (1 - outputs**2)[..., None] * Wy.T
    np.testing.assert_allclose(jacobians, wanted, atol=1e-12)


def test_the_norm_stays_below_the_product_of_the_steps():
    cell = cells.GRUCell(4, dtype="float64")
    inputs = np.random.default_rng(6).normal(size=(1, 20, 2))
    norms = bptt.gradient_norms(cell, inputs)
    steps = np.linalg.norm(bptt.step_jacobians(cell, inputs)[0], ord=2, axis=(1, 2))
    bound = np.concatenate([[1], np.cumprod(steps[::-1])])
    assert (norms <= bound + 1e-12).all()
    assert norms[-1] < 0.9 * bound[-1]


GOOD, GOOD_GRADIENTS = problem(2, 3, 4, 5, 0)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("inputs", np.zeros((2, 4)), r"inputs must have the shape \(any, any, any\), got \(2, 4\)"),
        ("inputs", np.zeros((2, 0, 4)), r"inputs must have .* got \(2, 0, 4\)"),
        ("kernel", np.zeros((3, 5)), r"kernel must have the shape \(4, any\), got \(3, 5\)"),
        ("recurrent_kernel", np.zeros((5, 4)), r"recurrent_kernel must have the shape \(5, 5\)"),
        ("bias", np.zeros((1, 5)), r"bias must have the shape \(5\), got \(1, 5\)"),
        ("initial_state", np.zeros((3, 5)), r"initial_state must have the shape \(2, 5\)"),
    ],
)
def test_forward_names_what_does_not_fit(name, value, message):
    with pytest.raises(ValueError, match=message):
        bptt.forward(**GOOD | {name: value})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("outputs", np.zeros((2, 3, 4)), r"outputs must have the shape \(2, 3, 5\)"),
        ("output_gradients", np.zeros((2, 5)), r"output_gradients must have the shape \(2, 3, 5\)"),
        ("truncate", 0, "truncate must be at least 1, got 0"),
        ("truncate", True, "truncate must be a whole number, got bool True"),
        ("truncate", 2.0, "truncate must be a whole number, got float 2.0"),
    ],
)
def test_backward_names_what_does_not_fit(name, value, message):
    good = {k: v for k, v in GOOD.items() if k != "bias"} | {
        "outputs": bptt.forward(**GOOD),
        "output_gradients": GOOD_GRADIENTS,
    }
    with pytest.raises((ValueError, TypeError), match=message):
        bptt.backward(**good | {name: value})


def test_words_are_no_numbers():
    with pytest.raises(TypeError, match="bias must hold real numbers, got str"):
        bptt.forward(**GOOD | {"bias": ["a"] * 5})


@pytest.mark.parametrize(
    ("inputs", "start", "message"),
    [
        (np.zeros((2, 3)), None, r"inputs must have the shape \(any, any, any\)"),
        (np.zeros((2, 3, 4)), np.zeros((2, 3)), "initial_state must be 2 arrays"),
        (np.zeros((2, 3, 4)), [np.zeros((2, 3)), np.zeros((1, 3))], "initial_state must have"),
        (np.zeros((2, 3, 4)), [np.zeros((2, 3))] * 3, "initial_state must be 2 arrays"),
        (np.full((2, 3, 4), 1e39), None, r"inputs must fit into float32, got 1e\+39"),
    ],
)
def test_gradient_norms_names_what_does_not_fit(inputs, start, message):
    with pytest.raises(ValueError, match=message):
        bptt.gradient_norms(cells.LSTMCell(3), inputs, start)


def test_what_is_no_cell_is_refused():
    with pytest.raises(TypeError, match="cell must be a Keras cell, got"):
        bptt.gradient_norms(keras.layers.LSTM, np.zeros((2, 3, 4)))
