"""Told once what was seen, or at every step: which writer has more sentences right?

``python -m benchmarks.captioning_ways`` teaches an eye under each seed, trains both writers behind
it as the chapter does, with the same mini-batches in the same order, and writes
``benchmarks/records/captioning_ways.json``: for each way the share of sentences and of their parts
that are right on recombined test scenes, the weights, and the processor's seconds.
"""

from __future__ import annotations

import argparse
import time

import keras
import numpy as np

from benchmarks import record
from rnncourse import captioning, datasets, scenes, training
from rnncourse.muon import Muon

STEPS = 2_000
TESTED = 2_000  # scenes
WAYS = {"once": {}, "at every step": {"every_step": True}}


def learn(digits: datasets.Mnist, seed: int, steps: int) -> dict[str, float]:
    """Train both writers under one seed and measure them."""
    keras.backend.clear_session()
    seed = training.seed_everything(seed)
    rng = np.random.default_rng(seed)
    parts = {
        name: [m for m in scenes.all_meanings() if scenes.part(m) == name] for name in scenes.PARTS
    }
    held = len(digits.x_train) // 12
    x, y = digits.x_train[:-held], digits.y_train[:-held]
    painter = scenes.Painter(digits.x_test, digits.y_test)
    test = scenes.draw(painter, TESTED, np.random.default_rng(20_000 + seed), parts["recombined"])
    eye = captioning.eye()
    captioning.teach(eye, scenes.Painter(x, y), steps, rng)
    logits = eye.predict(x, batch_size=1_000, verbose=0)[:, 0, 0]  # (digits, 11)
    told = np.eye(captioning.KINDS, dtype=bool)[y]
    clear = logits[told] > np.where(told, -np.inf, logits).max(axis=1) + 3
    clear_painter = scenes.Painter(x[clear], y[clear])
    measured = {}
    for way, arguments in WAYS.items():
        model = captioning.Captioner(units=192, **arguments)
        model.adopt(eye)
        rate = training.warmup_cosine(peak=0.01, steps=steps, warmup=0.05)
        optimizer = Muon(rate, ratio=0.5, beta_2=0.95, weight_decay=0.1, global_clipnorm=1.0)
        luck = np.random.default_rng(seed)
        batches = captioning.batches(clear_painter, steps, 64, luck, parts["known"])
        started = time.process_time()
        captioning.train(model, optimizer, batches)
        shares = {"weights": model.count_params(), "seconds": time.process_time() - started}
        said = captioning.write(model, test.pictures).sentences()
        score = scenes.score(said, test.meanings)
        shares |= {"exact": score.exact, **{slot: score.slots[slot] for slot in scenes.SLOTS}}
        measured |= {f"{way}, {what}": value for what, value in shares.items()}
    return measured


def main() -> None:
    """Train under every seed and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 1 to N")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help="of each training")
    given = parser.parse_args()
    digits = datasets.load_mnist()
    seeds = list(range(1, given.seeds + 1))
    values: dict[str, list[float]] = {}
    for seed in seeds:
        for name, value in learn(digits, seed, given.steps).items():
            values.setdefault(name, []).append(value)
        shown = ", ".join(f"{name} {some[-1]:.4g}" for name, some in values.items())
        print(f"seed {seed}: {shown}", flush=True)
    record.save(
        "captioning_ways",
        values,
        command=f"python -m benchmarks.captioning_ways --seeds {given.seeds}",
        data=str(digits.source),
        seeds=seeds,
    )


if __name__ == "__main__":
    main()
