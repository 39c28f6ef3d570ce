"""Windows of different lengths, with and without the state carried from one to the next.

``python -m benchmarks.generation_windows`` trains one generator for each on the same number of
characters, by 32 readers, and writes ``benchmarks/records/generation_windows.json``. They are
measured on the last 5 % of the part to train on, which they do not see; the last tenth of the text
is not touched.
"""

from __future__ import annotations

import os
import platform
import time
from datetime import date
from importlib.metadata import version

import keras

from rnncourse import datasets, language, results, training
from rnncourse.text import Vocabulary

CHARACTERS = 1_000_000
STREAMS = 32
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
            keras.backend.clear_session()
            training.seed_everything(0)
            model = language.generator(len(vocabulary))
            steps = CHARACTERS // (STREAMS * length)
            recipe = language.Recipe(steps=steps, streams=STREAMS, length=length, carry=carry)
            started = time.process_time()
            language.train(model, text[:cut], recipe)
            seconds = time.process_time() - started
            nats = -float(language.log_probabilities(model, text[cut:]).mean())
            name = f"{length}, {'carried' if carry else 'not carried'}"
            values[name], values[f"{name}, CPU seconds"] = [nats], [seconds]
            print(f"{name}: {nats:.4f} nats after {steps} steps, {seconds:.0f} CPU s", flush=True)
    results.RecordedRun(
        name="generation_windows",
        command="python -m benchmarks.generation_windows",
        date=date.today().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        versions={name: version(name) for name in ("tensorflow", "keras", "numpy")},
        data=str(plays.source),
        seeds=[0],
        values=values,
    ).save()


if __name__ == "__main__":
    main()
