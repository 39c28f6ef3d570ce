"""Exercises of the chapter on forecasting."""

import numpy as np

from rnncourse.checks import Exercise


def _seasonal_case(rng):
    period = int(rng.integers(2, 8))
    values = rng.normal(size=period * int(rng.integers(2, 4)) + int(rng.integers(1, period)))
    return values, period, int(rng.integers(period + 1, 3 * period))


def _seasonal_naive(values, period, horizon):
    return np.array([values[-period + step % period] for step in range(horizon)])


seasonal_naive = Exercise(
    "seasonal_naive",
    _seasonal_naive,
    _seasonal_case,
    slips={
        "this repeats the last value; repeat the last period.": (
            lambda values, period, horizon: np.full(horizon, values[-1])
        ),
        "this repeats the first period of the series; the last one is fresher.": (
            lambda values, period, horizon: np.resize(values[:period], horizon)
        ),
        "off by one: the first forecast is the value one period before it, values[-period].": (
            lambda values, period, horizon: _seasonal_naive(np.roll(values, -1), period, horizon)
        ),
        "the last period is repeated backwards.": (
            lambda values, period, horizon: np.resize(values[-period:][::-1], horizon)
        ),
    },
)


def _window_case(rng):
    length, horizon = (int(n) for n in rng.integers(2, 6, 2))
    return rng.normal(size=length + horizon + int(rng.integers(2, 9))), length, horizon


def _windows(values, length, horizon, gap=0, last=0):
    count = len(values) - length - horizon + 1 - gap + last
    inputs = np.stack([values[i : i + length] for i in range(count)])
    starts = [i + length + gap for i in range(count)]
    return inputs, np.stack([values[i : i + horizon] for i in starts])


windows = Exercise(
    "windows",
    _windows,
    _window_case,
    slips={
        "the first target is the window's own last value: the forecast would be a copy.": (
            lambda values, length, horizon: _windows(values, length, horizon, gap=-1, last=-1)
        ),
        "one value is skipped between window and target.": (
            lambda values, length, horizon: _windows(values, length, horizon, gap=1)
        ),
        "the last window is missing: there are len(values) - length - horizon + 1 of them.": (
            lambda values, length, horizon: _windows(values, length, horizon, last=-1)
        ),
        "inputs and targets are swapped.": (
            lambda values, length, horizon: _windows(values, length, horizon)[::-1]
        ),
    },
)


def _scaled_case(rng):
    period = int(rng.integers(2, 5))
    known = rng.normal(size=int(rng.integers(12, 20)))
    came = rng.normal(size=int(rng.integers(6, 9)))
    return known, came, came + rng.normal(size=len(came)), period


def _scaled(known, came, forecast, period, power=1, scale=None):
    scale = known if scale is None else scale
    naive = np.mean(np.abs(scale[period:] - scale[:-period]) ** power)
    return float(np.mean(np.abs(came - forecast) ** power) / naive)


scaled_error = Exercise(
    "scaled_error",
    _scaled,
    _scaled_case,
    slips={
        "the scale is taken from the values to be forecast: it must come from what was known.": (
            lambda known, came, forecast, period: _scaled(known, came, forecast, period, scale=came)
        ),
        "these are squared errors; take absolute ones.": (
            lambda known, came, forecast, period: _scaled(known, came, forecast, period, power=2)
        ),
        "this is the error itself: divide it by the seasonal naive forecast's error.": (
            lambda known, came, forecast, period: float(np.mean(np.abs(came - forecast)))
        ),
        "the scale is the error of the last value (lag 1); use the lag of one period.": (
            lambda known, came, forecast, period: _scaled(known, came, forecast, 1)
        ),
    },
)
