"""The parallel scan: equal to the loop, in values and gradients, whatever the length."""

import re

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.cells import GRUCell, MinGRUCell
from rnncourse.scan import linear_recurrence, parallel_rnn
from rnncourse.unroll import dynamic_rnn

EXAMPLES = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def by_hand(keep, add, start):
    """The recurrence in Python, in double precision."""
    states, h = [], np.asarray(start, "float64")
    for a, b in zip(np.asarray(keep, "float64"), np.asarray(add, "float64"), strict=True):
        h = a * h + b
        states.append(h)
    return np.array(states)


def problem(steps, seed=0, batch=2, units=3, dtype="float64"):
    rng = np.random.default_rng(seed)
    keep = rng.uniform(-1, 1, (steps, batch, units)).astype(dtype)
    return keep, rng.normal(size=keep.shape).astype(dtype), rng.normal(size=(batch, units), scale=3)


@EXAMPLES
@given(steps=st.integers(1, 70), seed=st.integers(0, 99))
def test_any_number_of_steps_as_by_hand(steps, seed):
    keep, add, start = problem(steps, seed)
    got = linear_recurrence(keep, add, start)
    np.testing.assert_allclose(got, by_hand(keep, add, start), atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3, 8, 13])
def test_gradient_by_finite_differences(steps):
    arguments = [tf.constant(a) for a in problem(steps)]
    weights = np.random.default_rng(1).normal(size=arguments[0].shape)

    def total(*arguments):
        return tf.reduce_sum(tf.sin(linear_recurrence(*arguments)) * weights)

    with tf.GradientTape() as tape:
        tape.watch(arguments)
        value = total(*arguments)
    rng = np.random.default_rng(2)
    for number, gradient in enumerate(tape.gradient(value, arguments)):
        direction = rng.normal(size=gradient.shape)
        shifted = [
            total(*(a + sign * 1e-6 * direction if n == number else a for n, a in each))
            for sign in (1, -1)
            for each in [list(enumerate(arguments))]
        ]
        slope = float(shifted[0] - shifted[1]) / 2e-6
        assert float(tf.reduce_sum(gradient * direction)) == pytest.approx(slope, rel=1e-6)


def test_second_derivatives_are_those_of_the_loop():
    keep, add, start = (tf.constant(a) for a in problem(5))

    def loop(keep, add, start):
        states, h = [], start
        for a, b in zip(tf.unstack(keep), tf.unstack(add), strict=True):
            h = a * h + b
            states.append(h)
        return tf.stack(states)

    found = []
    for run in (linear_recurrence, loop):
        with tf.GradientTape() as outer:
            outer.watch(keep)
            with tf.GradientTape() as inner:
                inner.watch(keep)
                value = tf.reduce_sum(run(keep, add, start) ** 2)
            slope = tf.reduce_sum(inner.gradient(value, keep) ** 2)
        found.append(outer.gradient(slope, keep))
    np.testing.assert_allclose(*found, atol=1e-9)


def values_and_gradients(run, cell, x, lengths, start, compiled=False):
    """Outputs, state, and the gradients of everything that they depend on."""
    rng = np.random.default_rng(3)
    shape = (*x.shape[:2], cell.units)
    of_outputs, of_state = (
        tf.constant(rng.normal(size=s).astype(x.dtype.name)) for s in (shape, shape[::2])
    )
    weights = [w.value for w in cell.trainable_weights]

    @tf.function(jit_compile=compiled)
    def both(x, start):
        with tf.GradientTape() as tape:
            tape.watch([x, start])
            outputs, state = run(cell, x, lengths, start)
            total = tf.reduce_sum(outputs * of_outputs) + tf.reduce_sum(state * of_state)
        return outputs, state, *tape.gradient(total, [x, start, *weights])

    return both(x, start)


@EXAMPLES
@given(data=st.data(), steps=st.integers(1, 40), batch=st.integers(1, 3))
def test_equal_to_the_cell_in_the_loop(data, steps, batch):
    lengths = data.draw(st.none() | st.lists(st.integers(0, steps), min_size=batch, max_size=batch))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = tf.constant(rng.normal(size=(batch, steps, 4)), "float32")
    start = tf.constant(rng.normal(size=(batch, 5)), "float32")
    cell = MinGRUCell(5)
    cell.build((batch, 4))
    cell.set_weights([rng.normal(size=w.shape) for w in cell.get_weights()])
    wanted = values_and_gradients(dynamic_rnn, cell, x, lengths, start)
    got = values_and_gradients(parallel_rnn, cell, x, lengths, start)
    for want, have in zip(wanted, got, strict=True):
        assert have.shape == want.shape
        np.testing.assert_allclose(have, want, atol=1e-5 * max(1, np.abs(want).max()))


@pytest.mark.parametrize("lengths", [None, [0, 37, 64]])
def test_equal_under_xla(lengths):
    cell = MinGRUCell(5)
    x = tf.random.stateless_normal((3, 64, 4), (1, 2))
    start = tf.ones((3, 5))
    cell.build((3, 4))
    wanted = values_and_gradients(dynamic_rnn, cell, x, lengths, start)
    got = values_and_gradients(parallel_rnn, cell, x, lengths, start, compiled=True)
    for want, have in zip(wanted, got, strict=True):
        np.testing.assert_allclose(have, want, atol=1e-5 * max(1, np.abs(want).max()))


@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0, 1e4])
def test_extreme_gates_over_thousands_of_steps_in_single_precision(scale):
    """Gates wide open, shut, and both in turn: against double precision, step by step."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, 4096, 3)).astype("float32")
    cell = MinGRUCell(4)
    cell.build((2, 3))
    kernel = rng.normal(size=(3, 8)).astype("float32")
    kernel[:, :4] *= scale
    bias = np.float32([-scale, scale, 0, -3 * scale, 0, 0, 0, 0])
    cell.set_weights([kernel, bias])
    outputs, _ = parallel_rnn(cell, x)
    exact = x.astype("float64") @ kernel + bias
    z = 1 / (1 + np.exp(-np.clip(exact[..., :4], -700, 700)))
    wanted = by_hand(*(v.swapaxes(0, 1) for v in (1 - z, z * exact[..., 4:])), np.zeros((2, 4)))
    assert np.isfinite(outputs).all()
    rounding = scale * np.finfo("float32").eps  # of what goes into a gate
    np.testing.assert_allclose(tf.transpose(outputs, [1, 0, 2]), wanted, atol=1e-5 + 4 * rounding)
    gradients = values_and_gradients(
        parallel_rnn, cell, tf.constant(x), None, tf.zeros((2, 4)), compiled=True
    )
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_a_batch_that_is_not_known_yet():
    cell = MinGRUCell(5)

    @tf.function(input_signature=[tf.TensorSpec((None, 7, 4))])
    def run(x):
        return parallel_rnn(cell, x)

    x = tf.random.stateless_normal((3, 7, 4), (1, 2))
    outputs, state = run(x)
    np.testing.assert_allclose(outputs, dynamic_rnn(cell, x)[0], atol=1e-6)
    np.testing.assert_allclose(outputs[:, -1], state)


def test_padding_may_hold_anything():
    cell = MinGRUCell(5)
    x = np.random.default_rng(5).normal(size=(2, 6, 4)).astype("float32")
    outputs, state = parallel_rnn(cell, x, [3, 6])
    x[0, 3:] = np.inf
    again, same = parallel_rnn(cell, x, [3, 6])
    np.testing.assert_array_equal(again, outputs)
    np.testing.assert_array_equal(same, state)
    assert not outputs[0, 3:].numpy().any()


def test_the_depth_is_a_logarithm():
    def operations(steps):
        function = tf.function(linear_recurrence).get_concrete_function(
            *(tf.TensorSpec(s) for s in ((steps, 2), (steps, 2), (2,)))
        )
        body = function.graph.get_operations()
        return len(body) + sum(
            len(f.graph.get_operations()) for f in function.graph._functions.values()
        )

    few, more, many = (operations(2**k) for k in (4, 8, 12))
    assert many - more == more - few


CELL = MinGRUCell(5)
BAD = {
    "another cell": (
        lambda: parallel_rnn(GRUCell(5), tf.zeros((2, 3, 4))),
        TypeError,
        "cell must be a MinGRUCell, whose gates do not depend on the state, got GRUCell",
    ),
    "a step": (
        lambda: parallel_rnn(CELL, tf.zeros((2, 4))),
        ValueError,
        "inputs must have the shape (batch, time, features), got (2, 4)",
    ),
    "too long": (
        lambda: parallel_rnn(CELL, tf.zeros((2, 3, 4)), [1, 4]),
        ValueError,
        "sequence_length must be at most 3, got [1, 4]",
    ),
    "a state of another size": (
        lambda: parallel_rnn(CELL, tf.zeros((2, 3, 4)), None, tf.zeros((2, 6))),
        ValueError,
        "initial_state must have the shape (2, 5), got (2, 6)",
    ),
    "steps not known": (
        lambda: tf.function(
            lambda x: parallel_rnn(CELL, x), input_signature=[tf.TensorSpec((2, None, 4))]
        ).get_concrete_function(),
        ValueError,
        "a known number of steps, at least one",
    ),
    "no steps": (
        lambda: linear_recurrence(tf.zeros((0, 2)), tf.zeros((0, 2)), tf.zeros(2)),
        ValueError,
        "at least one, as its first axis, got shape (0, 2)",
    ),
    "factors of another shape": (
        lambda: linear_recurrence(tf.zeros((3, 1)), tf.zeros((3, 2)), tf.zeros(2)),
        ValueError,
        "keep must have the shape (3, 2), got (3, 1)",
    ),
    "a start of another shape": (
        lambda: linear_recurrence(tf.zeros((3, 2)), tf.zeros((3, 2)), tf.zeros(3)),
        ValueError,
        "start must have the shape (2,), got (3,)",
    ),
    "two dtypes": (
        lambda: linear_recurrence(tf.zeros(3), tf.zeros(3), tf.zeros((), "float64")),
        TypeError,
        "start must have the dtype of add, float32, got float64",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments(name):
    call, error, message = BAD[name]
    with pytest.raises(error, match=re.escape(message)):
        call()
