"""What makes the sorting network learn so quickly: the recipe, with one thing changed at a time.

``python -m benchmarks.sorting_ablation`` trains each variant under three seeds until 99 % of the
elements of fresh lists are right, or for 2,000 steps, and writes
``benchmarks/records/sorting_ablation.json``. Seconds are those of the processor, so that what else
the machine does is not counted. The second part times a step with and without XLA.
"""

from __future__ import annotations

import argparse
import os
import time

import keras
import numpy as np

from benchmarks import record
from rnncourse import sorting, training
from rnncourse.muon import Muon

STEPS = 2000
EVERY = 50
PLAIN = np.full(STEPS, 32)
SHORT_FIRST = np.repeat([4, 8, 16, 24, 32], [200, 200, 400, 400, 800])
NEVER = -1.0  # stands for a mark that was not reached

VARIANTS = {
    "the recipe": {},
    "64 units": {"units": 64},
    "batches of 32": {"batch": 32},
    "half the learning rate": {"rate": 0.01},
    "Adam for all weights": {"muon": False},
    "short lists first": {"lengths": SHORT_FIRST},
    "no odd lists": {"odd": 0.0},
    "no odd lists, but short lists first": {"odd": 0.0, "lengths": SHORT_FIRST},
    "no odd lists, Adam at its default": {"odd": 0.0, "muon": False, "rate": None},
}
WAYS = {"TensorFlow's graph": False, "compiled by XLA": True}
LOOKS = (0, 50, 100, 150, 200, 300, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000)


def optimizer(muon: bool = True, rate: float | None = 0.02):
    """The recipe's optimiser, or what stands in its place."""
    if rate is None:
        return keras.optimizers.Adam()
    schedule = training.warmup_cosine(rate, STEPS, warmup=0.05)
    if not muon:
        return keras.optimizers.Adam(schedule, beta_2=0.95, global_clipnorm=1.0)
    return Muon(schedule, ratio=0.5, beta_2=0.95, global_clipnorm=1.0)


def learn(seed: int, *, units=96, batch=64, lengths=PLAIN, odd=0.8, **how) -> tuple[dict, dict]:
    """Train until 99 % of the elements are right.

    Returns:
        Mark -> processor seconds and final accuracy; step -> accuracy and share of sorted answers.
    """
    keras.backend.clear_session()
    training.seed_everything(seed)
    rng = np.random.default_rng(seed)
    fresh = sorting.draw(np.random.default_rng(1000 + seed), 300, 32)
    sorter = sorting.Sorter(units=units)
    reached, seen, looking = {0.95: NEVER, 0.99: NEVER}, {}, 0.0
    started = time.process_time()

    def look(step: int) -> None:
        nonlocal looking
        if step % EVERY:
            return
        before = time.process_time()
        said = sorting.answers(sorter, fresh)
        right, _ = sorting.accuracy(said, fresh)
        seen[step] = right, float(np.mean(np.diff(said, axis=1) >= 0))
        for mark in reached:
            if reached[mark] == NEVER and right >= mark:
                reached[mark] = before - started - looking
        looking += time.process_time() - before

    def batches():
        for length in lengths:
            if reached[0.99] != NEVER:
                return
            yield sorting.draw(rng, batch, int(length), size=32, odd=odd)

    sorter.build()
    look(0)
    sorting.train(sorter, optimizer(**how), batches(), watch=look)
    last = seen[max(seen)][0]
    return {"to 95 %": reached[0.95], "to 99 %": reached[0.99], "elements": last}, seen


def milliseconds(jit_compile: bool, seed: int, steps: int = 20) -> float:
    """Processor time of one step on 64 lists of 32."""
    keras.backend.clear_session()
    training.seed_everything(seed)
    lists = sorting.draw(np.random.default_rng(seed), 64, 32)
    sorter = sorting.Sorter()
    step = sorting.compiled_step(sorter, optimizer(), jit_compile=jit_compile)
    for _ in range(3):
        float(step(lists, sorting.in_order(lists)))
    started = time.process_time()
    for _ in range(steps):
        float(step(lists, sorting.in_order(lists)))
    return 1000 * (time.process_time() - started) / steps


def main() -> None:
    """Train them all and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 1 to N")
    seeds = list(range(1, parser.parse_args().seeds + 1))
    values: dict[str, list[float]] = {}
    for name, jit_compile in WAYS.items():
        values[f"{name}, milliseconds"] = [milliseconds(jit_compile, seed) for seed in seeds]
        print(name, values[f"{name}, milliseconds"], flush=True)
    for name, change in VARIANTS.items():
        runs = [learn(seed, **change) for seed in seeds]
        for what in runs[0][0]:
            values[f"{name}, {what}"] = [marks[what] for marks, _ in runs]
            print(name, what, values[f"{name}, {what}"], flush=True)
        if name.endswith("Adam at its default"):
            for step in [step for step in LOOKS if all(step in seen for _, seen in runs)]:
                values[f"{name}, elements at step {step}"] = [seen[step][0] for _, seen in runs]
                values[f"{name}, in order at step {step}"] = [seen[step][1] for _, seen in runs]
    record.save(
        "sorting_ablation",
        values,
        command=f"python -m benchmarks.sorting_ablation --seeds {len(seeds)}",
        data="made up by rnncourse.sorting",
        seeds=seeds,
    )


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
