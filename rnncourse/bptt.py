r"""Back-propagation through time by hand: a tanh recurrent layer and its gradients, in NumPy.

Forwards, for the steps :math:`t = 0, \dots, T - 1`:

.. math:: Y_t = \tanh(X_t W_x + Y_{t-1} W_y + b), \qquad Y_{-1} = S

Backwards, for a cost :math:`C` of any of the outputs, from the last step to the first. Write
:math:`D_t` for the derivative of :math:`C` by the output :math:`Y_t` where the cost uses it
directly (zero where it does not), and :math:`Z_t` for the sum inside :math:`\tanh`:

.. math::
    \frac{\partial C}{\partial Z_t} &=
        \left(D_t + \frac{\partial C}{\partial Z_{t+1}} W_y^\top\right) \odot (1 - Y_t^2),
        \qquad \frac{\partial C}{\partial Z_T} = 0 \\
    \frac{\partial C}{\partial X_t} &= \frac{\partial C}{\partial Z_t} W_x^\top, \qquad
    \frac{\partial C}{\partial S} = \frac{\partial C}{\partial Z_0} W_y^\top \\
    \frac{\partial C}{\partial W_x} &= \sum_t X_t^\top \frac{\partial C}{\partial Z_t}, \qquad
    \frac{\partial C}{\partial W_y} = \sum_t Y_{t-1}^\top \frac{\partial C}{\partial Z_t}, \qquad
    \frac{\partial C}{\partial b} = \sum_t \sum_{\mathrm{rows}} \frac{\partial C}{\partial Z_t}

The sums over the steps are there because all steps share the weights (Werbos, 1990).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnncourse import arguments


@dataclass(frozen=True)
class Gradients:
    """The derivatives of a cost, each of the shape of what it is the derivative by.

    Attributes:
        inputs: Array of shape (batch, time, features).
        initial_state: Array of shape (batch, units).
        kernel: Array of shape (features, units).
        recurrent_kernel: Array of shape (units, units).
        bias: Array of shape (units,).
        sums: By the sums inside tanh, step by step, array of shape (batch, time, units); the
            gradients of the weights are made of these.
    """

    inputs: np.ndarray
    initial_state: np.ndarray
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    sums: np.ndarray


def forward(inputs, kernel, recurrent_kernel, bias, initial_state=None) -> np.ndarray:
    r"""Run the layer :math:`Y_t = \tanh(X_t W_x + Y_{t-1} W_y + b)` over whole sequences.

    Args:
        inputs: Array :math:`X` of shape (batch, time, features).
        kernel: Array :math:`W_x` of shape (features, units).
        recurrent_kernel: Array :math:`W_y` of shape (units, units).
        bias: Array :math:`b` of shape (units,).
        initial_state: Array :math:`S` of shape (batch, units); zeros by default.

    Returns:
        The outputs of all steps, of shape (batch, time, units); the last is the final state.

    Raises:
        ValueError: If a shape does not fit; the message names the argument.
        TypeError: If an argument does not hold real numbers.
    """
    inputs, kernel, recurrent_kernel, state = _checked(
        inputs, kernel, recurrent_kernel, initial_state
    )
    bias = _array("bias", bias, (kernel.shape[1],))
    with np.errstate(over="ignore", invalid="ignore"):
        projected = inputs @ kernel + bias  # (batch, time, units)
        outputs = np.empty_like(projected)
        for t in range(inputs.shape[1]):
            state = np.tanh(projected[:, t] + state @ recurrent_kernel)
            outputs[:, t] = state
    _check_sums("inputs, kernel, recurrent_kernel, bias and initial_state", outputs)
    return outputs


def backward(
    inputs,
    outputs,
    output_gradients,
    kernel,
    recurrent_kernel,
    initial_state=None,
    truncate: int | None = None,
) -> Gradients:
    r"""Carry the gradient of a cost from the outputs back to inputs, initial state and weights.

    The equations are those of the module. With ``truncate=k`` the derivative by each output goes
    through the last k steps that made it, its own the first of them, and no further: the state
    before these steps counts as a constant. (Cutting a sequence into windows is another way to
    truncate: call :func:`forward` and this function on one window after the other, each with the
    last output of the one before as its initial state.)

    Args:
        inputs: Array :math:`X` of shape (batch, time, features), as given to :func:`forward`.
        outputs: Array :math:`Y` of shape (batch, time, units), as :func:`forward` returned it.
        output_gradients: Array :math:`D` of shape (batch, time, units): the derivative of the cost
            by each output as the cost uses it, zero where it does not.
        kernel: Array :math:`W_x` of shape (features, units).
        recurrent_kernel: Array :math:`W_y` of shape (units, units).
        initial_state: Array :math:`S` of shape (batch, units); zeros by default.
        truncate: Number of steps that a gradient may go back; all by default.

    Returns:
        The gradients.

    Raises:
        ValueError: If a shape does not fit or truncate is not positive; the message names it.
        TypeError: If an argument does not hold real numbers, or truncate is no whole number.
    """
    inputs, kernel, recurrent_kernel, initial_state = _checked(
        inputs, kernel, recurrent_kernel, initial_state
    )
    batch, time, _ = inputs.shape
    shape = (batch, time, kernel.shape[1])
    outputs = _array("outputs", outputs, shape)
    output_gradients = _array("output_gradients", output_gradients, shape)
    if truncate is not None:
        arguments.whole("truncate", truncate)
    with np.errstate(over="ignore", invalid="ignore"):
        slopes = 1 - outputs**2
        if truncate is None:
            sums = _sums(output_gradients, slopes, recurrent_kernel)
        else:
            sums = _truncated_sums(output_gradients, slopes, recurrent_kernel, truncate)
        states = np.concatenate([initial_state[:, None], outputs[:, :-1]], axis=1)  # before a step
        gradients = Gradients(
            inputs=sums @ kernel.T,
            initial_state=sums[:, 0] @ recurrent_kernel.T,
            kernel=np.tensordot(inputs, sums, axes=([0, 1], [0, 1])),
            recurrent_kernel=np.tensordot(states, sums, axes=([0, 1], [0, 1])),
            bias=sums.sum(axis=(0, 1)),
            sums=sums,
        )
    _check_sums(
        "inputs, outputs, output_gradients, kernel, recurrent_kernel and initial_state",
        *vars(gradients).values(),
    )
    return gradients


def _sums(output_gradients, slopes, recurrent_kernel) -> np.ndarray:
    """The gradient by the sums inside tanh, from the last step to the first."""
    sums = np.empty_like(slopes)
    future = 0.0  # what the later steps say of this step's output
    for t in reversed(range(slopes.shape[1])):
        sums[:, t] = (output_gradients[:, t] + future) * slopes[:, t]
        future = sums[:, t] @ recurrent_kernel.T
    return sums


def _truncated_sums(output_gradients, slopes, recurrent_kernel, steps: int) -> np.ndarray:
    """The same, with the gradients of each output kept apart so that the old ones can be dropped.

    ``future[j]`` is what the output j + 1 steps later says of this step's output.
    """
    sums = np.empty_like(slopes)
    future = np.zeros((0, *slopes[:, 0].shape))
    for t in reversed(range(slopes.shape[1])):
        parts = np.concatenate([output_gradients[None, :, t], future]) * slopes[:, t]
        sums[:, t] = parts.sum(axis=0)
        future = parts[: steps - 1] @ recurrent_kernel.T
    return sums


def gradient_norms(cell, inputs, initial_state=None) -> np.ndarray:
    r"""How much of a change of the state is left some steps later, by the number of steps.

    The entry for the lag k is the spectral norm of
    :math:`\partial s_T / \partial s_{T-k} = J_T J_{T-1} \cdots J_{T-k+1}`, the derivative of the
    final state by the state k steps before it, averaged over the batch. A gradient that is sent
    back over k steps grows at most by this factor.

    Args:
        cell: A Keras cell, such as those of :mod:`rnncourse.cells`; a state of several vectors
            counts as one long vector.
        inputs: Array of shape (batch, time, features).
        initial_state: Array of shape (batch, size), or a list of them for a cell with several;
            zeros by default.

    Returns:
        Array of shape (time + 1,): the norms for the lags 0 (which is 1), 1, ..., time.

    Raises:
        ValueError: If a shape does not fit; the message names the argument.
    """
    jacobians = step_jacobians(cell, inputs, initial_state)  # (batch, time, size, size)
    batch, time, size, _ = jacobians.shape
    product = np.broadcast_to(np.eye(size), (batch, size, size))
    norms = np.ones(time + 1)
    for lag in range(1, time + 1):
        product = product @ jacobians[:, time - lag]
        norms[lag] = np.linalg.norm(product, ord=2, axis=(1, 2)).mean()
    return norms


def step_jacobians(cell, inputs, initial_state=None) -> np.ndarray:
    r"""The Jacobian of every step, :math:`J_t = \partial s_t / \partial s_{t-1}`.

    Args:
        cell: As for :func:`gradient_norms`.
        inputs: As for :func:`gradient_norms`.
        initial_state: As for :func:`gradient_norms`.

    Returns:
        Array of shape (batch, time, size, size), float64; row i holds the derivatives of the i-th
        number of the new state.

    Raises:
        ValueError: If a shape does not fit; the message names the argument.
    """
    import tensorflow as tf

    for what in ("state_size", "compute_dtype", "build"):
        if not hasattr(cell, what):
            raise TypeError(f"cell must be a Keras cell, got {arguments.what(cell)}")
    dtype = cell.compute_dtype
    inputs = _array("inputs", inputs, (None, None, None), dtype)
    batch, time, features = inputs.shape
    if not cell.built:
        cell.build((batch, features))
        cell.built = True
    sizes = [int(size) for size in tf.nest.flatten(cell.state_size)]
    size = sum(sizes)
    if initial_state is None:
        state = np.zeros((batch, size))
    else:
        given = tf.nest.flatten(initial_state)
        if len(given) != len(sizes):
            raise ValueError(
                f"initial_state must be {len(sizes)} arrays (batch, size), got {len(given)}"
            )
        parts = zip(given, sizes, strict=True)
        state = np.concatenate(
            [_array("initial_state", s, (batch, n), dtype) for s, n in parts], axis=1
        )

    def step(x, state):
        """The new state, one long vector a row, from the old one."""
        states = tf.nest.pack_sequence_as(_as_list(cell.state_size), tf.split(state, sizes, axis=1))
        return tf.concat(tf.nest.flatten(cell(x, states)[1]), axis=1)

    inputs, state = tf.constant(inputs, dtype), tf.constant(state, dtype)
    states = []  # before each step
    for t in range(time):
        states.append(state)
        state = step(inputs[:, t], state)

    # All steps at once, each repeated once for every number of the state: copy i is for row i.
    x = tf.repeat(tf.reshape(inputs, (batch * time, features)), size, axis=0)
    old = tf.repeat(tf.reshape(tf.stack(states, axis=1), (batch * time, size)), size, axis=0)
    with tf.GradientTape() as tape:
        tape.watch(old)
        asked = tf.reduce_sum(step(x, old) * tf.tile(tf.eye(size, dtype=dtype), [batch * time, 1]))
    gradient = tape.gradient(asked, old, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    jacobians = gradient.numpy().reshape(batch, time, size, size).astype(float)
    _check_sums("cell, inputs and initial_state", jacobians)
    return jacobians


def _as_list(state_size) -> list:
    return list(state_size) if isinstance(state_size, list | tuple) else [state_size]


def _checked(inputs, kernel, recurrent_kernel, initial_state) -> tuple[np.ndarray, ...]:
    """What forward and backward have in common, as arrays of shapes that fit together."""
    inputs = _array("inputs", inputs, (None, None, None))
    batch, _, features = inputs.shape
    kernel = _array("kernel", kernel, (features, None))
    units = kernel.shape[1]
    recurrent_kernel = _array("recurrent_kernel", recurrent_kernel, (units, units))
    if initial_state is None:
        initial_state = np.zeros((batch, units), kernel.dtype)
    return inputs, kernel, recurrent_kernel, _array("initial_state", initial_state, (batch, units))


def _array(name: str, value, shape: tuple[int | None, ...], dtype: str = "float64") -> np.ndarray:
    """The value as an array of finite floating-point numbers; None fits any length but 0."""
    array = arguments.reals(name, value, *shape)
    array = array if array.dtype.kind == "f" else array.astype(float)
    if np.abs(array).max() > np.finfo(_NUMPY.get(dtype, dtype)).max:
        raise ValueError(f"{name} must fit into {dtype}, got {np.abs(array).max():.3g}")
    return array


_NUMPY = {"bfloat16": "float32"}  # as large numbers as NumPy's own type


def _check_sums(what: str, *results: np.ndarray) -> None:
    """Sums of large numbers overflow: better no result than one that is none."""
    if not all(np.isfinite(result).all() for result in results):
        raise ValueError(f"{what} must be small enough for finite results, got larger numbers")
