"""Windows of different lengths, with and without the state carried from one to the next.

``python -m benchmarks.generation_windows`` trains three small generators for each and writes
``benchmarks/records/generation_windows.json``. All make the same number of updates, each with the
same number of characters: the longer the window, the fewer the streams. They are measured on the
last 5 % of the part to train on, which they do not see, with the state carried from its beginning
to its end; the last tenth of the text is not touched.
"""

from __future__ import annotations

import time

import keras
import numpy as np

from benchmarks.generation_settings import save
from rnncourse import datasets, language, training
from rnncourse.text import Vocabulary

UNITS = 128
STEPS = 2500
CHARACTERS = 1024  # of an update
SEEDS = (0, 1, 2)
LENGTHS = (16, 32, 64, 128, 256)


def main() -> None:
    """Train them all and write the record."""
    plays = datasets.load_shakespeare()
    vocabulary = Vocabulary.of(plays.train + plays.test)
    text = vocabulary.encode(plays.train)
    cut = len(text) * 17 // 18
    values: dict[str, list[float]] = {}
    for length in LENGTHS:
        for carry in (True, False):
            name = f"{length}, {'carried' if carry else 'not carried'}"
            recipe = language.Recipe(STEPS, CHARACTERS // length, length, carry)
            nats, seconds = [], []
            for seed in SEEDS:
                keras.backend.clear_session()
                training.seed_everything(seed)
                model = language.generator(len(vocabulary), (UNITS,))
                started = time.process_time()
                language.train(model, text[:cut], recipe, seed)
                seconds.append(time.process_time() - started)
                nats.append(-float(language.log_probabilities(model, text[cut:]).mean()))
            values[name], values[f"{name}, CPU seconds"] = nats, seconds
            print(f"{name}: {np.round(nats, 4)} nats, {np.round(seconds)} CPU s", flush=True)
    save("generation_windows", values, SEEDS)


if __name__ == "__main__":
    main()
