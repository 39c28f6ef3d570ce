"""How much of the generator to leave out while it learns, chosen on a part that is not the test's.

``python -m benchmarks.generation_settings`` trains on the first 85 % of the text, measures on the
next 5 %, and writes ``benchmarks/records/generation_settings.json``. The last tenth is not touched.
"""

from __future__ import annotations

import os
import platform
import time
from datetime import date
from importlib.metadata import version

import keras
import numpy as np

from rnncourse import datasets, language, results, training
from rnncourse.text import Vocabulary

STEPS = 6000
DROPOUT = (0.2, 0.0)
SEEDS = (0, 1)


def main() -> None:
    """Train them all and write the record."""
    plays = datasets.load_shakespeare()
    vocabulary = Vocabulary.of(plays.train + plays.test)
    text = vocabulary.encode(plays.train)
    cut = len(text) * 17 // 18
    values: dict[str, list[float]] = {}
    for dropout in DROPOUT:
        said, seconds, fitted = [], [], []
        for seed in SEEDS:
            keras.backend.clear_session()
            training.seed_everything(seed)
            started = time.process_time()
            model = language.generator(len(vocabulary))
            recipe = language.Recipe(steps=STEPS, dropout=dropout)
            losses = language.train(model, text[:cut], recipe, seed)
            seconds.append(time.process_time() - started)
            fitted.append(-float(language.log_probabilities(model, text[:50_000]).mean()))
            said.append(language.log_probabilities(model, text[cut:]))
            print(
                f"dropout {dropout}, seed {seed}: {losses[-300:].mean():.4f} while training, "
                f"{fitted[-1]:.4f} on what it learnt, {-said[-1].mean():.4f} on what it did not, "
                f"{seconds[-1]:.0f} CPU s",
                flush=True,
            )
        together = np.logaddexp.reduce(said) - np.log(len(said))
        values[f"dropout {dropout}, alone"] = [-float(one.mean()) for one in said]
        values[f"dropout {dropout}, together"] = [-float(together.mean())]
        values[f"dropout {dropout}, on what it learnt"] = fitted
        values[f"dropout {dropout}, CPU seconds"] = seconds
        print(f"dropout {dropout}, together {-together.mean():.4f}", flush=True)
        results.RecordedRun(
            name="generation_settings",
            command="python -m benchmarks.generation_settings",
            date=date.today().isoformat(),
            machine=f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
            versions={name: version(name) for name in ("tensorflow", "keras", "numpy")},
            data=str(plays.source),
            seeds=list(SEEDS),
            values=values,
        ).save()


if __name__ == "__main__":
    main()
