"""Captions: the picture given once or at every step, the writer told its words or not.

``python -m benchmarks.captioning`` trains the four networks on the scenes of the chapter, behind
the same eye and for the same number of mini-batches, and writes
``benchmarks/records/captioning.json``: the shares of sentences that are right to the last word, on
validation scenes.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from datetime import date
from importlib.metadata import version

import numpy as np

from rnncourse import captioning, datasets, results, scenes, training
from rnncourse.muon import Muon

BATCH, SCENES, RATE = 64, 1_000, 0.01
WAYS = {
    "once, told": {"every_step": False, "told": True},
    "every step, told": {"every_step": True, "told": True},
    "once, not told": {"every_step": False, "told": False},
    "every step, not told": {"every_step": True, "told": False},
}


def painters(digits: datasets.Mnist) -> tuple[scenes.Painter, scenes.Painter]:
    """One to learn from and one to choose by."""
    held = len(digits.x_train) // 12
    learnt = scenes.Painter(digits.x_train[:-held], digits.y_train[:-held])
    tried = scenes.Painter(digits.x_train[-held:], digits.y_train[-held:])
    return learnt, tried


def shares(way: str, eye, learnt, tried, steps: int, seed: int) -> dict[str, float]:
    """Train one network; the share of sentences right on each part of the meanings."""
    training.seed_everything(seed)
    parts = {
        name: tuple(m for m in scenes.all_meanings() if scenes.part(m) == name)
        for name in scenes.PARTS
    }
    rng = np.random.default_rng(seed)
    model = captioning.Captioner(**WAYS[way])
    model.adopt(eye)
    rate = training.warmup_cosine(RATE, steps, 0.05)
    optimizer = Muon(rate, ratio=0.5, beta_2=0.95, weight_decay=0.1, global_clipnorm=1.0)
    given = captioning.batches(learnt, steps, BATCH, rng, parts["known"])
    captioning.train(model, optimizer, given)
    found = {}
    for number, (name, meanings) in enumerate(parts.items()):
        some = scenes.draw(tried, SCENES, np.random.default_rng(number + 1), meanings)
        said = captioning.write(model, some.pictures).sentences()
        found[name] = scenes.score(said, some.meanings).exact
    return found


def main() -> None:
    """Train them all and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1_000, metavar="N", help="mini-batches of 64")
    parser.add_argument("--lessons", type=int, default=1_000, metavar="N", help="for the eye")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="seeds 1 to N")
    asked = parser.parse_args()
    digits = datasets.load_mnist()
    values: dict[str, list[float]] = {}
    seeds = list(range(1, asked.seeds + 1))
    learnt, tried = painters(digits)
    for seed in seeds:
        training.seed_everything(seed)
        eye = captioning.eye()
        captioning.teach(eye, learnt, asked.lessons, np.random.default_rng(seed))
        for way in WAYS:
            for part, share in shares(way, eye, learnt, tried, asked.steps, seed).items():
                values.setdefault(f"{way}: {part}", []).append(share)
                print(f"seed {seed}  {way}: {part} {share:.1%}", flush=True)
            print(f"({time.process_time():.0f} CPU s so far)", flush=True)
            results.RecordedRun(
                name="captioning",
                command="python -m benchmarks.captioning "
                f"--steps {asked.steps} --lessons {asked.lessons} --seeds {asked.seeds}",
                date=date.today().isoformat(),
                machine=f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
                versions={name: version(name) for name in ("tensorflow", "keras", "numpy")},
                data=str(digits.source),
                seeds=seeds,
                values=values,
            ).save()


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
