"""Recurrent cells: one step of a network with a memory, ten lines of equations each.

A cell is a function ``f: (x, s) -> (y, s')``, written as a Keras layer. It runs in
``keras.layers.RNN``, in the unrollers of :mod:`rnncourse.unroll`, and by hand:

    output, states = cell(inputs, states)

``inputs`` has the shape (batch, features), ``states`` is a list of (batch, size). Weights are laid
out as Keras has them, one block of columns a gate: ``kernel`` (features, gates * units),
``recurrent_kernel`` (units, gates * units), ``bias`` (gates * units,).

In the equations ``x W + b`` is everything that comes from the input. It does not depend on the
state, so a cell computes it apart, in ``project``, and an unroller may do so for all steps at once;
``step`` does the rest. Most cells meet their past in one product, ``h U``; what they make of both
sums is then in ``combine``.
"""

from __future__ import annotations

from numbers import Integral

import keras
import numpy as np
from keras import ops
from keras.ops import sigmoid, tanh


@keras.saving.register_keras_serializable(package="rnncourse")
class Cell(keras.layers.Layer):
    """What all cells have in common: the weights from the input, and the order of the steps.

    Args:
        units: Size of the state and, unless the cell says otherwise, of the output.

    Raises:
        ValueError: If units is not a positive integer, or later if inputs or states do not fit.
    """

    gates = 1  # blocks of columns in the kernel
    vectors = 1  # vectors that are handed from step to step

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = _positive("units", units)

    @property
    def state_size(self) -> int | list[int]:
        """Size of the state, or of each state in order."""
        return self.units if self.vectors == 1 else [self.units] * self.vectors

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self.units

    @property
    def columns(self) -> int:
        """Columns of the kernels."""
        return self.gates * self.units

    def build(self, input_shape) -> None:
        """Make the weights for inputs of shape (batch, features)."""
        rows, columns = self._sizes()[0], self.columns
        self.kernel = self.add_weight((input_shape[-1], columns), "glorot_uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(
            (rows, columns), "orthogonal", name="recurrent_kernel"
        )
        self.bias = self.add_weight(self._bias_shape(), self._bias_start, name="bias")

    def call(self, inputs, states, training: bool = False):
        """One step.

        Args:
            inputs: Tensor of shape (batch, features).
            states: List of tensors of shape (batch, size), as many as the cell has.
            training: For cells that behave differently while they learn; these do not.

        Returns:
            The output of shape (batch, output_size), and the list of new states.
        """
        projected = self.project(inputs)
        if len(inputs.shape) != 2:
            raise ValueError(
                f"inputs of {self.name} must have the shape (batch, features), "
                f"got {tuple(inputs.shape)}"
            )
        return self.step(projected, self._checked(states, inputs.shape[0]))

    def project(self, inputs):
        """What comes from the input, ``x W + b``; works on any number of leading axes."""
        shape = _shape("inputs", self, inputs)
        if shape[-1:] != (self.kernel.shape[0],):
            raise ValueError(
                f"inputs of {self.name} must have {self.kernel.shape[0]} features, "
                f"got shape {shape}"
            )
        return ops.matmul(inputs, self.kernel) + self._input_bias()

    def step(self, projected, states):
        """One step from the projected input: the product with the first state, and the rest."""
        remembered = ops.matmul(states[0], self.recurrent_kernel)
        return self.combine(projected, remembered, states)

    def combine(self, projected, remembered, states):
        """The equations of the cell, from ``x W + b``, ``h U`` and the list of states."""
        raise NotImplementedError

    @property
    def one_product(self) -> bool:
        """Whether a step is one product and ``combine``, and its output is its first state."""
        return type(self).step is Cell.step

    def get_initial_state(self, batch_size=None):
        """A list of zeros, one tensor a state."""
        return [ops.zeros((batch_size, size), self.compute_dtype) for size in self._sizes()]

    def get_config(self) -> dict:
        """What the constructor needs to make the cell again."""
        return super().get_config() | {"units": self.units}

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.columns,)

    def _bias_start(self, shape, dtype=None):
        return ops.zeros(shape, dtype)

    def _input_bias(self):
        return self.bias

    def _sizes(self) -> list[int]:
        return [self.state_size] if isinstance(self.state_size, int) else list(self.state_size)

    def _checked(self, states, batch: int | None) -> list:
        if not isinstance(states, list | tuple):
            kind = type(states).__name__
            raise ValueError(f"states of {self.name} must be a list of tensors, got {kind}")
        shapes = [_shape("states", self, state) for state in states]
        if [shape[-1] if shape else None for shape in shapes] != self._sizes():
            raise ValueError(
                f"states of {self.name} must be {len(self._sizes())} of (batch, size) with the "
                f"sizes {self._sizes()}, got {shapes}"
            )
        known = (batch, None)  # None for a batch that a graph does not know yet
        if not all(len(shape) == 2 and (batch is None or shape[0] in known) for shape in shapes):
            raise ValueError(
                f"states of {self.name} must have the batch of the inputs, {batch}, got {shapes}"
            )
        return list(states)


@keras.saving.register_keras_serializable(package="rnncourse")
class ElmanCell(Cell):
    r"""The basic cell: the state is the output (Elman, 1990).

    .. math:: h' = \tanh(x W + h U + b), \qquad y = h'
    """

    def combine(self, projected, remembered, states):
        """One step."""
        h = tanh(projected + remembered)
        return h, [h]


@keras.saving.register_keras_serializable(package="rnncourse")
class BasicCell(Cell):
    r"""A basic cell whose output and state are two maps (Albert's handout of 2017, section 4.1).

    .. math:: y = \mathrm{relu}(x A_u + s B_u + b_u), \qquad s' = \tanh(x A_v + s B_v + b_v)

    The columns of the kernels are those of the output first, then those of the state.

    Args:
        units: Size of the output.
        state_units: Size of the state; by default that of the output.
    """

    def __init__(self, units: int, state_units: int | None = None, **kwargs):
        super().__init__(units, **kwargs)
        self.state_units = (
            self.units if state_units is None else _positive("state_units", state_units)
        )

    @property
    def state_size(self) -> int:
        """Size of the state."""
        return self.state_units

    @property
    def columns(self) -> int:
        """Columns of the kernels: the output's, then the state's."""
        return self.units + self.state_units

    def step(self, projected, states):
        """One step."""
        (s,) = states
        total = projected + ops.matmul(s, self.recurrent_kernel)
        u, v = ops.split(total, [self.units], axis=-1)
        return ops.relu(u), [tanh(v)]

    def get_config(self) -> dict:
        """What the constructor needs to make the cell again."""
        return super().get_config() | {"state_units": self.state_units}


@keras.saving.register_keras_serializable(package="rnncourse")
class JordanCell(Cell):
    r"""A cell that is fed its own answer: the state is the output of the second map (Jordan, 1986).

    .. math:: h = \tanh(x W + y U + b), \qquad y' = \sigma(h W_y + b_y)

    Args:
        units: Size of the hidden layer.
        output_units: Size of the output, which is the state.
    """

    def __init__(self, units: int, output_units: int, **kwargs):
        super().__init__(units, **kwargs)
        self.output_units = _positive("output_units", output_units)

    @property
    def state_size(self) -> int:
        """Size of the state, which is the output."""
        return self.output_units

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self.output_units

    def build(self, input_shape) -> None:
        """Make the weights for inputs of shape (batch, features)."""
        super().build(input_shape)
        shape = (self.units, self.output_units)
        self.output_kernel = self.add_weight(shape, "glorot_uniform", name="output_kernel")
        self.output_bias = self.add_weight((self.output_units,), "zeros", name="output_bias")

    def step(self, projected, states):
        """One step."""
        (y,) = states
        h = tanh(projected + ops.matmul(y, self.recurrent_kernel))
        y = sigmoid(ops.matmul(h, self.output_kernel) + self.output_bias)
        return y, [y]

    def get_config(self) -> dict:
        """What the constructor needs to make the cell again."""
        return super().get_config() | {"output_units": self.output_units}


@keras.saving.register_keras_serializable(package="rnncourse")
class LSTMPrototypeCell(Cell):
    r"""The "gen 1" LSTM of Larson's lecture notes of 2017: one state, the output gate inside.

    .. math::
        i, f, o &= \sigma(x W_{i,f,o} + s U_{i,f,o} + b_{i,f,o}) \\
        \tilde s &= \tanh(x W_c + (o \odot s) U_c + b_c) \\
        s' &= f \odot s + i \odot \tilde s, \qquad y = s'
    """

    gates = 4

    def step(self, projected, states):
        """One step."""
        (s,) = states
        xi, xf, xc, xo = ops.split(projected, 4, axis=-1)
        Ui, Uf, Uc, Uo = ops.split(self.recurrent_kernel, 4, axis=-1)
        i = sigmoid(xi + ops.matmul(s, Ui))
        f = sigmoid(xf + ops.matmul(s, Uf))
        o = sigmoid(xo + ops.matmul(s, Uo))
        candidate = tanh(xc + ops.matmul(o * s, Uc))
        s = f * s + i * candidate
        return s, [s]


@keras.saving.register_keras_serializable(package="rnncourse")
class LSTMCell(Cell):
    r"""Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gate by Gers et al., 2000).

    .. math::
        i &= \sigma(x W_i + h U_i + b_i), \qquad f = \sigma(x W_f + h U_f + b_f) \\
        c' &= f \odot c + i \odot \tanh(x W_c + h U_c + b_c) \\
        o &= \sigma(x W_o + h U_o + b_o), \qquad h' = o \odot \tanh(c'), \qquad y = h'

    With peepholes (Gers and Schmidhuber, 2000) the gates also see the memory, each through one
    weight a unit: :math:`c \odot p_i` and :math:`c \odot p_f` are added in the first line,
    :math:`c' \odot p_o` in the last. The states are :math:`h` and :math:`c`, in this order. The
    bias of the forget gate starts at 1.

    Args:
        units: Size of the output and of either state.
        peephole: Whether the gates see the memory.
    """

    gates = 4
    vectors = 2

    def __init__(self, units: int, peephole: bool = False, **kwargs):
        super().__init__(units, **kwargs)
        self.peephole = _yes_or_no("peephole", peephole)

    def build(self, input_shape) -> None:
        """Make the weights for inputs of shape (batch, features)."""
        super().build(input_shape)
        if self.peephole:
            self.peepholes = self.add_weight((3, self.units), "glorot_uniform", name="peepholes")

    def combine(self, projected, remembered, states):
        """One step."""
        _, c = states
        zi, zf, zc, zo = ops.split(projected + remembered, 4, axis=-1)
        if self.peephole:
            zi, zf = zi + c * self.peepholes[0], zf + c * self.peepholes[1]
        c = sigmoid(zf) * c + sigmoid(zi) * tanh(zc)
        if self.peephole:
            zo = zo + c * self.peepholes[2]
        h = sigmoid(zo) * tanh(c)
        return h, [h, c]

    def _bias_start(self, shape, dtype=None):
        return ops.repeat(ops.cast([0, 1, 0, 0], dtype), self.units)

    def get_config(self) -> dict:
        """What the constructor needs to make the cell again."""
        return super().get_config() | {"peephole": self.peephole}


@keras.saving.register_keras_serializable(package="rnncourse")
class GRUCell(Cell):
    r"""Gated recurrent unit (Cho et al., 2014).

    .. math::
        z &= \sigma(x W_z + h U_z + b_z), \qquad r = \sigma(x W_r + h U_r + b_r) \\
        \tilde h &= \tanh(x W_h + (r \odot h) U_h + b_h) \\
        h' &= z \odot h + (1 - z) \odot \tilde h, \qquad y = h'

    With ``reset_after`` the reset gate acts after the product, :math:`r \odot (h U_h + b'_h)`, so
    that all three products with the state are one; the bias then has two rows, the second for the
    state.

    Args:
        units: Size of the output and of the state.
        reset_after: Whether the reset gate acts after the product with the recurrent kernel.
    """

    gates = 3

    def __init__(self, units: int, reset_after: bool = False, **kwargs):
        super().__init__(units, **kwargs)
        self.reset_after = _yes_or_no("reset_after", reset_after)

    def step(self, projected, states):
        """One step."""
        if self.reset_after:
            return super().step(projected, states)
        (h,) = states
        xz, xr, xh = ops.split(projected, 3, axis=-1)
        Uzr, Uh = ops.split(self.recurrent_kernel, [2 * self.units], axis=-1)
        hz, hr = ops.split(ops.matmul(h, Uzr), 2, axis=-1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        candidate = tanh(xh + ops.matmul(r * h, Uh))
        h = z * h + (1 - z) * candidate
        return h, [h]

    def combine(self, projected, remembered, states):
        """One step with ``reset_after``."""
        h = gated(projected, remembered + self.bias[1], states[0])
        return h, [h]

    @property
    def one_product(self) -> bool:
        """Whether a step is one product and ``combine``."""
        return self.reset_after and type(self).step is GRUCell.step

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, self.columns) if self.reset_after else (self.columns,)

    def _input_bias(self):
        return self.bias[0] if self.reset_after else self.bias

    def get_config(self) -> dict:
        """What the constructor needs to make the cell again."""
        return super().get_config() | {"reset_after": self.reset_after}


@keras.saving.register_keras_serializable(package="rnncourse")
class MinGRUCell(Cell):
    r"""The GRU with all that depends on the past taken out of its gates (Feng et al., 2024).

    .. math::
        z = \sigma(x W_z + b_z), \qquad h' = (1 - z) \odot h + z \odot (x W_h + b_h), \qquad y = h'

    Given the inputs, the state is a linear recurrence, which can be computed for all steps in
    parallel; there is no recurrent kernel.
    """

    gates = 2

    def build(self, input_shape) -> None:
        """Make the weights for inputs of shape (batch, features)."""
        columns = 2 * self.units
        self.kernel = self.add_weight((input_shape[-1], columns), "glorot_uniform", name="kernel")
        self.bias = self.add_weight((columns,), "zeros", name="bias")

    def step(self, projected, states):
        """One step."""
        (h,) = states
        xz, candidate = ops.split(projected, 2, axis=-1)
        z = sigmoid(xz)
        h = (1 - z) * h + z * candidate
        return h, [h]


def gated(projected, remembered, h):
    """The next state of a GRU whose reset gate acts after the product."""
    xz, xr, xh = ops.split(projected, 3, axis=-1)
    hz, hr, hh = ops.split(remembered, 3, axis=-1)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    candidate = tanh(xh + r * hh)
    return z * h + (1 - z) * candidate


def _positive(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a positive integer, got {value!r}")
    if value >= 2**31:
        raise ValueError(f"{name} must be less than 2**31, got {value}")
    return int(value)


def _yes_or_no(name: str, value: bool) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return value


def _shape(name: str, cell: Cell, value) -> tuple[int | None, ...]:
    """The shape of a tensor or an array of real numbers."""
    if not (ops.is_tensor(value) or isinstance(value, keras.KerasTensor | np.ndarray)):
        raise TypeError(f"{name} of {cell.name} must be tensors, got {type(value).__name__}")
    dtype = str(getattr(value.dtype, "name", value.dtype))
    if "float" not in dtype and "int" not in dtype:
        raise TypeError(f"{name} of {cell.name} must hold real numbers, got {dtype}")
    return tuple(value.shape)
