"""A loop whose gradient does at each step only what has to be done in order.

The gradient that TensorFlow derives for a loop does at every step all that has to do with that
step: among it a product that adds this step's share to the gradient of the recurrent kernel. But
only one thing has to be done in order, and that is to hand the gradient of the state from each step
to the one before it. The shares of all steps can wait until they are known, and are then one large
product, of the states of all steps with the gradients of all steps.

For that a cell must meet its past in one product, ``h U``, and do the rest without the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

Combine = Callable[..., list[tf.Tensor]]


def run(
    combine: Combine,
    projected: tf.Tensor,
    states: Sequence[tf.Tensor],
    recurrent_kernel,
    *weights,
    valid=None,
    steps=None,
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Run a cell whose new states are made of ``x W + b``, ``h U`` and the old states.

    Args:
        combine: The cell, for the tensors of one step:
            ``combine(projected, remembered, states, *weights) -> new states``. It may also use
            variables.
        projected: What comes from the input, (time, batch, columns).
        states: The states to begin with, each (batch, size). The first is multiplied with the
            kernel.
        recurrent_kernel: Tensor of shape (units, columns).
        weights: What else the cell is given at every step.
        valid: Booleans of shape (time, batch, 1), False where a step does not count and the states
            stay; by default all steps count.
        steps: How many steps are taken, from the first on; by default all.

    Returns:
        The first state after each step, (time, batch, units), and the last states. They can be
        differentiated once.
    """
    masks = [] if valid is None else [valid]
    steps = _time(projected) if steps is None else steps

    def step(projected, remembered, states, weights, valid=None):
        new = combine(projected, remembered, states, *weights)
        if valid is None:
            return new
        return [tf.where(valid, n, s) for n, s in zip(new, states, strict=True)]

    @tf.custom_gradient
    def loop(projected, kernel, *more):
        first, weights = more[: len(states)], more[len(states) :]
        after, remembered, last = _forward(step, projected, kernel, first, weights, masks, steps)

        def back(to_after, *to_last, variables=()):
            before = [tf.concat([s[None], a[:-1]], 0) for s, a in zip(first, after, strict=True)]
            sums, across = [projected, remembered], tf.transpose(kernel)
            d_projected, d_remembered, d_first, d_weights, d_variables = _backward(
                step, sums, before, weights, variables, masks, across, to_after, to_last, steps
            )
            d_kernel = _sum_of_products(before[0], d_remembered)
            found = _once([d_projected, d_kernel, *d_first, *d_weights])
            return (found, _once(d_variables)) if variables else found

        return (after[0], *last), back

    given = (projected, recurrent_kernel, *states, *weights)
    after, *last = loop(*(tf.convert_to_tensor(value) for value in given))
    return after, last


def _forward(step, projected, kernel, first, weights, masks, steps):
    """All states after each step, what came of ``h U`` at each, and the last states."""
    batch, time = first[0].shape[0], _time(projected)
    room = [tf.TensorArray(s.dtype, time, element_shape=s.shape) for s in first]
    products = tf.TensorArray(kernel.dtype, time, element_shape=(batch, kernel.shape[1]))
    read = _reader([projected, *masks])

    def body(t, now, states, room, products):
        x, *valid = now
        remembered = tf.matmul(states[0], kernel)
        states = step(x, remembered, states, weights, *valid)
        room = [kept.write(t, s) for kept, s in zip(room, states, strict=True)]
        products = products.write(t, remembered)
        return t + 1, read(tf.minimum(t + 1, steps - 1)), states, room, products

    start = (0, read(0), list(first), room, products)
    _, _, last, room, products = tf.while_loop(lambda t, *_: t < steps, body, start)
    return [kept.stack() for kept in room], products.stack(), last


def _backward(
    step, sums, before, weights, variables, masks, across, to_after, to_last, steps
):  # fmt: skip
    """Gradients of both sums at all steps, of the first states, of weights and of variables."""
    batch, time, many = to_last[0].shape[0], _time(to_after), len(before)
    shape = (batch, across.shape[0])
    room = [tf.TensorArray(across.dtype, time, element_shape=shape) for _ in sums]
    read = _reader([to_after, *sums, *before, *masks])
    parameters = [*weights, *variables]

    def body(t, now, ds, room, d_parameters):
        to_output, projected, remembered, *now = now
        states, valid = now[:many], now[many:]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            sources = [projected, remembered, *states, *parameters]
            tape.watch(sources)
            new = step(projected, remembered, states, weights, *valid)
        found = tape.gradient(new, sources, [ds[0] + to_output, *ds[1:]], _ZERO)
        room = [kept.write(t, d) for kept, d in zip(room, found[:2], strict=True)]
        product = tf.matmul(found[1], across)
        ds, shares = [found[2] + product, *found[3 : 2 + many]], found[2 + many :]
        d_parameters = [d + share for d, share in zip(d_parameters, shares, strict=True)]
        return t - 1, read(tf.maximum(t - 1, 0)), ds, room, d_parameters

    zeros = [tf.zeros_like(parameter) for parameter in parameters]
    start = (steps - 1, read(steps - 1), list(to_last), room, zeros)
    _, _, d_first, room, found = tf.while_loop(lambda t, *_: t >= 0, body, start)
    parts = found[: len(weights)], found[len(weights) :]
    return *(kept.stack() for kept in room), d_first, *parts


_ZERO = tf.UnconnectedGradients.ZERO


def _reader(values: list) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """What reads the values of one step.

    A loop reads at each step what the next one needs, and hands it on. If it were read where it is
    used, XLA would make one piece of code of both, which computes number by number.
    """
    arrays = [
        tf.TensorArray(value.dtype, _time(value), clear_after_read=False).unstack(value)
        for value in values
    ]
    return lambda t: [array.read(t) for array in arrays]


def _time(value):
    return value.shape[0] or tf.shape(value)[0]


def _sum_of_products(before, given):
    """The sum over steps and batch of outer products: the gradient of a recurrent kernel."""
    flat = [tf.reshape(v, [-1, v.shape[-1]]) for v in (before, given)]
    return tf.matmul(*flat, transpose_a=True)


def _once(gradients) -> list:
    """The same gradients; who differentiates them once more gets a LookupError."""
    message = "a fast loop has no second derivative"
    return [tf.raw_ops.PreventGradient(input=g, message=message) for g in gradients]
