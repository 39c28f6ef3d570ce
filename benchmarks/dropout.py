"""Where dropout helps and where it hurts: digits from few examples, and the slides' series.

``python -m benchmarks.dropout`` trains every variant under five seeds and writes
``benchmarks/records/dropout.json``. A seed decides the weights, the masks and which examples are
trained on. On the digits the best variant is chosen by the validation errors of all seeds; only
this one and the network without dropout are then shown the test digits.
"""

from __future__ import annotations

import argparse
import os
import time

import keras
import numpy as np

from benchmarks import record
from rnncourse import datasets, tasks, training

RATES = (0.1, 0.3, 0.5)
DIGITS, PASSES = 1_000, 30
SIZES = (250, 4_000, 16_000)  # besides DIGITS, with the same number of steps
TRAIN, VALID, TEST = (0, 1, 3, 4, 6, 8, 9), (5,), (2, 7)  # stretches of the series
NOISE = 0.5
BATCH = 50


class FreshMasks(keras.layers.LSTMCell):
    """An LSTM that draws a new mask for its state at every step."""

    def get_recurrent_dropout_mask(self, step_input):
        """New masks, one a gate."""
        return self._create_dropout_mask(step_input, self.recurrent_dropout)


def reader(kind: str, rate: float) -> list[keras.layers.Layer]:
    """An LSTM that reads rows of pixels, with dropout of one kind."""
    layer, before, after = keras.layers.LSTMCell, [], []
    masks = {}
    if kind == "input":
        masks = {"dropout": rate}
    elif kind == "input, fresh":
        before = [keras.layers.Dropout(rate)]
    elif kind == "recurrent":
        masks = {"recurrent_dropout": rate}
    elif kind == "recurrent, fresh":
        layer, masks = FreshMasks, {"recurrent_dropout": rate}
    elif kind == "output":
        after = [keras.layers.Dropout(rate)]
    cell = layer(64, **masks)
    return [keras.Input((28, 28)), *before, keras.layers.RNN(cell), *after, keras.layers.Dense(10)]


def train_reader(kind: str, rate: float, x, y, count: int, seed: int) -> keras.Model:
    """Train on a random choice of digits, always for as many steps as DIGITS take."""
    chosen = np.random.default_rng(seed).permutation(len(x))[:count]
    steps = PASSES * DIGITS // BATCH
    model = keras.Sequential(reader(kind, rate))
    model.compile(
        keras.optimizers.Adam(training.warmup_cosine(0.003, steps), global_clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    order = np.resize(chosen, steps * BATCH)
    training.fit(model, x[order], y[order], epochs=1, batch_size=BATCH)
    return model


def share_wrong(model: keras.Model, x, y) -> float:
    """Share of digits that are read wrongly."""
    return float(np.mean(model.predict(x, batch_size=500, verbose=0).argmax(1) != y))


def series_error(kind: str, rate: float, count: int, noise: float, seed: int) -> float:
    """Mean squared error of steps 11 to 20 on windows of other stretches; 1,000 batches.

    The kind "stopped" has no dropout: it ends when the error on windows to choose by, measured
    every 50 batches, has not fallen for 200, and goes back to where that was lowest.
    """
    masks = {"input": "dropout", "recurrent": "recurrent_dropout"}
    cell = keras.layers.SimpleRNNCell(
        100, activation="relu", **({masks[kind]: rate} if kind in masks else {})
    )
    model = keras.Sequential([keras.Input((20, 1)), keras.layers.RNN(cell, return_sequences=True)])
    model.add(keras.layers.Dropout(rate if kind == "output" else 0))
    model.add(keras.layers.Dense(1))
    model.compile(keras.optimizers.Adam(0.001), "mse")
    rng = np.random.default_rng(seed)
    x, y = tasks.series_windows(TRAIN, count, rng, noise=noise)
    x_test, y_test = tasks.series_windows(TEST, 1_000, rng, noise=noise)
    if kind == "stopped":
        validation = tasks.series_windows(VALID, 1_000, rng, noise=noise)
        stop = keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True)
        order, epochs = np.resize(np.arange(count), 50 * BATCH), 20
    else:
        order, epochs, validation = np.resize(np.arange(count), 1_000 * BATCH), 1, None
    training.fit(
        model,
        x[order],
        y[order],
        epochs=epochs,
        batch_size=BATCH,
        validation=validation,
        callbacks=(stop,) if kind == "stopped" else (),
    )
    said = model.predict(x_test, batch_size=500, verbose=0)
    return float(np.mean((said - y_test)[:, 10:] ** 2))


def main() -> None:
    """Train them all and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 1 to N")
    seeds = list(range(1, parser.parse_args().seeds + 1))
    digits = datasets.load_mnist()
    values = of_the_series(seeds) | of_the_digits(digits, seeds)
    record.save(
        "dropout",
        values,
        command=f"python -m benchmarks.dropout --seeds {len(seeds)}",
        data=str(digits.source),
        seeds=seeds,
    )


def of_the_series(seeds: list[int]) -> dict[str, list[float]]:
    """The slides' series: every kind of dropout without noise, and what noise changes."""
    variants = [("none", 0.0), ("input", 0.1)]
    variants += [("recurrent", rate) for rate in (0.05, 0.1, 0.2)]
    variants += [("output", rate) for rate in RATES]
    measures = {
        f"series, {kind} {rate}": (kind, rate, 1_000 * BATCH, 0.0) for kind, rate in variants
    }
    for name, count in (("few noisy", BATCH), ("many noisy", 1_000 * BATCH)):
        for kind, rate in (("none", 0.0), ("recurrent", 0.1)):
            measures[f"{name}, {kind} {rate}"] = (kind, rate, count, NOISE)
    measures["few noisy, stopped 0.0"] = ("stopped", 0.0, BATCH, NOISE)
    values = {}
    for name, (kind, rate, count, noise) in measures.items():
        values[name] = [
            _seeded(series_error, kind, rate, count, noise, seed=seed) for seed in seeds
        ]
        _show(name, values[name])
    return values


def of_the_digits(digits, seeds: list[int]) -> dict[str, list[float]]:
    """Digits: every kind and rate, then the test, then more and fewer of them to train on."""
    held_out = len(digits.x_train) // 12
    x, y = (digits.x_train / 255).astype("float32"), digits.y_train.astype("int32")
    train, valid = (x[:-held_out], y[:-held_out]), (x[-held_out:], y[-held_out:])
    test = (digits.x_test / 255).astype("float32"), digits.y_test.astype("int32")
    variants = [("none", 0.0)]
    variants += [(kind, rate) for kind in ("input", "recurrent", "output") for rate in RATES]
    variants += [("input, fresh", 0.3), ("recurrent, fresh", 0.3)]
    values, models = {}, {}
    for kind, rate in variants:
        models[kind, rate] = [
            _seeded(train_reader, kind, rate, *train, DIGITS, seed=seed) for seed in seeds
        ]
        name = f"digits, {kind} {rate}"
        values[name] = [share_wrong(model, *valid) for model in models[kind, rate]]
        _show(name, values[name])
    best = min(variants, key=lambda variant: np.mean(values["digits, {} {}".format(*variant)]))
    for kind, rate in (("none", 0.0), best):
        name = f"digits test, {kind} {rate}"
        values[name] = [share_wrong(model, *test) for model in models[kind, rate]]
        _show(name, values[name])
    for count in SIZES:
        for kind, rate in (("none", 0.0), best):
            name = f"{count} digits, {kind} {rate}"
            values[name] = [
                share_wrong(_seeded(train_reader, kind, rate, *train, count, seed=seed), *valid)
                for seed in seeds
            ]
            _show(name, values[name])
    return values


def _seeded(function, *arguments, seed: int):
    keras.backend.clear_session()
    training.seed_everything(seed)
    return function(*arguments, seed)


def _show(name: str, found: list[float]) -> None:
    shown = ", ".join(f"{value:.4g}" for value in found)
    print(f"{name:<32}{shown}  ({time.process_time():.0f} s so far)", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
