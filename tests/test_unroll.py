"""The unrollers: equal to TensorFlow 1's own functions and to Keras, whatever the shapes."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf1_oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import Comparison, Setup

from rnncourse import cells
from rnncourse.unroll import bidirectional_dynamic_rnn, dynamic_rnn, static_rnn

B, T, F, U = 2, 3, 4, 5  # batch, time, features, units of the tests with bad input

STACK = ("gru", "peephole", "basic")  # every equation at once
KINDS = [("basic",), ("lstm",), ("peephole",), ("gru",), STACK]
ONE_WAY = ("static_rnn", "dynamic_rnn")
FUNCTIONS = (*ONE_WAY, "bidirectional_dynamic_rnn")
WHOLE = [Setup(f, k) for f in FUNCTIONS for k in KINDS if "gru" not in k]
PADDED = [Setup(f, k, lengths=True, started=f in ONE_WAY) for f in FUNCTIONS for k in KINDS]
FLOAT32 = [
    Setup(f, k, lengths=True, dtype="float32") for f in FUNCTIONS for k in [("lstm",), ("gru",)]
]
SMALL = [Setup(f, STACK, lengths=f != "static_rnn", batch=1, time=1) for f in FUNCTIONS]
SETUPS = [*WHOLE, *PADDED, *FLOAT32, *SMALL]
IN_XLA = [*(s for s in PADDED if s.layers in (("lstm",), STACK)), *SMALL]
MAKERS = [
    lambda units, dtype: cells.ElmanCell(units, dtype=dtype),
    lambda units, dtype: cells.BasicCell(units, state_units=2, dtype=dtype),
    lambda units, dtype: cells.JordanCell(units, output_units=2, dtype=dtype),
    lambda units, dtype: cells.LSTMPrototypeCell(units, dtype=dtype),
    lambda units, dtype: cells.LSTMCell(units, peephole=True, dtype=dtype),
    lambda units, dtype: cells.GRUCell(units, reset_after=True, dtype=dtype),
    lambda units, dtype: cells.MinGRUCell(units, dtype=dtype),
    lambda units, dtype: keras.layers.LSTMCell(units, dtype=dtype),
]
TOLERANCE = {
    ("float64", "value"): 1e-10,
    ("float64", "gradient"): 1e-8,
    ("float32", "value"): 1e-6,
    ("float32", "gradient"): 2e-5,
}


@pytest.fixture(scope="module")
def tf1():
    """TensorFlow 1's answer to every setup, from one process."""
    answers = tf1_oracle.ask([Comparison(setup).case() for setup in SETUPS])
    return dict(zip(SETUPS, answers, strict=True))


@pytest.fixture(scope="module")
def worst(request):
    """Largest errors of the module, printed when it ends."""
    errors = {}
    yield errors
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print()
        for (oracle, dtype, what), error in sorted(errors.items()):
            print(f"against {oracle}: worst {what} error in {dtype}: {error:.1e}")


def assert_equal(ours, theirs, dtype, worst, oracle):
    """Same names, same shapes, same numbers, within the tolerance of the dtype."""
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert ours[name].shape == expected.shape, name
        assert ours[name].dtype == expected.dtype == dtype, name
        what = "gradient" if name.startswith("gradient") else "value"
        error = float(np.abs(ours[name] - expected).max(initial=0))
        key = (oracle, dtype, what)
        worst[key] = max(worst.get(key, 0.0), error)
        assert error <= TOLERANCE[dtype, what], f"{name} is off by {error:.1e}"


@pytest.mark.parametrize("setup", SETUPS, ids=str)
def test_equal_to_tensorflow_1(setup, tf1, worst):
    assert_equal(Comparison(setup).ours(), tf1[setup], setup.dtype, worst, "TF1")


@pytest.mark.parametrize("setup", PADDED, ids=str)
def test_equal_in_a_graph_with_unknown_batch(setup, tf1, worst):
    comparison = Comparison(setup)
    shape = [None, *comparison.inputs.shape[1:]]
    if setup.function != "static_rnn":
        shape[1] = None

    def wrap(function):
        return tf.function(function, input_signature=[tf.TensorSpec(shape, setup.dtype)])

    assert_equal(comparison.ours(wrap), tf1[setup], setup.dtype, worst, "TF1")


@pytest.mark.parametrize("setup", IN_XLA, ids=str)
def test_equal_under_xla(setup, tf1, worst):
    def wrap(function):
        return tf.function(function, jit_compile=True)

    assert_equal(Comparison(setup).ours(wrap), tf1[setup], setup.dtype, worst, "TF1")


shapes = st.tuples(*(st.integers(1, n) for n in (4, 6, 3, 3)))  # batch, time, features, units


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(data=st.data(), shape=shapes, dtype=st.sampled_from(["float32", "float64"]))
def test_equal_to_keras(worst, data, shape, dtype):
    batch, time, features, units = shape
    make = data.draw(st.sampled_from(MAKERS))
    lengths = data.draw(st.none() | st.lists(st.integers(0, time), min_size=batch, max_size=batch))
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(batch, time, features)).astype(dtype))
    options = {"return_sequences": True, "return_state": True, "zero_output_for_mask": True}
    keras_layer = keras.layers.Bidirectional(
        keras.layers.RNN(make(units, dtype), dtype=dtype, **options),
        backward_layer=keras.layers.RNN(
            make(units, dtype), dtype=dtype, go_backwards=True, **options
        ),
        merge_mode=None,
        dtype=dtype,
    )
    mask = None if lengths is None else tf.sequence_mask(lengths, time)
    keras_layer(x, mask=mask)  # makes the weights
    fw, bw = keras_layer.forward_layer.cell, keras_layer.backward_layer.cell

    def ours(x):
        outputs, states = bidirectional_dynamic_rnn(fw, bw, x, lengths)
        steps, state = static_rnn(fw, tf.unstack(x, axis=1), sequence_length=lengths)
        return [*outputs, tf.stack(steps, axis=1)], tf.nest.flatten([states, state])

    def theirs(x):
        forwards, backwards, *states = keras_layer(x, mask=mask)
        return [forwards, backwards, forwards], [*states, *states[: len(states) // 2]]

    results = []
    for function in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs, states = function(x)
            total = sum(tf.reduce_sum(tf.sin(value)) for value in [*outputs, *states])
        weights = [w.value for w in fw.weights + bw.weights]
        named = {f"outputs/{n}": value for n, value in enumerate(outputs)}
        named |= {f"states/{n}": value for n, value in enumerate(states)}
        gradients = tape.gradient(total, [x, *weights], unconnected_gradients="zero")
        named |= {f"gradient/{n}": value for n, value in enumerate(gradients)}
        results.append({name: np.asarray(value) for name, value in named.items()})
    assert_equal(*results, dtype, worst, "Keras")


def zeros(*shape, dtype="float32"):
    return tf.zeros(shape, dtype)


SEQUENCES = zeros(B, T, F)
STEPS = [zeros(B, F)] * T
ELMAN, LSTM = cells.ElmanCell(U), cells.LSTMCell(U)
BAD_LENGTHS = {
    "too long": ([1, 4], ValueError, "must be at most 3, got [1, 4]"),
    "negative": ([-1, 2], ValueError, "must not be negative, got [-1, 2]"),
    "one too many": ([1, 2, 3], ValueError, "must have the shape (2,), got (3,)"),
    "a number": (2, ValueError, "must have the shape (2,), got ()"),
    "a matrix": ([[1, 2]], ValueError, "must have the shape (2,), got (1, 2)"),
    "no integers": ([1.0, 2.0], TypeError, "must be integers, got float32"),
    "yes and no": ([True, False], TypeError, "must be integers, got bool"),
}
BAD_STATES = {
    "a list for one": (ELMAN, [zeros(B, U)], ValueError, "structure of the cell's state_size, 5"),
    "one for two": (LSTM, zeros(B, U), ValueError, "state_size, [5, 5], got (2, 5)"),
    "three for two": (LSTM, [zeros(B, U)] * 3, ValueError, "got [(2, 5), (2, 5), (2, 5)]"),
    "no tensor": (LSTM, {"h": None}, ValueError, "state_size, [5, 5], got {'h': 'NoneType'}"),
    "too wide": (ELMAN, zeros(B, U + 1), ValueError, "must have the shape (2, 5), got (2, 6)"),
    "too many": (ELMAN, zeros(B + 1, U), ValueError, "must have the shape (2, 5), got (3, 5)"),
    "wrong rank": (ELMAN, zeros(U), ValueError, "must have the shape (batch, size), got (5,)"),
    "wrong dtype": (ELMAN, zeros(B, U, dtype="float64"), TypeError, "float32, got float64"),
}
BAD_SEQUENCES = {
    "a step": (zeros(B, F), ValueError, "shape (batch, time, features), got (2, 4)"),
    "too deep": (zeros(B, T, F, 1), ValueError, "(batch, time, features), got (2, 3, 4, 1)"),
    "no time": (zeros(B, 0, F), ValueError, "at least one time step, got shape (2, 0, 4)"),
    "wide": (zeros(B, T, F, dtype="float64"), TypeError, "the cell, float32, got float64"),
    "integers": (zeros(B, T, F, dtype="int32"), TypeError, "the cell, float32, got int32"),
}
BAD_STEPS = {
    "a tensor": (SEQUENCES, TypeError, "must be a list of (batch, features) tensors"),
    "nothing": ([], ValueError, "must hold at least one step, got an empty list"),
    "a sequence": ([SEQUENCES], ValueError, "inputs[0] must have the shape (batch, features)"),
    "two sizes": (
        [zeros(B, F), zeros(B, F + 1)],
        ValueError,
        "inputs[0] has (2, 4), inputs[1] has (2, 5)",
    ),
    "two dtypes": (
        [zeros(B, F), zeros(B, F, dtype="float64")],
        TypeError,
        "inputs[1] must have the dtype of the cell, float32, got float64",
    ),
}


def check_refused(call, argument, error, message):
    """The call raises, names the argument and says what came; as it is, and inside a graph."""
    for run in (call, tf.function(call)):
        with pytest.raises(error, match=re.escape(message)) as caught:
            run()
        assert argument in str(caught.value)


@pytest.mark.parametrize("name", BAD_LENGTHS)
def test_bad_lengths(name):
    lengths, error, message = BAD_LENGTHS[name]
    for call in (
        lambda: static_rnn(ELMAN, STEPS, sequence_length=lengths),
        lambda: dynamic_rnn(ELMAN, SEQUENCES, lengths),
        lambda: bidirectional_dynamic_rnn(ELMAN, LSTM, SEQUENCES, lengths),
    ):
        check_refused(call, "sequence_length", error, message)


@pytest.mark.parametrize("name", BAD_STATES)
def test_bad_initial_states(name):
    cell, state, error, message = BAD_STATES[name]
    for call in (
        lambda: static_rnn(cell, STEPS, state),
        lambda: dynamic_rnn(cell, SEQUENCES, initial_state=state),
    ):
        check_refused(call, "initial_state", error, message)


@pytest.mark.parametrize("name", BAD_SEQUENCES)
def test_bad_sequences(name):
    inputs, error, message = BAD_SEQUENCES[name]
    for call in (
        lambda: dynamic_rnn(ELMAN, inputs),
        lambda: bidirectional_dynamic_rnn(ELMAN, LSTM, inputs),
    ):
        check_refused(call, "inputs", error, message)


@pytest.mark.parametrize("name", BAD_STEPS)
def test_bad_steps(name):
    inputs, error, message = BAD_STEPS[name]
    check_refused(lambda: static_rnn(ELMAN, inputs), "inputs", error, message)


def test_another_number_of_features_than_before():
    cell = cells.GRUCell(U)
    dynamic_rnn(cell, SEQUENCES)
    message = "must have 4 features, got shape (2, 7)"
    check_refused(lambda: static_rnn(cell, [zeros(B, 7)]), "inputs", ValueError, message)
    check_refused(lambda: dynamic_rnn(cell, zeros(B, T, 7)), "inputs", ValueError, message)
    message = "must have 4 features, got shape (2, 3, 20)"  # wide inputs go another way
    check_refused(lambda: dynamic_rnn(cell, zeros(B, T, 20)), "inputs", ValueError, message)


@pytest.mark.parametrize(
    ("shape", "lengths", "message"),
    [
        ((None, None, None), [1, 2], "inputs must have a known number of features"),
        (None, [1, 2], "inputs must have a known number of features"),
        ((None, None), [1, 2], "inputs must have the shape (batch, time, features)"),
        ((None, T, F), [1, 4], "sequence_length must be at most 3, got [1, 4]"),
        ((None, None, F), [-1, 2], "sequence_length must not be negative, got [-1, 2]"),
        ((3, None, F), [1, 2], "sequence_length must have the shape (3,), got (2,)"),
    ],
)
def test_what_a_graph_knows_of_shapes_is_checked(shape, lengths, message):
    function = tf.function(
        lambda inputs: dynamic_rnn(ELMAN, inputs, lengths),
        input_signature=[tf.TensorSpec(shape, "float32")],
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        function.get_concrete_function()


@pytest.mark.parametrize("make", MAKERS[:-1])
@pytest.mark.parametrize("compiled", [False, True])
def test_wide_inputs_are_projected_once_for_all_steps(make, compiled, monkeypatch):
    cell, lengths = make(U, "float64"), [3, 1]
    x = tf.constant(np.random.default_rng(0).normal(size=(B, T, 3 * U)))
    cell.build((B, 3 * U))
    weights = [w.value for w in cell.weights]

    def values(run, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs, state = run(x)
            total = sum(tf.reduce_sum(tf.sin(v)) for v in [outputs, *tf.nest.flatten(state)])
        gradients = tape.gradient(total, [x, *weights], unconnected_gradients="zero")
        return [outputs, *tf.nest.flatten(state), *gradients]

    def chain(x):
        steps, state = static_rnn(cell, tf.unstack(x, axis=1), sequence_length=lengths)
        return tf.stack(steps, axis=1), state

    wanted = values(chain, x)
    seen, project = [], type(cell).project
    monkeypatch.setattr(
        type(cell), "project", lambda self, x: seen.append(x.shape) or project(self, x)
    )
    loop = tf.function(
        lambda x: values(lambda x: dynamic_rnn(cell, x, lengths), x), jit_compile=compiled
    )
    for got, want in zip(loop(x), wanted, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-10)
    assert seen == [(B * T, 3 * U)]


def test_a_cell_with_a_call_of_its_own_is_called_at_each_step():
    class Loud(cells.ElmanCell):
        def call(self, inputs, states, training=False):
            output, states = super().call(inputs, states)
            return 2 * output, states

    x = tf.random.stateless_normal((B, T, F), (0, 1))
    cell = Loud(U)
    outputs, state = dynamic_rnn(cell, x)
    np.testing.assert_allclose(outputs[:, -1], 2 * state, atol=1e-6)


def test_weights_of_another_dtype_than_the_computation():
    x = tf.random.stateless_normal((B, T, F), (0, 1))
    cell = cells.GRUCell(U, dtype="mixed_float16")
    outputs, _ = dynamic_rnn(cell, tf.cast(x, "float16"))
    exact = cells.GRUCell(U)
    exact.build((B, F))
    exact.set_weights(cell.get_weights())
    assert outputs.dtype == "float16"
    np.testing.assert_allclose(outputs, dynamic_rnn(exact, x)[0], atol=5e-3)


def test_the_graph_of_the_loop_does_not_grow():
    cell = cells.LSTMCell(U)

    def operations(unroll, time):
        function = tf.function(unroll).get_concrete_function(tf.TensorSpec((B, time, F)))
        return len(function.graph.get_operations())

    def chain(x):
        return static_rnn(cell, tf.unstack(x, axis=1))

    def loop(x):
        return dynamic_rnn(cell, x)

    assert operations(loop, 3) == operations(loop, 30)
    assert operations(chain, 30) > 5 * operations(chain, 3)
