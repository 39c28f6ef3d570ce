"""The fast GRU against Keras's own and against our cell, values and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnncourse import cells, unroll
from rnncourse.fast_gru import FastGRU, gru

MASKS = {
    "no mask": None,
    "lengths": [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]],
    "short array": [[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]],
    "holes": [[1, 0, 1, 0, 1], [0, 1, 1, 0, 0], [0, 0, 0, 1, 0]],
    "nothing": [[0] * 5] * 3,
}


def pair(units=4, **more):
    """Keras's layer and ours, with the same random weights."""
    theirs = keras.layers.GRU(
        units,
        return_sequences=True,
        return_state=True,
        zero_output_for_mask=True,
        dtype="float64",
        **more,
    )
    ours = FastGRU(units, return_sequences=True, return_state=True, dtype="float64", **more)
    rng = np.random.default_rng(0)
    for layer in (theirs, ours):
        layer.build((None, 5, 2))
    weights = [rng.normal(size=weight.shape) for weight in theirs.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    return theirs, ours


def run(layer, x, first, mask, compiled=False):
    """Outputs, last state, and the gradients of everything they depend on."""
    weights = [weight.value for weight in layer.trainable_weights]
    rng = np.random.default_rng(1)
    of_outputs, of_state = rng.normal(size=(3, 5, 4)), rng.normal(size=(3, 4))

    @tf.function(jit_compile=compiled)
    def values_and_gradients(x, first):
        with tf.GradientTape() as tape:
            tape.watch([x, first])
            outputs, state = layer(x, initial_state=first, mask=mask)
            total = tf.reduce_sum(outputs * of_outputs) + tf.reduce_sum(state * of_state)
        return outputs, state, *tape.gradient(total, [x, first, *weights])

    return values_and_gradients(x, first)


@pytest.mark.parametrize(("backwards", "compiled"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("mask", MASKS)
def test_agrees_with_keras_in_values_and_gradients(mask, backwards, compiled):
    rng = np.random.default_rng(2)
    x, first = tf.constant(rng.normal(size=(3, 5, 2))), tf.constant(rng.normal(size=(3, 4)))
    mask = None if MASKS[mask] is None else tf.cast(MASKS[mask], bool)
    theirs, ours = pair(go_backwards=backwards)
    wanted = run(theirs, x, first, mask)
    for want, got in zip(wanted, run(ours, x, first, mask, compiled), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-12)


def test_agrees_with_our_cell_run_by_our_loop():
    rng = np.random.default_rng(3)
    x, lengths = tf.constant(rng.normal(size=(3, 5, 2))), [5, 0, 2]
    cell = cells.GRUCell(4, reset_after=True, dtype="float64")
    wanted, state = unroll.dynamic_rnn(cell, x, lengths)
    projected = cell.project(x)
    start, mask = tf.zeros((3, 4), "float64"), tf.sequence_mask(lengths, 5)
    outputs, last = gru(projected, start, cell.recurrent_kernel, cell.bias[1], mask)
    np.testing.assert_allclose(outputs, wanted, atol=1e-12)
    np.testing.assert_allclose(last, state, atol=1e-12)


def test_batch_and_time_may_be_unknown():
    _, layer = pair()

    @tf.function(input_signature=[tf.TensorSpec((None, None, 2), "float64")])
    def run_any(x):
        with tf.GradientTape() as tape:
            outputs, _ = layer(x)
        return outputs, tape.gradient(outputs, layer.cell.recurrent_kernel.value)

    for shape in ((1, 1, 2), (3, 7, 2)):
        outputs, gradient = run_any(tf.ones(shape, "float64"))
        assert outputs.shape == (*shape[:2], 4)
        assert gradient.shape == (4, 12)
        np.testing.assert_allclose(outputs, layer(tf.ones(shape, "float64"))[0], atol=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_double_precision_survives_compilation(compiled):
    """XLA has got the inputs' gradient wrong at these sizes, beside that of the kernel."""
    rng = np.random.default_rng(5)
    shapes = [(4, 6, 15), (4, 5), (5, 15), (15,)]
    x, *others = (tf.constant(rng.normal(size=shape)) for shape in shapes)
    weights = rng.normal(size=(4, 6, 5))

    def total(x):
        return tf.reduce_sum(gru(x, *others)[0] * weights)

    @tf.function(jit_compile=compiled)
    def gradients(x):
        with tf.GradientTape() as tape:
            tape.watch([x, *others])
            value = total(x)
        return tape.gradient(value, [x, *others])

    got = gradients(x)[0].numpy()
    for where in rng.integers(0, x.shape, size=(20, 3)):
        shift = np.zeros(x.shape)
        shift[tuple(where)] = 1e-5
        slope = (total(x + shift) - total(x - shift)).numpy() / 2e-5
        assert got[tuple(where)] == pytest.approx(slope, abs=1e-8)


def test_a_second_derivative_is_refused():
    x, first = tf.ones((1, 2, 3)), tf.zeros((1, 1))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            total = tf.reduce_sum(gru(x, first, tf.ones((1, 3)), tf.zeros(3))[0])
        slope = inner.gradient(total, x)
    with pytest.raises(LookupError, match="no second derivative"):
        outer.gradient(slope, x)


def test_the_state_can_be_carried_from_window_to_window():
    x = tf.random.stateless_normal((2, 6, 3), (0, 0))
    whole = FastGRU(4, return_sequences=True)
    wanted = whole(x)
    carried = FastGRU(4, return_sequences=True, stateful=True)
    carried.build((2, 3, 3))
    carried.set_weights(whole.get_weights())
    parts = [carried(x[:, :3]), carried(x[:, 3:])]
    np.testing.assert_allclose(tf.concat(parts, 1), wanted, atol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_saves_loads_and_hands_its_weights_to_keras(tmp_path):
    x = np.random.default_rng(4).normal(size=(2, 5, 3)).astype("float32")
    model = keras.Sequential([keras.Input((5, 3)), FastGRU(4), keras.layers.Dense(2)])
    model.save(tmp_path / "fast.keras")
    again = keras.saving.load_model(tmp_path / "fast.keras")
    np.testing.assert_allclose(again(x), model(x), atol=1e-6)
    plain = keras.Sequential(
        [keras.Input((5, 3)), keras.layers.GRU(4, use_cudnn=False), keras.layers.Dense(2)]
    )
    plain.set_weights(model.get_weights())
    np.testing.assert_allclose(plain(x), model(x), atol=1e-6)


def test_reads_both_ways_inside_a_bidirectional_layer():
    x = np.random.default_rng(5).normal(size=(2, 5, 3)).astype("float32")
    fast, plain = (
        keras.layers.Bidirectional(layer(4, return_sequences=True))
        for layer in (FastGRU, keras.layers.GRU)
    )
    plain(x)
    fast(x)
    fast.set_weights(plain.get_weights())
    np.testing.assert_allclose(fast(x), plain(x), atol=1e-6)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"activation": "relu"}, "activation of FastGRU must be 'tanh', got 'relu'"),
        ({"recurrent_dropout": 0.5}, "recurrent_dropout of FastGRU must be 0.0, got 0.5"),
        ({"reset_after": False}, "reset_after of FastGRU must be True, got False"),
        ({"unroll": True}, "unroll of FastGRU must be False, got True"),
    ],
)
def test_refuses_what_it_does_not_know(argument, message):
    with pytest.raises(ValueError, match=message):
        FastGRU(4, **argument)
