"""How deep a stack of LSTMs can be, plain, with residual connections and with layer normalisation.

``python -m benchmarks.depth`` trains the stacks under five seeds, all with the same number of
steps, and writes ``benchmarks/records/depth.json``. A seed decides the weights and which digits
are trained on; the errors are those on held-out training digits, by which nothing was chosen.
"""

from __future__ import annotations

import argparse
import os
import time

import keras
import numpy as np

from benchmarks import record
from rnncourse import datasets, training

UNITS = 32
DIGITS, BATCH, PASSES = 4_000, 100, 6
KINDS = {"plain": (False, False), "norm": (False, True), "residual": (True, False)}
KINDS["residual, norm"] = (True, True)
STACKS = [(depth, kind) for depth in (1, 2, 4) for kind in ("plain", "residual, norm")]
STACKS += [(8, kind) for kind in KINDS]


def stack(depth: int, residual: bool, norm: bool) -> keras.Model:
    """Some LSTMs on top of each other, between a plain layer and the answer."""
    rows = keras.Input((28, 28))
    x = keras.layers.Dense(UNITS)(rows)
    for _ in range(depth):
        inside = keras.layers.LayerNormalization()(x) if norm else x
        inside = keras.layers.LSTM(UNITS, return_sequences=True)(inside)
        x = x + inside if residual else inside
    return keras.Model(rows, keras.layers.Dense(10)(x[:, -1]))


def share_wrong(depth: int, kind: str, x, y, x_valid, y_valid, seed: int) -> float:
    """Train a stack; the share of held-out digits that it reads wrongly."""
    keras.backend.clear_session()
    training.seed_everything(seed)
    chosen = np.random.default_rng(seed).permutation(len(x))[:DIGITS]
    model = stack(depth, *KINDS[kind])
    schedule = training.warmup_cosine(0.003, steps=PASSES * DIGITS // BATCH)
    model.compile(
        keras.optimizers.Adam(schedule, global_clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    training.fit(model, x[chosen], y[chosen], epochs=PASSES, batch_size=BATCH)
    said = model.predict(x_valid, batch_size=500, verbose=0).argmax(1)
    return float(np.mean(said != y_valid))


def main() -> None:
    """Train them all and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 1 to N")
    seeds = list(range(1, parser.parse_args().seeds + 1))
    digits = datasets.load_mnist()
    held_out = len(digits.x_train) // 12
    x, y = (digits.x_train / 255).astype("float32"), digits.y_train.astype("int32")
    data = x[:-held_out], y[:-held_out], x[-held_out:], y[-held_out:]
    values = {}
    for depth, kind in STACKS:
        name = f"{depth} layers, {kind}"
        values[name] = [share_wrong(depth, kind, *data, seed) for seed in seeds]
        shown = ", ".join(f"{value:.4g}" for value in values[name])
        print(f"{name:<26}{shown}  ({time.process_time():.0f} s so far)", flush=True)
    record.save(
        "depth",
        values,
        command=f"python -m benchmarks.depth --seeds {len(seeds)}",
        data=str(digits.source),
        seeds=seeds,
    )


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
