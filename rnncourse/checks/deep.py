"""Exercises of the chapter on deep networks: masks through time, and a residual connection."""

import numpy as np

from rnncourse.checks import Exercise


def _mask_case(rng):
    batch, time, features = (int(n) for n in rng.integers(3, 6, size=3))
    rate = float(rng.uniform(0.3, 0.6))
    return rng.normal(size=(batch, time, features)), rng.random((batch, features)), rate


def _same_mask(X, u, rate):
    return X * ((u >= rate) / (1 - rate))[:, None, :]


same_mask = Exercise(
    "same_mask",
    _same_mask,
    _mask_case,
    slips={
        "the mean is not kept: divide what is left by 1 - rate.": (
            lambda X, u, rate: X * (u >= rate)[:, None, :]
        ),
        "this keeps what should be dropped: drop where u is below the rate.": (
            lambda X, u, rate: X * ((u < rate) / (1 - rate))[:, None, :]
        ),
        "this keeps what should be dropped, and divides by the rate.": (
            lambda X, u, rate: X * ((u < rate) / rate)[:, None, :]
        ),
        "what is left is divided by the rate; the share that is left is 1 - rate.": (
            lambda X, u, rate: X * ((u >= rate) / rate)[:, None, :]
        ),
        "what is left is multiplied by 1 - rate; while learning, divide by it.": (
            lambda X, u, rate: X * ((u >= rate) * (1 - rate))[:, None, :]
        ),
        "all sequences get the mask of the first one: each row of u is for a sequence.": (
            lambda X, u, rate: _same_mask(X, u[:1], rate)
        ),
        "only the first step is masked; the mask is for all of them.": (
            lambda X, u, rate: np.concatenate([_same_mask(X, u, rate)[:, :1], X[:, 1:]], axis=1)
        ),
    },
)


def _layer_case(rng):
    batch, time, inputs, neurons = (int(n) for n in rng.integers(3, 6, size=4))
    m = (rng.random((batch, inputs)) < 0.6) / 0.6
    n = (rng.random((batch, neurons)) < 0.6) / 0.6
    weights = [rng.normal(0, 0.7, shape) for shape in ((inputs, neurons), (neurons, neurons))]
    return rng.normal(size=(batch, time, inputs)), *weights, rng.normal(size=neurons), m, n


def _masked_layer(X, Wx, Wy, b, m, n, before=None, shown=None):
    """The layer; `before` is what the state becomes before Wy, `shown` what is put out."""
    before = before or (lambda Y, t: (Y * n) @ Wy)
    Y, outputs = np.zeros((len(X), len(b))), []
    for t in range(X.shape[1]):
        Y = np.tanh((X[:, t] * m) @ Wx + before(Y, t) + b)
        outputs.append(Y if shown is None else shown(Y))
    return np.stack(outputs, axis=1)


masked_layer = Exercise(
    "masked_layer",
    _masked_layer,
    _layer_case,
    slips={
        "the outputs are masked too: n is only for what goes back into the layer.": (
            lambda X, Wx, Wy, b, m, n: _masked_layer(X, Wx, Wy, b, m, n, shown=lambda Y: Y * n)
        ),
        "n acts after the product with Wy; it belongs to the outputs before it.": (
            lambda X, Wx, Wy, b, m, n: _masked_layer(
                X, Wx, Wy, b, m, n, before=lambda Y, t: (Y @ Wy) * n
            )
        ),
        "the state is not masked: n is missing.": (
            lambda X, Wx, Wy, b, m, n: _masked_layer(X, Wx, Wy, b, m, np.ones_like(n))
        ),
        "the inputs are not masked: m is missing.": (
            lambda X, Wx, Wy, b, m, n: _masked_layer(X, Wx, Wy, b, np.ones_like(m), n)
        ),
        "the state is masked once, at the second step; it is the same mask at every step.": (
            lambda X, Wx, Wy, b, m, n: _masked_layer(
                X, Wx, Wy, b, m, n, before=lambda Y, t: (Y * n if t == 1 else Y) @ Wy
            )
        ),
        "the masks are of zeros and ones here; they hold 1 / (1 - p), so multiply as they are.": (
            lambda X, Wx, Wy, b, m, n: _masked_layer(X, Wx, Wy, b, 1.0 * (m > 0), 1.0 * (n > 0))
        ),
    },
)


def _residual_case(rng):
    batch, units = (int(n) for n in rng.integers(3, 6, size=2))
    W, U = rng.normal(0, 0.7, (2, units, units))

    def node(x, s):
        s = np.tanh(x @ W + s @ U)
        return 0.5 * s, s

    x, s = rng.normal(1, 2, (batch, units)), rng.normal(size=(batch, units))
    return node, x, s, rng.normal(1, 0.3, units), rng.normal(0, 0.3, units)


def _norm(x, gain, offset, axis=-1, epsilon=1e-3, power=0.5):
    centred = x - x.mean(axis=axis, keepdims=True)
    return gain * centred / (x.var(axis=axis, keepdims=True) + epsilon) ** power + offset


def _residual_step(node, x, s, gain, offset, epsilon=1e-3, norm=_norm, bridge=None):
    y, s = node(norm(x, gain, offset, epsilon=epsilon), s)
    return (x if bridge is None else bridge) + y, s


residual_step = Exercise(
    "residual_step",
    _residual_step,
    _residual_case,
    slips={
        "the bridge is missing: add x to what the node puts out.": (
            lambda *case: _residual_step(*case, bridge=0.0)
        ),
        "the bridge begins after the normalisation: what is added is x as it came.": (
            lambda node, x, s, gain, offset: _residual_step(
                node, x, s, gain, offset, bridge=_norm(x, gain, offset)
            )
        ),
        "the node reads x itself; it should read the normalised x.": (
            lambda *case: _residual_step(*case, norm=lambda x, *_, epsilon: x)
        ),
        "mean and variance are taken over the batch (axis 0); take them over the units.": (
            lambda *case: _residual_step(*case, norm=lambda *z, epsilon: _norm(*z, axis=0))
        ),
        "the root is missing: divide by the standard deviation, not by the variance.": (
            lambda *case: _residual_step(*case, norm=lambda *z, epsilon: _norm(*z, power=1))
        ),
        "gain and offset are missing.": (
            lambda *case: _residual_step(*case, norm=lambda x, *_, epsilon: _norm(x, 1, 0))
        ),
        "x is added to the state as well; the bridge leads past the node, not into its memory.": (
            lambda node, x, s, gain, offset: tuple(
                x + part for part in node(_norm(x, gain, offset), s)
            )
        ),
    },
)
