"""JAX's ``lax.scan`` over cells written by hand, as a form to be timed.

Run by ``benchmarks.speed``.
"""

import jax
import jax.numpy as jnp
import numpy as np
from talk import CLASSES, GATES, Case, serve

sigmoid, tanh = jax.nn.sigmoid, jnp.tanh


def simple(projected, states, kernel, bias):
    """One step of the basic cell."""
    (h,) = states
    h = tanh(projected + h @ kernel + bias)
    return (h,)


def lstm(projected, states, kernel, bias):
    """One step of an LSTM."""
    h, c = states
    i, f, g, o = jnp.split(projected + h @ kernel + bias, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def gru(projected, states, kernel, bias):
    """One step of a GRU whose reset gate acts after the product."""
    (h,) = states
    xz, xr, xh = jnp.split(projected, 3, axis=-1)
    hz, hr, hh = jnp.split(h @ kernel + bias, 3, axis=-1)
    z = sigmoid(xz + hz)
    return (z * h + (1 - z) * tanh(xh + sigmoid(xr + hr) * hh),)


CELLS = {"SimpleRNN": simple, "LSTM": lstm, "GRU": gru}


def form(case: Case):
    """Inputs projected in one product, the rest in a scan, all of it compiled."""
    rng = np.random.default_rng(0)
    columns, cell = GATES[case.cell] * case.units, CELLS[case.cell]
    shapes = [(case.features, columns), (case.units, columns), (columns,), (case.units, CLASSES)]
    weights = [jnp.asarray(rng.normal(size=s, scale=0.1), jnp.float32) for s in shapes]
    x = jnp.asarray(rng.normal(size=(case.batch, case.time, case.features)), jnp.float32)
    labels = jnp.asarray(rng.integers(0, CLASSES, case.batch))
    start = (jnp.zeros((case.batch, case.units)),) * (2 if case.cell == "LSTM" else 1)

    def logits(weights, x):
        kernel, recurrent, bias, dense = weights
        projected = x.swapaxes(0, 1) @ kernel
        states, _ = jax.lax.scan(
            lambda states, step: (cell(step, states, recurrent, bias), None), start, projected
        )
        return states[0] @ dense

    def loss(weights, x, labels):
        chosen = jax.nn.log_softmax(logits(weights, x))[jnp.arange(case.batch), labels]
        return -chosen.mean()

    @jax.jit
    def step(weights, x, labels):
        value, gradients = jax.value_and_grad(loss)(weights, x, labels)
        return value, [w - 0.01 * g for w, g in zip(weights, gradients, strict=True)]

    forwards = jax.jit(logits)

    def train():
        nonlocal weights
        value, weights = jax.block_until_ready(step(weights, x, labels))
        return value

    return {"train": train, "infer": lambda: forwards(weights, x).block_until_ready()}


if __name__ == "__main__":
    serve({"JAX, lax.scan": form}, jax.__version__)
