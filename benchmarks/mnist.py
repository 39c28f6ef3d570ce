"""What each change to the slides' network is worth, and what its hundred epochs come to.

``python -m benchmarks.mnist`` trains all variants under three seeds and writes
``benchmarks/records/mnist.json``. The variants are judged by the share of validation pictures that
they read wrongly; the chapter's network was chosen by it. The slides' own network is trained once
for their hundred epochs, and the test pictures tell what came out.
"""

from __future__ import annotations

import os
import time

import keras
import numpy as np

from benchmarks import record
from rnncourse import datasets, training

SEEDS = [1, 2, 3]
SLIDES = {"cell": "basic", "epochs": 10, "peak": None, "distort": False}
GRU = {"cell": "gru", "epochs": 10, "peak": 0.005, "distort": False}
DISTORTED = GRU | {"distort": True, "epochs": 14}
VARIANTS = {
    "the slides' network, ten epochs": SLIDES,
    "with He initialisation": SLIDES | {"initializer": "he_normal"},
    "with a rate that rises and falls": SLIDES | {"peak": 0.003},
    "a GRU of 128 units, with such a rate": GRU,
    "and distorted pictures, 14 epochs": DISTORTED,
    "and averaged weights": DISTORTED | {"ema": 0.999},
    "and dropout of 0.2": DISTORTED | {"ema": 0.999, "dropout": 0.2},
}


def train(
    x,
    y,
    seed: int,
    *,
    cell: str,
    epochs: int,
    peak: float | None,
    distort: bool,
    initializer: str = "glorot_uniform",
    dropout: float = 0.0,
    ema: float | None = None,
    validation: tuple | None = None,
) -> tuple[keras.Model, training.History]:
    """Train one network; the arguments are what the variants differ in."""
    keras.backend.clear_session()
    training.seed_everything(seed)
    reader = (
        keras.layers.SimpleRNN(150, kernel_initializer=initializer)
        if cell == "basic"
        else keras.layers.GRU(128)
    )
    model = keras.Sequential([keras.Input((28, 28)), reader, keras.layers.Dropout(dropout)])
    model.add(keras.layers.Dense(10))
    batch = 150 if cell == "basic" else 128
    steps = epochs * -(-len(x) // batch)
    rate = 0.001 if peak is None else training.warmup_cosine(peak, steps)
    clip = {} if peak is None else {"global_clipnorm": 1.0}
    average = {} if ema is None else {"use_ema": True, "ema_momentum": ema}
    model.compile(
        keras.optimizers.Adam(rate, **clip, **average),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    if distort:
        data = training.Distorted(x, y, batch, seed)
        return model, training.fit(model, data, epochs=epochs, validation=validation)
    return model, training.fit(model, x, y, epochs=epochs, batch_size=batch, validation=validation)


def share_wrong(model: keras.Model, x, y) -> float:
    """The share of pictures that a network reads wrongly."""
    return float(np.mean(model.predict(x, batch_size=500, verbose=0).argmax(1) != y))


def main() -> None:
    """Train them all and write the record."""
    digits = datasets.load_mnist()
    held_out = len(digits.x_train) // 12
    x, y = (digits.x_train / 255).astype("float32"), digits.y_train.astype("int32")
    x, x_valid, y, y_valid = x[:-held_out], x[-held_out:], y[:-held_out], y[-held_out:]
    values = {}
    for name, variant in VARIANTS.items():
        values[name] = [
            share_wrong(train(x, y, seed, **variant)[0], x_valid, y_valid) for seed in SEEDS
        ]
        shown = ", ".join(f"{value:.2%}" for value in values[name])
        print(f"{name:<34}{shown}  ({time.process_time():.0f} s so far)", flush=True)
    hundred = SLIDES | {"epochs": 100}
    model, history = train(x, y, SEEDS[0], **hundred, validation=(x_valid, y_valid))
    values["a hundred epochs, by epoch"] = [1 - a for a in history.metrics["val_accuracy"]]
    x_test = (digits.x_test / 255).astype("float32")
    values["a hundred epochs, test"] = [share_wrong(model, x_test, digits.y_test)]
    print(f"a hundred epochs, test: {values['a hundred epochs, test'][0]:.2%}", flush=True)
    record.save(
        "mnist",
        values,
        command="python -m benchmarks.mnist",
        data=str(digits.source),
        seeds=SEEDS,
    )


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
