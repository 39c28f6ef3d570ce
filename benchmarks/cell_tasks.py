"""Which cell learns what: adding, copying and counting, each with several seeds.

``python -m benchmarks.cell_tasks`` trains every cell on every task under five seeds and writes
``benchmarks/records/cell_tasks.json``. All cells have the same number of units, training data and
steps; the peak learning rate is the best of three for each cell and task, chosen with a seed that
is not among the five.
"""

from __future__ import annotations

import argparse
import os
import time

import keras
import numpy as np

from benchmarks import record
from rnncourse import cells, tasks, training

UNITS = 64
BATCH = 64
RATES = (0.002, 0.005, 0.01)
CELLS = {
    "basic": lambda: cells.ElmanCell(UNITS),
    "LSTM prototype": lambda: cells.LSTMPrototypeCell(UNITS),
    "LSTM": lambda: cells.LSTMCell(UNITS),
    "LSTM with peepholes": lambda: cells.LSTMCell(UNITS, peephole=True),
    "GRU": lambda: cells.GRUCell(UNITS),
    "minGRU": lambda: cells.MinGRUCell(UNITS),
}


def adding(cell, rate: float, seed: int) -> float:
    """Mean squared error on new sequences of 100 steps."""
    rng = np.random.default_rng(seed)
    inputs, targets = tasks.adding_problem(128_000, 100, rng)
    model = _model(cell, inputs, outputs=1, every_step=False)
    _train(model, "mse", inputs, targets, rate)
    test_inputs, test_targets = tasks.adding_problem(2_000, 100, rng)
    answers = model.predict(test_inputs, batch_size=500, verbose=0)
    return float(np.mean((answers - test_targets) ** 2))


def copying(cell, rate: float, seed: int) -> float:
    """Share of symbols recalled after 30 silent steps."""
    rng = np.random.default_rng(seed)
    inputs, targets = tasks.copy_memory(64_000, 30, rng)
    model = _model(cell, inputs, outputs=8, every_step=True)
    _train(model, _certain(), inputs, targets, rate)
    test_inputs, test_targets = tasks.copy_memory(2_000, 30, rng)
    said = model.predict(test_inputs, batch_size=500, verbose=0).argmax(-1)
    return float(np.mean((said == test_targets)[test_targets != tasks.IGNORED]))


def counting(cell, rate: float, seed: int) -> float:
    """Largest n up to which every word of 1 to n is read without a mistake; trained up to 10."""
    rng = np.random.default_rng(seed)
    inputs, targets = tasks.counting(list(rng.integers(1, 11, 32_000)))
    model = _model(cell, inputs, outputs=4, every_step=True)
    _train(model, _certain(), inputs, targets, rate)
    words, asked = tasks.counting(list(range(1, 101)))
    said = model.predict(words, batch_size=20, verbose=0).argmax(-1)
    right = ((said == asked) | (asked == tasks.IGNORED)).all(axis=1)
    return float(right.argmin() if not right.all() else len(right))


TASKS = {"adding": (adding, min), "copying": (copying, max), "counting": (counting, max)}


def main() -> None:
    """Train them all and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 1 to N")
    seeds = list(range(1, parser.parse_args().seeds + 1))
    values: dict[str, list[float]] = {}
    for task, (measure, best) in TASKS.items():
        for name, make in CELLS.items():
            started = time.process_time()
            tried = {rate: _run(measure, make, rate, seed=0) for rate in RATES}
            rate = best(tried, key=tried.get)
            values[f"{task}, {name}"] = [_run(measure, make, rate, seed) for seed in seeds]
            seconds = (time.process_time() - started) / (len(seeds) + len(RATES))
            values[f"{task}, {name}, CPU seconds"] = [seconds]
            values[f"{task}, {name}, learning rate"] = [rate]
            shown = ", ".join(f"{value:.4g}" for value in values[f"{task}, {name}"])
            print(
                f"{task:<9}{name:<21}rate {rate}: {shown}  ({seconds:.0f} CPU s each)", flush=True
            )
    record.save(
        "cell_tasks",
        values,
        command=f"python -m benchmarks.cell_tasks --seeds {len(seeds)}",
        data="made up by rnncourse.tasks",
        seeds=seeds,
    )


def _run(measure, make, rate: float, seed: int) -> float:
    keras.backend.clear_session()
    training.seed_everything(seed)
    return measure(make(), rate, seed)


def _model(cell, inputs: np.ndarray, outputs: int, every_step: bool) -> keras.Model:
    reader = keras.layers.RNN(cell, return_sequences=every_step)
    return keras.Sequential([keras.Input(inputs.shape[1:]), reader, keras.layers.Dense(outputs)])


def _certain() -> keras.losses.Loss:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=tasks.IGNORED)


def _train(model: keras.Model, loss, inputs: np.ndarray, targets: np.ndarray, rate: float) -> None:
    schedule = training.warmup_cosine(rate, steps=len(inputs) // BATCH)
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=1.0)
    model.compile(optimizer, loss)
    training.fit(model, inputs, targets, epochs=1, batch_size=BATCH)


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
