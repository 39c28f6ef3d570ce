"""A GRU layer that learns quickly on a processor: the layer of Keras, with another loop.

Going back through time, the loop of an automatic gradient does at every step all that has to do
with that step: among it a product that adds this step's share to the gradient of the recurrent
kernel. Only one thing has to be done in order, and that is to hand the gradient of the state from
each step to the one before it. The rest can wait until all steps are known:

* Given the states, the gates of all steps are computed in one go, and with them the slopes of
  everything that a step feeds on. What is handed back is then linear in what arrives, and a step
  of the reverse loop is a multiplication and one product of matrices.
* The gradient of the recurrent kernel is one product, of the states of all steps with the gradients
  of all steps.

The loops also end at the last step that any sequence of the batch has, so that short sequences in a
long array cost what they are worth.
"""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="rnncourse")
class FastGRU(keras.layers.GRU):
    """``keras.layers.GRU``, with the same weights, values and gradients, and quicker to train.

    Made for ``tf.function(jit_compile=True)``; it also works without. Weights may be carried to
    and from a ``keras.layers.GRU`` with ``get_weights`` and ``set_weights``. Where a mask says that
    a step does not count, the state stays and the output is zero.

    Args:
        units: Size of the state and of the output.
        kwargs: As for ``keras.layers.GRU``, without what this layer does not know: other
            activations, dropout within the loop, unrolling, no bias, and the reset gate before the
            product.

    Raises:
        ValueError: If an argument asks for something that this layer does not know.
    """

    def __init__(self, units: int, **kwargs):
        for name, only in _ONLY.items():
            if kwargs.setdefault(name, only) != only:
                raise ValueError(f"{name} of FastGRU must be {only!r}, got {kwargs[name]!r}")
        super().__init__(units, **kwargs)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """All steps; called by Keras."""
        (first,) = keras.tree.flatten(initial_state)
        mask = None if mask is None else keras.tree.flatten(mask)[0]
        if self.go_backwards:
            sequences = tf.reverse(sequences, [1])
            mask = None if mask is None else tf.reverse(mask, [1])
        bias, recurrent_bias = tf.unstack(self.cell.bias)
        projected = tf.matmul(sequences, self.cell.kernel) + bias  # (batch, time, 3 * units)
        outputs, state = gru(projected, first, self.cell.recurrent_kernel, recurrent_bias, mask)
        return state, outputs, [state]


_ONLY = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "unroll": False,
    "use_bias": True,
    "reset_after": True,
    "zero_output_for_mask": True,
}


def gru(projected, initial_state, recurrent_kernel, recurrent_bias, mask=None):
    r"""Run a GRU whose reset gate acts after the product.

    .. math::
        z &= \sigma(x_z + h U_z + b_z), \qquad r = \sigma(x_r + h U_r + b_r) \\
        \tilde h &= \tanh(x_h + r \odot (h U_h + b_h)) \\
        h' &= z \odot h + (1 - z) \odot \tilde h

    Args:
        projected: What comes from the input, (batch, time, 3 * units), gates in the order z, r, h.
        initial_state: Tensor of shape (batch, units).
        recurrent_kernel: Tensor of shape (units, 3 * units).
        recurrent_bias: Tensor of shape (3 * units,).
        mask: Booleans of shape (batch, time), False where a step does not count.

    Returns:
        The states after each step, (batch, time, units), zero where a step does not count; and the
        last state, (batch, units).
    """
    counts, steps = what_counts(projected, mask)

    @tf.custom_gradient
    def run(x, first, kernel, bias):
        states, last, gates = _forward(x, first, kernel, bias, counts, steps)

        def back(*given):
            return once(_backward(given, first, states, gates, kernel, counts, steps))

        return (states, last), back

    first = tf.ensure_shape(initial_state, [projected.shape[0], recurrent_kernel.shape[0]])
    arguments = (tf.transpose(projected, [1, 0, 2]), first, recurrent_kernel, recurrent_bias)
    states, last = run(*(tf.convert_to_tensor(argument) for argument in arguments))
    outputs = states if counts is None else states * counts
    return tf.transpose(outputs, [1, 0, 2]), last


def what_counts(projected, mask):
    """A mask as numbers of shape (time, batch, 1), and the number of steps up to the last of them.

    Without a mask None, and all steps.
    """
    time = projected.shape[1] or tf.shape(projected)[1]
    if mask is None:
        return None, time
    somewhere = tf.cast(tf.reduce_any(mask, axis=0), tf.int32)
    last = tf.maximum(1, tf.reduce_max(somewhere * tf.range(1, time + 1)))
    return tf.cast(tf.transpose(mask)[:, :, None], projected.dtype), last


def once(gradients) -> list[tf.Tensor]:
    """The same gradients; who differentiates them once more gets a LookupError."""
    message = "a fast loop has no second derivative"
    return [tf.raw_ops.PreventGradient(input=g, message=message) for g in gradients]


def product_of_all_steps(before, given):
    """The sum over steps and batch of outer products: the gradient of a recurrent kernel."""
    flat = [tf.reshape(v, [-1, v.shape[-1]]) for v in (before, given)]
    return tf.matmul(*flat, transpose_a=True)


def _gates(x, remembered):
    """Update gate, reset gate, candidate, and what the reset gate multiplies."""
    xz, xr, xh = tf.split(x, 3, axis=-1)
    hz, hr, hh = tf.split(remembered, 3, axis=-1)
    reset = tf.sigmoid(xr + hr)
    return tf.sigmoid(xz + hz), reset, tf.tanh(xh + reset * hh), hh


def _forward(x, first, kernel, bias, counts, steps):
    """States after each step, (time, batch, units), the last, (batch, units), and the gates."""
    time = x.shape[0] or tf.shape(x)[0]
    batch, units = first.shape
    states = tf.TensorArray(x.dtype, time, element_shape=(batch, units))
    gates = tf.TensorArray(x.dtype, time, element_shape=(batch, 4 * units))

    def body(t, h, states, gates):
        update, reset, candidate, hh = _gates(x[t], tf.matmul(h, kernel) + bias)
        new = candidate + update * (h - candidate)
        if counts is not None:
            new = h + counts[t] * (new - h)
        gates = gates.write(t, tf.concat([update, reset, candidate, hh], axis=-1))
        return t + 1, new, states.write(t, new), gates

    start = (0, first, states, gates)
    _, last, states, gates = tf.while_loop(lambda t, *_: t < steps, body, start)
    return states.stack(), last, gates.stack()


def _backward(given, first, states, gates, kernel, counts, steps):
    """Gradients of x, first, kernel and bias, from those of the states and of the last."""
    to_states, to_last = given
    before = tf.concat([first[None], states[:-1]], axis=0)  # (time, batch, units)
    update, reset, candidate, hh = tf.split(gates, 4, axis=-1)
    to_candidate = (1 - update) * (1 - candidate**2)
    to_update = (before - candidate) * update * (1 - update)
    to_reset = to_candidate * hh * reset * (1 - reset)
    slopes = tf.concat([to_update, to_reset, to_candidate * reset], axis=-1)
    slopes_of_x = tf.concat([to_update, to_reset, to_candidate], axis=-1)
    if counts is not None:
        slopes, slopes_of_x = slopes * counts, slopes_of_x * counts
        update = update * counts + 1 - counts
    across = tf.transpose(kernel)
    arrived = tf.TensorArray(gates.dtype, tf.shape(gates)[0], element_shape=first.shape)

    def body(t, dh, arrived):
        dh = dh + to_states[t]
        through = tf.matmul(tf.tile(dh, [1, 3]) * slopes[t], across)
        return t - 1, dh * update[t] + through, arrived.write(t, dh)

    start = (steps - 1, to_last, arrived)
    _, d_first, arrived = tf.while_loop(lambda t, *_: t >= 0, body, start)
    dh = arrived.stack()  # what arrives at each state, (time, batch, units)
    dh = tf.tile(dh, [1, 1, 3])
    d_x, d_remembered = dh * slopes_of_x, dh * slopes
    d_kernel = product_of_all_steps(before, d_remembered)
    return d_x, d_first, d_kernel, tf.reduce_sum(d_remembered, axis=[0, 1])
