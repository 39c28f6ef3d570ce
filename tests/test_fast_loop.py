"""The loop with the late gradient, against the chain of copies and TensorFlow's own gradient."""

import numpy as np
import pytest
import tensorflow as tf

from rnncourse import cells, fast_loop, unroll

CELLS = {
    "Elman": lambda: cells.ElmanCell(4, dtype="float64"),
    "LSTM": lambda: cells.LSTMCell(4, dtype="float64"),
    "peepholes": lambda: cells.LSTMCell(4, peephole=True, dtype="float64"),
    "GRU": lambda: cells.GRUCell(4, reset_after=True, dtype="float64"),
}
BATCH, TIME, FEATURES = 3, 6, 2


def with_random_weights(name):
    cell, rng = CELLS[name](), np.random.default_rng(0)
    cell.build((None, FEATURES))
    for weight in cell.weights:
        weight.assign(rng.normal(size=weight.shape))
    return cell


def chained(cell, x, lengths, first):
    outputs, last = unroll.static_rnn(cell, tf.unstack(x, axis=1), first, lengths)
    return tf.stack(outputs, axis=1), last


def looped(cell, x, lengths, first):
    return unroll.dynamic_rnn(cell, x, lengths, first)


def values_and_gradients(run, cell, lengths, compiled):
    """Outputs, states, and the gradients of all they depend on, of a sum of random parts."""
    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(size=(BATCH, TIME, FEATURES)))
    first = [tf.constant(rng.normal(size=(BATCH, 4))) for _ in range(cell.vectors)]
    parts = rng.normal(size=(BATCH, TIME, 4))

    def both(x, *first):
        first = list(first) if cell.vectors > 1 else first[0]
        with tf.GradientTape() as tape:
            sources = [x, *tf.nest.flatten(first), *(w.value for w in cell.trainable_weights)]
            tape.watch(sources)
            outputs, last = run(cell, x, lengths, first)
            total = tf.reduce_sum(outputs * parts)
            total += sum(tf.reduce_sum(tf.sin(state)) for state in tf.nest.flatten(last))
        return [outputs, *tf.nest.flatten(last), *tape.gradient(total, sources)]

    both = both if compiled is None else tf.function(both, jit_compile=compiled)
    return [np.asarray(tf.convert_to_tensor(value)) for value in both(x, *first)]


@pytest.mark.parametrize("compiled", [None, False, True], ids=["eager", "graph", "XLA"])
@pytest.mark.parametrize("lengths", [None, [6, 2, 0]])
@pytest.mark.parametrize("name", CELLS)
def test_values_and_gradients_are_those_of_the_chain(name, lengths, compiled):
    cell = with_random_weights(name)
    assert cell.one_product
    wanted = values_and_gradients(chained, cell, lengths, None)
    found = values_and_gradients(looped, cell, lengths, compiled)
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize(
    "cell",
    [
        cells.BasicCell(2),
        cells.JordanCell(2, 1),
        cells.LSTMPrototypeCell(2),
        cells.GRUCell(2),
        cells.MinGRUCell(2),
    ],
    ids=lambda cell: type(cell).__name__,
)
def test_cells_that_meet_their_past_otherwise_say_so(cell):
    assert not cell.one_product


def test_a_cell_made_of_another_by_its_own_step_is_run_by_that_step():
    class Doubled(cells.ElmanCell):
        def step(self, projected, states):
            h, _ = super().step(projected, states)
            return 2 * h, [2 * h]

    cell = Doubled(2)
    output, _ = unroll.dynamic_rnn(cell, tf.ones((1, 1, 1)))
    np.testing.assert_allclose(output[:, 0], cell(tf.ones((1, 1)), [tf.zeros((1, 2))])[0])


def add(projected, remembered, states, share):
    """A linear cell with one more weight: h' = x + h U + share h."""
    return [projected + remembered + share * states[0]]


def test_by_hand_and_stopped_after_some_steps():
    """From h = 1 with x = 1, U = 2 and a share of 3: 6, 31, and no further; 31 = 1 + 5 (1 + 5)."""
    x, first = tf.ones((4, 1, 1)), tf.ones((1, 1))
    kernel, share = tf.constant([[2.0]]), tf.constant([[3.0]])
    with tf.GradientTape() as tape:
        tape.watch([x, first, kernel, share])
        after, (last,) = fast_loop.run(add, x, [first], kernel, share, steps=tf.constant(2))
    np.testing.assert_array_equal(tf.squeeze(after), [6, 31, 0, 0])
    assert last.numpy() == 31
    dx, dfirst, dkernel, dshare = tape.gradient(last, [x, first, kernel, share])
    np.testing.assert_array_equal(tf.squeeze(dx), [5, 1, 0, 0])
    assert dfirst.numpy() == 25
    assert dkernel.numpy() == dshare.numpy() == 6 + 5 * 1


def test_a_second_derivative_is_refused():
    cell, x = with_random_weights("LSTM"), tf.ones((1, 2, FEATURES), "float64")
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            total = tf.reduce_sum(unroll.dynamic_rnn(cell, x)[0])
        slope = inner.gradient(total, x)
    with pytest.raises(LookupError, match="no second derivative"):
        outer.gradient(slope, x)
