"""Exercises of the chapter on training through time."""

import numpy as np

from rnncourse.checks import Exercise


def _step_case(rng):
    batch, inputs, neurons = rng.integers(2, 6, size=3)
    X = rng.normal(size=(batch, inputs))
    Y_before, Y = np.tanh(rng.normal(size=(2, batch, neurons)))
    D, future = rng.normal(size=(2, batch, neurons))
    return X, Y_before, Y, rng.normal(size=(neurons, neurons)), D, future


def _backward_step(X, Y_before, Y, Wy, D, future, slope=lambda Y: 1 - Y**2):
    Z = (D + future) * slope(Y)
    return X.T @ Z, Y_before.T @ Z, Z.sum(axis=0), Z @ Wy.T


def _mean(X, Y_before, Y, Wy, D, future):
    Wx, W, b, before = _backward_step(X, Y_before, Y, Wy, D, future)
    return Wx / len(X), W / len(X), b / len(X), before


backward_step = Exercise(
    "backward_step",
    _backward_step,
    _step_case,
    slips={
        "the slope of tanh is missing: a factor 1 - Y**2 for every number of Y.": (
            lambda *case: _backward_step(*case, slope=np.ones_like)
        ),
        "the slope is taken of the output instead of the sum: Y is tanh already, so it is 1 - Y**2,"
        " without another tanh.": (
            lambda *case: _backward_step(*case, slope=lambda Y: 1 - np.tanh(Y) ** 2)
        ),
        "the slope of tanh is 1 - Y**2; the square is missing.": (
            lambda *case: _backward_step(*case, slope=lambda Y: 1 - Y)
        ),
        "the gradient from the future is forgotten: the cost depends on Y directly (D) and through "
        "the steps that follow (future).": (
            lambda X, Y_before, Y, Wy, D, future: _backward_step(X, Y_before, Y, Wy, D, 0)
        ),
        "D is forgotten: the cost may use this output directly, too.": (
            lambda X, Y_before, Y, Wy, D, future: _backward_step(X, Y_before, Y, Wy, 0, future)
        ),
        "a transpose is missing: backwards it is Z @ Wy.T, for forwards it was Y_before @ Wy.": (
            lambda X, Y_before, Y, Wy, D, future: _backward_step(X, Y_before, Y, Wy.T, D, future)
        ),
        "the gradient of Wy is made with the outputs of this step; Wy was applied to those of the "
        "step before.": (
            lambda X, Y_before, Y, Wy, D, future: _backward_step(X, Y, Y, Wy, D, future)
        ),
        "this is the mean over the batch; the gradients of all rows are added.": _mean,
    },
)


def _time_case(rng):
    batch, neurons = rng.integers(2, 5, size=2)
    time = rng.integers(3, 7)
    Y = np.tanh(rng.normal(0, 0.5, (batch, time, neurons)))
    return Y, rng.normal(size=Y.shape), rng.normal(size=(neurons, neurons))


def _through_time(Y, D, Wy):
    Z = np.zeros_like(Y)
    future = 0
    for t in reversed(range(Y.shape[1])):
        Z[:, t] = (D[:, t] + future) * (1 - Y[:, t] ** 2)
        future = Z[:, t] @ Wy.T
    return Z


def _forwards(Y, D, Wy):
    return _through_time(Y[:, ::-1], D[:, ::-1], Wy)[:, ::-1]


def _last_only(Y, D, Wy):
    last = np.zeros_like(D)
    last[:, -1] = D[:, -1]
    return _through_time(Y, last, Wy)


def _without_slopes_on_the_way(Y, D, Wy):
    total, future = np.zeros_like(Y), 0
    for t in reversed(range(Y.shape[1])):
        total[:, t] = D[:, t] + future
        future = total[:, t] @ Wy.T
    return total * (1 - Y**2)


through_time = Exercise(
    "through_time",
    _through_time,
    _time_case,
    slips={
        "each step is treated alone: the gradient from the future is forgotten.": (
            lambda Y, D, Wy: D * (1 - Y**2)
        ),
        "the slope of tanh is missing: a factor 1 - Y**2 at every step.": (
            lambda Y, D, Wy: _through_time(0 * Y, D, Wy)
        ),
        "the slope of tanh is there, but what is handed to the step before goes without it: hand "
        "on Z[:, t] @ Wy.T.": _without_slopes_on_the_way,
        "a transpose is missing: backwards it is Z[:, t] @ Wy.T.": (
            lambda Y, D, Wy: _through_time(Y, D, Wy.T)
        ),
        "the steps are taken from the first to the last; gradients come from the end.": _forwards,
        "only the last output's gradient gets through; every step adds its own D[:, t].": (
            _last_only
        ),
    },
    tolerance=1e-6,
)


def _clip_case(rng):
    gradients = [rng.normal(size=shape) for shape in ((2, 3), (3, 3), (3,))]
    return gradients, float(_global_norm(gradients) * rng.uniform(0.2, 1.8))


def _global_norm(gradients):
    return np.sqrt(sum(np.sum(g**2) for g in gradients))


def _scaled(gradients, factor):
    return [g * factor for g in gradients]


clip_by_global_norm = Exercise(
    "clip_by_global_norm",
    lambda gradients, limit: _scaled(gradients, min(1, limit / _global_norm(gradients))),
    _clip_case,
    slips={
        "each array is clipped by its own norm, which turns the gradient; use one norm and one "
        "factor for all.": (
            lambda gradients, limit: [g * min(1, limit / np.sqrt(np.sum(g**2))) for g in gradients]
        ),
        "short gradients are stretched to the limit; the factor must never be above 1.": (
            lambda gradients, limit: _scaled(gradients, limit / _global_norm(gradients))
        ),
        "the numbers are cut off one by one, which turns the gradient; scale them all alike.": (
            lambda gradients, limit: [np.clip(g, -limit, limit) for g in gradients]
        ),
        "the square root is missing: a norm is the root of the sum of squares.": (
            lambda gradients, limit: _scaled(
                gradients, min(1, limit / _global_norm(gradients) ** 2)
            )
        ),
        "this is the sum of the arrays' norms; the global norm is that of all numbers together.": (
            lambda gradients, limit: _scaled(
                gradients, min(1, limit / sum(np.sqrt(np.sum(g**2)) for g in gradients))
            )
        ),
        "nothing is clipped.": lambda gradients, limit: gradients,
    },
)
