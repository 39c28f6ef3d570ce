"""What breaks a reader of digits: rows in another order, and pixels one by one.

``python -m benchmarks.mnist_orders`` trains a basic cell, a basic cell with ReLU and the identity
for its recurrent weights (Le, Jaitly and Hinton, 2015), and a GRU on the same pictures read in four
ways, under two seeds, and writes ``benchmarks/records/mnist_orders.json``: the share of validation
pictures that each reads rightly after three epochs.
"""

from __future__ import annotations

import os
import time

import keras
import numpy as np

from benchmarks import record
from benchmarks.mnist import share_wrong
from rnncourse import datasets, training

SEEDS = [1, 2]
EPOCHS, BATCH, UNITS = 3, 128, 64
MIXED = np.random.default_rng(0)
ROWS, PIXELS = MIXED.permutation(28), MIXED.permutation(784)
ORDERS = {
    "rows": lambda x: x,
    "rows, mixed": lambda x: x[:, ROWS],
    "pixels": lambda x: x.reshape(-1, 784, 1),
    "pixels, mixed": lambda x: x.reshape(-1, 784, 1)[:, PIXELS],
}


def basic() -> keras.layers.Layer:
    """The basic cell, as the slides have it."""
    return keras.layers.SimpleRNN(UNITS)


def identity() -> keras.layers.Layer:
    """A basic cell that begins by keeping its state as it is."""
    small = keras.initializers.RandomNormal(stddev=0.001)
    return keras.layers.SimpleRNN(
        UNITS, "relu", kernel_initializer=small, recurrent_initializer="identity"
    )


def gru() -> keras.layers.Layer:
    """A cell with gates."""
    return keras.layers.GRU(UNITS)


CELLS = {"basic": (basic, 0.001), "identity": (identity, 0.001), "GRU": (gru, 0.005)}


def share_right(order: str, cell: str, seed: int, x, y, x_valid, y_valid) -> float:
    """Train one cell to read in one order; the share of validation pictures read rightly."""
    keras.backend.clear_session()
    training.seed_everything(seed)
    x, x_valid = ORDERS[order](x), ORDERS[order](x_valid)
    make, peak = CELLS[cell]
    model = keras.Sequential([keras.Input(x.shape[1:]), make(), keras.layers.Dense(10)])
    rate = training.warmup_cosine(peak, EPOCHS * -(-len(x) // BATCH))
    model.compile(
        keras.optimizers.Adam(rate, global_clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    training.fit(model, x, y, epochs=EPOCHS, batch_size=BATCH)
    return 1 - share_wrong(model, x_valid, y_valid)


def main() -> None:
    """Train them all and write the record."""
    digits = datasets.load_mnist()
    held_out = len(digits.x_train) // 12
    x, y = (digits.x_train / 255).astype("float32"), digits.y_train.astype("int32")
    data = x[:-held_out], y[:-held_out], x[-held_out:], y[-held_out:]
    values = {}
    for order in ORDERS:
        for cell in CELLS:
            name = f"{order}: {cell}"
            values[name] = [share_right(order, cell, seed, *data) for seed in SEEDS]
            shown = ", ".join(f"{value:.2%}" for value in values[name])
            print(f"{name:<24}{shown}  ({time.process_time():.0f} s so far)", flush=True)
    record.save(
        "mnist_orders",
        values,
        command="python -m benchmarks.mnist_orders",
        data=str(digits.source),
        seeds=SEEDS,
    )


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
