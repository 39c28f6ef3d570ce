"""How the forecaster of Chicago's trains was chosen, and what the published recipe gives again.

``python -m benchmarks.ridership`` writes ``benchmarks/records/ridership.json``:

- every variant below, trained on what lies before 2018, under several seeds: its mean absolute
  error on 2018. The chapter trains the best of them and looks at 2019 once;
- walk-forward: the chosen one, trained anew before each of the years 2014 to 2018 and judged on the
  year; beside it the linear regression of the chapter, and the same day of the week before;
- the multivariate network of Hands-On Machine Learning (third edition, chapter 15), trained as
  published: stopped at, and judged by, its best epoch on 26 February to 31 May 2019; and the same
  network on June to December 2019.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import keras
import numpy as np
from sklearn.linear_model import Ridge

from benchmarks import record
from rnncourse import datasets, forecasting, training

LENGTH, WARM_UP, BATCH = 84, 28, 32
CHOSEN = {
    "cell": "gru",
    "units": 64,
    "first": "2002-01-28",
    "rate": 0.01,
    "steps": 300,
    "holidays": True,
    "last_year": True,
}
VARIANTS = {
    "as in the chapter": {},
    "SimpleRNN": {"cell": "basic", "rate": 0.005},
    "LSTM": {"cell": "lstm"},
    "16 units": {"units": 16},
    "32 units": {"units": 32},
    "learning rate 0.005": {"rate": 0.005},
    "learning rate 0.02": {"rate": 0.02},
    "half the steps": {"steps": 150},
    "twice the steps": {"steps": 600},
    "no holidays": {"holidays": False},
    "not last year": {"last_year": False},
    "neither": {"holidays": False, "last_year": False},
    "data from 2010": {"first": "2010-01-01"},
    "data from 2016": {"first": "2016-01-01"},
}
YEARS = range(2014, 2019)
CELLS = {"basic": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def main() -> int:
    """Train every variant and the published recipe under every seed and record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 0 to N-1")
    seeds = list(range(parser.parse_args().seeds))
    series = datasets.load_series("ridership")
    values: dict[str, list[float]] = {}
    for name, variant in VARIANTS.items():
        started = time.process_time()
        how = CHOSEN | variant
        values[f"2018, {name}"] = [error_on(2018, series, how, seed) for seed in seeds]
        seconds = (time.process_time() - started) / len(seeds)
        shown = ", ".join(f"{value:,.0f}" for value in values[f"2018, {name}"])
        print(f"{name:<21}{shown}  ({seconds:.1f} s of processor time each)", flush=True)
    table = forecasting.ridership_table(series)
    for year in YEARS:
        values[f"{year}, network"] = [error_on(year, series, CHOSEN, seed) for seed in seeds]
        values[f"{year}, linear"] = [linear_error_on(year, table)]
        rail = series.column("rail")
        days = slice(series.place(f"{year}-01-01"), series.place(f"{year + 1}-01-01"))
        values[f"{year}, last week"] = [float(np.abs(rail - np.roll(rail, 7))[days].mean())]
        names = ("network", "linear", "last week")
        shown = ", ".join(f"{name} {np.mean(values[f'{year}, {name}']):,.0f}" for name in names)
        print(f"{year}: {shown}", flush=True)
    stopped, later = zip(*(published(series, seed) for seed in seeds), strict=True)
    values["published recipe, stopped and judged"] = list(stopped)
    values["published recipe, June to December"] = list(later)
    print("published recipe", np.round(stopped), "and June to December", np.round(later))
    record.save(
        "ridership",
        values,
        command=f"python -m benchmarks.ridership --seeds {len(seeds)}",
        data=str(series.source),
        seeds=seeds,
    )
    return 0


def error_on(year: int, series: datasets.Series, how: dict, seed: int) -> float:
    """Mean absolute error of one network on a year, which had not begun while it learnt."""
    keras.backend.clear_session()
    rng = np.random.default_rng(training.seed_everything(seed))
    first, until = f"{year}-01-01", f"{year + 1}-01-01"
    kinds = {name: how[name] for name in ("holidays", "last_year")}
    table = forecasting.ridership_table(series, **kinds)
    inputs, targets = table.draw(how["first"], first, LENGTH, BATCH * how["steps"], rng)
    model = network(inputs.shape[-1], how["cell"], how["units"])
    rate = training.warmup_cosine(how["rate"], how["steps"])
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), "mae")
    training.fit(model, inputs, targets[:, WARM_UP:], epochs=1, batch_size=BATCH)
    windows = table.windows(first, until, LENGTH)
    return _error(table, first, until, model.predict(windows, batch_size=365, verbose=0)[:, -1, 0])


def linear_error_on(year: int, table: forecasting.Table) -> float:
    """The same for a linear regression on a fortnight of what is known."""
    first, until = f"{year}-01-01", f"{year + 1}-01-01"
    days = slice(table.place("2003-01-01"), table.place(first))
    regression = Ridge(1.0).fit(_fortnight(table, "2003-01-01", first), table.targets[days, 0])
    return _error(table, first, until, regression.predict(_fortnight(table, first, until)))


def _fortnight(table: forecasting.Table, first: str, until: str) -> np.ndarray:
    windows = table.windows(first, until, 14)
    earlier = windows[:, :-1, :5].reshape(len(windows), -1)  # the five numbers of thirteen days
    return np.concatenate([windows[:, -1], earlier], axis=1)


def _error(table: forecasting.Table, first: str, until: str, unusual: np.ndarray) -> float:
    days = slice(table.place(first), table.place(until))
    forecast = table.usual[days] * np.exp(unusual)
    return float(np.abs(forecast - table.boardings[days]).mean())


def network(features: int, cell: str, units: int) -> keras.Model:
    """The chapter's network with another cell in it."""
    known = keras.Input((LENGTH, features))
    plain = {} if cell == "basic" else {"use_cudnn": False}
    memory = CELLS[cell](units, return_sequences=True, **plain)(known)
    both = keras.layers.Concatenate()([memory, known])
    answer = keras.layers.Dense(1, kernel_initializer="zeros")
    return keras.Model(known, answer(keras.layers.Cropping1D((WARM_UP, 0))(both)))


def published(series: datasets.Series, seed: int) -> tuple[float, float]:
    """The published network's error where it was stopped and judged, and from June on."""
    keras.backend.clear_session()
    training.seed_everything(seed)
    tomorrow = np.append(series.labels["day_type"][1:], "")
    types = np.stack([tomorrow == kind for kind in "AUW"], axis=1)
    table = np.concatenate([series.values / 1e6, types], axis=1).astype("float32")
    rail = table[:, 1]
    train = _published_windows(series, "2016-01-01", "2019-01-01")
    valid = _published_windows(series, "2019-01-01", "2019-06-01")
    test = _published_windows(series, "2019-06-01", "2020-01-01", before=True)
    layers = [keras.Input((56, 5)), keras.layers.SimpleRNN(32), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    model.compile(optimizer, keras.losses.Huber(), metrics=["mae"])
    stop = keras.callbacks.EarlyStopping("val_mae", patience=50, restore_best_weights=True)
    batches = [(table[rows], rail[rows[:, -1] + 1]) for rows in (train, valid, test)]
    training.fit(
        model, *batches[0], epochs=500, batch_size=32, validation=batches[1], callbacks=(stop,)
    )
    errors = (np.abs(model.predict(x, verbose=0)[:, 0] - y).mean() for x, y in batches[1:])
    return tuple(1e6 * float(error) for error in errors)


def _published_windows(series, first, until, before=False) -> np.ndarray:
    """Rows of each window of 56 days, of shape (windows, 56); the day after it is forecast."""
    low, high = series.place(first), series.place(until)
    start = low - 56 if before else low  # as published, no window reaches back before the period
    return np.arange(start, high - 56)[:, None] + np.arange(56)


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    sys.exit(main())
