"""A GRU layer that learns quickly on a processor: the layer of Keras, in another loop.

The loop is that of :mod:`rnncourse.fast_loop`. It also ends at the last step that any sequence of
the batch has, so that short sequences in a long array cost what they are worth.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from rnncourse import fast_loop
from rnncourse.cells import gated


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
    time = projected.shape[1] or tf.shape(projected)[1]
    valid, steps = None, time
    if mask is not None:
        somewhere = tf.cast(tf.reduce_any(mask, axis=0), tf.int32)
        steps = tf.maximum(1, tf.reduce_max(somewhere * tf.range(1, time + 1)))
        valid = tf.transpose(mask)[:, :, None]

    def combine(projected, remembered, states, bias):
        return [gated(projected, remembered + bias, states[0])]

    first = tf.ensure_shape(initial_state, [projected.shape[0], recurrent_kernel.shape[0]])
    steps_first = tf.transpose(projected, [1, 0, 2])
    outputs, (last,) = fast_loop.run(
        combine, steps_first, [first], recurrent_kernel, recurrent_bias, valid=valid, steps=steps
    )
    return tf.transpose(outputs, [1, 0, 2]), last
