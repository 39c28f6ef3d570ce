"""Muon: Adam, but a matrix goes equally far in all directions."""

from __future__ import annotations

import re

import keras
from keras import ops

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of Jordan et al., chosen for speed


def orthogonalised(matrix, steps: int = 5):
    """Bring the singular values of a matrix near 1 and leave its singular vectors as they are.

    Newton-Schulz iteration, which needs nothing but products: each step maps every singular value
    ``s`` to ``3.4445 s - 4.775 s**3 + 2.0315 s**5``. After five steps those that were not tiny lie
    between about 0.7 and 1.2 (Jordan et al., 2024).

    Args:
        matrix: Tensor of shape (..., rows, columns).
        steps: Number of iterations.

    Returns:
        Tensor of the same shape.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[-2] > matrix.shape[-1]
    x = ops.swapaxes(matrix, -1, -2) if tall else matrix
    x = x / (ops.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
    for _ in range(steps):
        square = ops.matmul(x, ops.swapaxes(x, -1, -2))
        x = a * x + ops.matmul(b * square + c * ops.matmul(square, square), x)
    return ops.swapaxes(x, -1, -2) if tall else x


@keras.saving.register_keras_serializable(package="rnncourse")
class Muon(keras.optimizers.Adam):
    """Adam for all weights but the recurrent kernels, whose gates are stepped by Muon.

    A step of Muon is the gradient's running mean, made orthogonal: all its singular values are
    brought to about 1, so that directions in which the gradient is small are learnt as fast as
    those in which it is large (Jordan et al., 2024). A recurrent kernel holds one square matrix a
    gate, side by side, and each is made orthogonal on its own. ``keras.optimizers.Muon`` takes the
    kernel as one matrix, and differs from one version of Keras to the next.

    Args:
        learning_rate: For the weights under Adam; a number or a schedule.
        ratio: Learning rate of the matrices as a share of the other. An entry of an orthogonal
            step of n x n has the size 1 / sqrt(n) in the mean, that of Adam about 0.2 to 1; the
            step is multiplied by 0.2 sqrt(n), so that one learning rate serves both (Liu et al.,
            2025).
        momentum: How much of the running mean is kept at each step.
        only: Regular expression: matrices with such a path go by Muon.
        kwargs: As for ``keras.optimizers.Adam``.
    """

    def __init__(
        self,
        learning_rate=0.001,
        ratio: float = 1.0,
        momentum: float = 0.95,
        only: str = "recurrent_kernel",
        **kwargs,
    ):
        super().__init__(learning_rate, **kwargs)
        self.ratio = ratio
        self.momentum = momentum
        self.only = only

    def update_step(self, gradient, variable, learning_rate):
        """One step of one weight; called by Keras."""
        index = self._get_variable_index(variable)
        if index not in self._matrices:
            super().update_step(gradient, variable, learning_rate)
            return
        mean = self._momentums[index]
        new = self.momentum * mean + gradient
        self.assign(mean, new)
        ahead = gradient + self.momentum * new  # as Nesterov's
        rows, columns = variable.shape
        gates = ops.reshape(ahead, (rows, columns // rows, rows))
        step = ops.swapaxes(orthogonalised(ops.swapaxes(gates, 0, 1)), 0, 1)
        size = 0.2 * rows**0.5 * self.ratio * ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, size * ops.reshape(step, (rows, columns)))

    def build(self, variables) -> None:
        """Make what is remembered for each weight, and find those that go by Muon."""
        super().build(variables)
        self._matrices = {i for i, variable in enumerate(variables) if self._is_matrix(variable)}

    def _is_matrix(self, variable) -> bool:
        if re.search(self.only, variable.path) is None:
            return False
        if len(variable.shape) != 2 or variable.shape[1] % variable.shape[0]:
            raise ValueError(
                f"only={self.only!r} must name matrices of (n, gates * n), "
                f"got {variable.path} of shape {tuple(variable.shape)}"
            )
        return True

    def get_config(self) -> dict:
        """What the constructor needs to make the optimiser again."""
        mine = {"ratio": self.ratio, "momentum": self.momentum, "only": self.only}
        return super().get_config() | mine
