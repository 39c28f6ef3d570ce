"""What each part of the ontology's reader is worth, on a held-out part of the texts to train on.

``python -m benchmarks.ontology`` trains each variant once a seed on all but a thousand of the texts
to train on, judges it by those, and writes ``benchmarks/records/ontology.json``. The texts to test
with are not looked at.
"""

from __future__ import annotations

import argparse
import os
import time

import keras
import numpy as np

from benchmarks import record
from rnncourse import datasets, readers, results, training, words

HELD_OUT = 1_000
GRU = {"units": 64}
BOTH = GRU | {"units": 48, "both": True}
STEM = BOTH | {"stem": 96}
VARIANTS = {
    "GRU, last output, vectors from nothing": GRU | {"start": "none"},
    "GloVe, frozen": GRU | {"tuned": False},
    "GloVe, tuned": GRU,
    "largest output instead of the last": GRU | {"summary": "max"},
    "both directions": BOTH | {"summary": "max"},
    "a convolution first": STEM | {"summary": "max"},
    "marks of the words": STEM | {"summary": "max", "marks": 16},
    "marks, but no words hidden": STEM | {"summary": "max", "marks": 16, "unknown": 0.0},
}


def learn(
    data, glove, seed: int, *, start: str = "glove", unknown: float = 0.2, **settings
) -> tuple[float, float]:
    """Train one reader.

    Returns:
        Share of the held-out texts that are right, and processor seconds of the training.
    """
    keras.backend.clear_session()
    training.seed_everything(seed)
    rng = np.random.default_rng(seed)
    split = [words.split_words(text, lower=False) for text in data.train_texts]
    order = rng.permutation(len(split))
    held, kept = order[:HELD_OUT], order[HELD_OUT:]
    lower = [[word.lower() for word in split[i]] for i in kept]
    vocabulary = words.WordVocabulary.of(lower, at_least=2)
    numbers = readers.encode(vocabulary, split, 48)
    if not settings.get("marks"):
        numbers = numbers[..., 0]
    reader = readers.Reader(len(vocabulary), len(data.classes), dropout=0.3, **settings)
    reader.build()
    if start == "glove":
        rows = readers.start_vectors(vocabulary, glove.words, glove.vectors, rng)
        reader.table.set_weights([rows])
    labels = data.train_labels
    started = time.process_time()
    readers.train(
        reader,
        numbers[kept],
        labels[kept],
        epochs=8,
        batch=32,
        peak=0.004,
        seed=seed,
        unknown=unknown,
        smooth=0.05,
    )
    seconds = time.process_time() - started
    said = readers.probabilities(reader, numbers[held]).argmax(axis=1)
    return float(np.mean(said == labels[held])), seconds


def main() -> None:
    """Train them all and write the record, after each variant what there is so far."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="seeds 1 to N")
    parser.add_argument("--resume", action="store_true", help="keep what the record has already")
    options = parser.parse_args()
    seeds = list(range(1, options.seeds + 1))
    data, glove = datasets.load_ontology(), datasets.load_word_vectors()
    values: dict[str, list[float]] = (
        results.recorded_run("ontology").values if options.resume else {}
    )
    for seed in seeds:
        for variant, settings in VARIANTS.items():
            shares = values.setdefault(f"{variant}, held out", [])
            times = values.setdefault(f"{variant}, seconds", [])
            if len(shares) >= seed:
                continue
            share, seconds = learn(data, glove, seed, **settings)
            shares.append(share)
            times.append(seconds)
            print(seed, variant, share, seconds, flush=True)
            record.save(
                "ontology",
                values,
                command=f"python -m benchmarks.ontology --seeds {len(seeds)}",
                data=str(data.source),
                seeds=seeds,
            )


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
