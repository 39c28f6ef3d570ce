"""How much of the generator to leave out while it learns, chosen on a part that is not the test's.

``python -m benchmarks.generation_settings`` trains on the first 85 % of the text, measures on the
next 5 %, and writes ``benchmarks/records/generation_settings.json``. The last tenth is not touched.
"""

from __future__ import annotations

import time

import keras
import numpy as np

from benchmarks import record
from rnncourse import datasets, language, training
from rnncourse.text import Vocabulary

STEPS = 6000
DROPOUT = (0.2, 0.0)
SEEDS = (0, 1)


def main() -> None:
    """Train them all and write the record."""
    values: dict[str, list[float]] = {}
    for dropout in DROPOUT:
        name, said, found = f"dropout {dropout}", [], []
        for seed in SEEDS:
            given, *numbers = measured(dropout, STEPS, seed)
            said.append(given)
            found.append([-float(given.mean()), *numbers])
        together = np.logaddexp.reduce(said) - np.log(len(said))
        alone, learnt, seconds = map(list, zip(*found, strict=True))
        values[f"{name}, alone"] = alone
        values[f"{name}, together"] = [-float(together.mean())]
        values[f"{name}, on what it learnt"] = learnt
        values[f"{name}, CPU seconds"] = seconds
        print(f"{name}, together {-together.mean():.4f}", flush=True)
        save("generation_settings", values, SEEDS)


def measured(dropout: float, steps: int, seed: int) -> tuple[np.ndarray, float, float]:
    """Train one generator.

    Returns:
        log p of each character of the part to choose by; the loss on the first 50,000 characters
        that it learnt, in nats; and the processor's seconds.
    """
    plays = datasets.load_shakespeare()
    vocabulary = Vocabulary.of(plays.train + plays.test)
    text = vocabulary.encode(plays.train)
    cut = len(text) * 17 // 18
    keras.backend.clear_session()
    training.seed_everything(seed)
    started = time.process_time()
    model = language.generator(len(vocabulary))
    recipe = language.Recipe(steps=steps, dropout=dropout)
    losses = language.train(model, text[:cut], recipe, seed)
    seconds = time.process_time() - started
    learnt = -float(language.log_probabilities(model, text[:50_000]).mean())
    said = language.log_probabilities(model, text[cut:])
    print(
        f"dropout {dropout}, {steps} steps, seed {seed}: {losses[-300:].mean():.4f} while "
        f"training, {learnt:.4f} on what it learnt, {-said.mean():.4f} on what it did not, "
        f"{seconds:.0f} CPU s",
        flush=True,
    )
    return said, learnt, seconds


def save(name: str, values: dict[str, list[float]], seeds: tuple[int, ...]) -> None:
    """Write the record of a benchmark of this folder."""
    record.save(
        name,
        values,
        command=f"python -m benchmarks.{name}",
        data=str(datasets.load_shakespeare().source),
        seeds=list(seeds),
    )


if __name__ == "__main__":
    main()
