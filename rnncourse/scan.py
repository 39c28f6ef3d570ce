"""Linear recurrences for all steps in parallel, and the minGRU that is one.

A loop computes h(t) = a(t) h(t-1) + b(t) in as many steps as there are, since each needs the one
before. But two such steps together are a step of the same kind::

    a2 (a1 h + b1) + b2  =  (a2 a1) h + (a2 b1 + b2)

This way of putting two together is associative, so that many can be put together in any grouping: a
parallel prefix scan (Blelloch, 1990), whose depth is the logarithm of their number. Neighbours are
joined in pairs, the half as many pairs are scanned in the same way, and each step that was left out
is one step behind a pair.

Nothing is divided and no logarithm is taken, so numbers of any sign will do. As long as ``a`` lies
between -1 and 1 no product grows, and what underflows is forgotten, as in the loop.
"""

from __future__ import annotations

import tensorflow as tf

from rnncourse import arguments
from rnncourse.cells import MinGRUCell
from rnncourse.unroll import State, prepare, project_all


def parallel_rnn(
    cell: MinGRUCell, inputs, sequence_length=None, initial_state: State = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Do what ``dynamic_rnn`` does, without its loop, for a cell whose gates see no state.

    Args:
        cell: A minGRU (Feng et al., 2024).
        inputs: Tensor of shape (batch, time, features); the number of steps must be known.
        sequence_length: Integers of shape (batch,), from 0 to the number of steps; by default all
            sequences are whole.
        initial_state: Tensor of shape (batch, units); zeros by default.

    Returns:
        The outputs of shape (batch, time, units), zero past each length, and the state at the last
        valid step, (batch, units).

    Raises:
        TypeError: If the cell is another one, or dtypes differ.
        ValueError: If a shape or a length does not fit, or the number of steps is not known.
    """
    if not isinstance(cell, MinGRUCell):
        raise TypeError(
            "cell must be a MinGRUCell, whose gates do not depend on the state, "
            f"got {type(cell).__name__}"
        )
    run = prepare(cell, inputs, sequence_length, initial_state)
    xz, candidate = tf.split(project_all(cell, run), 2, axis=-1)  # (time, batch, units) each
    z = tf.sigmoid(xz)
    keep, add = 1 - z, z * candidate
    if run.length is not None:
        valid = (tf.range(run.time)[:, None] < run.length)[:, :, None]
        keep, add = tf.where(valid, keep, 1.0), tf.where(valid, add, 0.0)
    states = linear_recurrence(keep, add, run.states[0])
    outputs = states if run.length is None else tf.where(valid, states, 0.0)
    return tf.transpose(outputs, [1, 0, 2]), states[-1]


def linear_recurrence(keep, add, start) -> tf.Tensor:
    r"""The states :math:`h_t = a_t \odot h_{t-1} + b_t` of all steps.

    Its gradient is a recurrence of the same kind, from the last step to the first.

    Args:
        keep: The factors a, (time, ...).
        add: The summands b, of the same shape and dtype.
        start: The state before the first step, of the shape of one step.

    Returns:
        The states after each step, (time, ...).

    Raises:
        ValueError: If the shapes do not fit, or the number of steps is zero or not known.
        TypeError: If the dtypes differ.
    """
    keep, add, start = _checked(keep, add, start)

    @tf.custom_gradient
    def states_of(keep, add, start):
        first = add[:1] + keep[:1] * start
        states = prefixes(keep, tf.concat([first, add[1:]], axis=0))

        def back(arriving):
            keep_next = tf.concat([keep[1:], tf.zeros_like(keep[:1])], axis=0)
            zero = tf.zeros_like(start)
            turned = linear_recurrence(keep_next[::-1], arriving[::-1], zero)
            of_add = turned[::-1]  # all that arrives at a state, from later steps as well
            before = tf.concat([start[None], states[:-1]], axis=0)
            return of_add * before, of_add, of_add[0] * keep[0]

        return states, back

    return states_of(keep, add, start)


def prefixes(keep: tf.Tensor, add: tf.Tensor) -> tf.Tensor:
    """The states of a linear recurrence that starts from zero, by a parallel prefix scan.

    Args:
        keep: Tensor of shape (time, ...).
        add: Tensor of the same shape.

    Returns:
        The states after each step, of the same shape.
    """
    steps = add.shape[0]
    if steps == 1:
        return add
    pairs = steps // 2
    early = slice(0, 2 * pairs, 2)
    late = slice(1, 2 * pairs, 2)
    odd = prefixes(keep[late] * keep[early], keep[late] * add[early] + add[late])
    before = tf.concat([tf.zeros_like(add[:1]), odd], axis=0)[: steps - pairs]
    even = keep[::2] * before + add[::2]  # one step behind a pair, or the first
    woven = tf.stack([even[:pairs], odd], axis=1)  # (pairs, 2, ...)
    woven = tf.reshape(woven, tf.concat([[2 * pairs], tf.shape(add)[1:]], axis=0))
    woven = tf.concat([woven, even[pairs:]], axis=0) if steps % 2 else woven
    return tf.ensure_shape(woven, add.shape)


def _checked(keep, add, start) -> list[tf.Tensor]:
    """The three as tensors, if they fit."""
    given = {"keep": keep, "add": add, "start": start}
    keep, add, start = (arguments.tensor(name, value) for name, value in given.items())
    if add.shape.rank in (None, 0) or not add.shape[0]:
        raise ValueError(
            f"add must have a known number of steps, at least one, as its first axis, "
            f"got shape {add.shape}; dynamic_rnn runs where it is not known"
        )
    for name, value, wanted in (("keep", keep, add.shape), ("start", start, add.shape[1:])):
        if not value.shape.is_compatible_with(wanted):
            raise ValueError(f"{name} must have the shape {wanted}, got {value.shape}")
        if value.dtype != add.dtype:
            raise TypeError(
                f"{name} must have the dtype of add, {add.dtype.name}, got {value.dtype.name}"
            )
    return [keep, add, start]
