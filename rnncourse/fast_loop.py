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
        projected: What comes from the input, ``x W + b``, (time, batch, columns); or the input
            itself, (time, batch, features), if ``combine`` projects it.
        states: The states to begin with, each (batch, size). The first is multiplied with the
            kernel.
        recurrent_kernel: Tensor of shape (units, columns).
        weights: What else the cell is given at every step.
        valid: Booleans of shape (time, batch, 1), False where a step does not count and the states
            stay; by default all steps count.
        steps: How many steps are taken, from the first on; by default all.

    Returns:
        The first state after each step, (time, batch, units), zero where a step does not count;
        and the last states. They can be differentiated once.
    """
    given = [projected] if valid is None else [projected, valid]
    steps = _time(projected) if steps is None else steps
    many = len(states)

    def step(now, remembered, states, weights):
        x, *valid = now
        new = combine(x, remembered, states, *weights)
        for counts in valid:
            new = [tf.where(counts, n, s) for n, s in zip(new, states, strict=True)]
        return new

    @tf.custom_gradient
    def loop(projected, kernel, *more):
        first, weights, now = more[:many], more[many:], [projected, *given[1:]]
        reached, products, last = _forward(step, now, kernel, first, weights, steps)

        def back(to_outputs, *to_last, variables=()):
            parameters = [*weights, *variables]

            def pull(now, remembered, states, to_new):
                """Gradients of all that a step is made of, from those of its new states."""
                sources = [now[0], remembered, *states, *parameters]
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(sources)
                    new = step(now, remembered, states, weights)
                found = tape.gradient(new, sources, to_new, tf.UnconnectedGradients.ZERO)
                return found[:2], found[2 : 2 + many], found[2 + many :]

            (d_projected, d_products), d_first, shares = _backward(
                pull, now, products, reached, kernel, to_outputs, to_last, parameters, steps
            )
            d_kernel = _sum_of_products(reached[0][:-1], d_products)
            found = _once([d_projected, d_kernel, *d_first, *shares[: len(weights)]])
            return (found, _once(shares[len(weights) :])) if variables else found

        return (reached[0][1:], *last), back

    arguments = (projected, recurrent_kernel, *states, *weights)
    outputs, *last = loop(*(tf.convert_to_tensor(value) for value in arguments))
    return outputs if valid is None else tf.where(valid, outputs, 0), last


def _forward(step, given, kernel, first, weights, steps):
    """Each state at the beginning and after each step, what came of ``h U``, the last states."""
    time = _time(given[0])
    room = [tf.TensorArray(s.dtype, time + 1, element_shape=s.shape).write(0, s) for s in first]
    shape = (first[0].shape[0], kernel.shape[1])
    products = tf.TensorArray(kernel.dtype, time, element_shape=shape)
    read = _reader(given)

    def body(t, now, states, room, products):
        remembered = tf.matmul(states[0], kernel)
        products = products.write(t, remembered)
        states = step(now, remembered, states, weights)
        room = [kept.write(t + 1, s) for kept, s in zip(room, states, strict=True)]
        return t + 1, read(tf.minimum(t + 1, steps - 1)), states, room, products

    start = (0, read(0), list(first), room, products)
    _, _, last, room, products = tf.while_loop(lambda t, *_: t < steps, body, start)
    return [kept.stack() for kept in room], products.stack(), last


def _backward(pull, given, products, reached, kernel, to_outputs, to_last, parameters, steps):
    """Gradients of what is given and of ``h U``, at all steps; of first states; of parameters."""
    time, across = _time(products), tf.transpose(kernel)
    read_given, read_kept = _reader([to_outputs, *given]), _reader([products, *reached])

    def read(t):
        return read_given(t), read_kept(t)

    (_, *now), (remembered, *states) = read(0)
    one, other = pull(now, remembered, states, to_last)[0]
    apart = [one] if one is other else [one, other]  # two sums that are added have one gradient
    room = [tf.TensorArray(d.dtype, time, element_shape=d.shape) for d in apart]

    def body(t, now, past, to_states, room, shares):
        (to_output, *now), (remembered, *states) = now, past
        to_states = [to_states[0] + to_output, *to_states[1:]]
        sums, to_states, new = pull(now, remembered, states, to_states)
        to_states[0] += tf.matmul(sums[1], across)
        room = [kept.write(t, d) for kept, d in zip(room, sums, strict=False)]
        shares = [share + more for share, more in zip(shares, new, strict=True)]
        return t - 1, *read(tf.maximum(t - 1, 0)), to_states, room, shares

    zeros = [tf.zeros_like(parameter) for parameter in parameters]
    start = (steps - 1, *read(steps - 1), list(to_last), room, zeros)
    *_, d_first, room, shares = tf.while_loop(lambda t, *_: t >= 0, body, start)
    stacked = [kept.stack() for kept in room]
    return (stacked[0], stacked[-1]), d_first, shares


def _reader(values: list) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """What reads the values of one step.

    A loop reads at each step what the next one needs, and hands it on. If it were read where it is
    used, XLA would make one piece of code of both, which computes number by number; and read from a
    tensor instead of an array of them, XLA may compute all of the tensor anew at each step.
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
