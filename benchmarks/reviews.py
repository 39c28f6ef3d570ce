"""Which reader of film reviews learns what from five thousand of them.

``python -m benchmarks.reviews`` trains each variant once a seed on all but a thousand of the
reviews to train on, judges it by those, and writes ``benchmarks/records/reviews.json``. The reviews
to test with are not looked at.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from datetime import date
from importlib.metadata import version

import keras
import numpy as np

from rnncourse import datasets, readers, results, training, words

HELD_OUT = 1_000
LENGTH = 120  # half of them the first words of a review, half the last
DROPOUT = {"dropout": 0.25, "unknown": 0.1}
STEM = {"stem": 64, "pool": 4, "both": True, "units": 32, "summary": "max"}
PAGE = STEM | {
    "pool": 6,
    "start": "none",
    "dropout": 0.25,
    "unknown": 0.2,
    "peak": 0.002,
    "length": 240,
}
VARIANTS = {
    "SimpleRNN": {"cell": "simple"},
    "SimpleRNN, dropout": {"cell": "simple"} | DROPOUT,
    "LSTM": {"cell": "lstm"},
    "LSTM, dropout": {"cell": "lstm"} | DROPOUT,
    "GRU": {},
    "GRU, dropout": DROPOUT,
    "convolution and GRU": STEM,
    "convolution and GRU, dropout": STEM | DROPOUT,
    "the same, mean of the vectors beside": STEM | DROPOUT | {"beside": True},
    "the same, vectors of our own": STEM | DROPOUT | {"beside": True, "start": "own"},
    "the same, vectors from nothing": STEM | DROPOUT | {"beside": True, "start": "none"},
    "the same, 240 words, smaller steps": PAGE | {"beside": True},
    "without the mean: the reader of the page": PAGE,
}


def by_film(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the held-out reviews and of the others: the last ones of either opinion.

    The reviews of one film stand next to each other, so hardly a film is in both.
    """
    held = np.concatenate([np.flatnonzero(labels == k)[-HELD_OUT // 2 :] for k in (0, 1)])
    return held, np.setdiff1d(np.arange(len(labels)), held)


def own_vectors(vocabulary: words.WordVocabulary, split, seed: int) -> np.ndarray:
    """Vectors counted from these reviews alone, as large as GloVe's."""
    rows = [vocabulary.encode([text], len(text) + 5)[0] for text in split]
    stream = np.concatenate(rows)
    made = words.counted_vectors(stream, len(vocabulary), 50, seed=seed)
    return 0.45 * made / made[2:].std()


def learn(
    data,
    glove,
    seed: int,
    *,
    start: str = "glove",
    unknown: float = 0.0,
    peak: float = 0.003,
    length: int = LENGTH,
    **settings,
) -> tuple[float, float]:
    """Train one reader.

    Returns:
        Share of the held-out reviews that are right, and processor seconds of the training.
    """
    keras.backend.clear_session()
    training.seed_everything(seed)
    rng = np.random.default_rng(seed)
    split = [words.split_words(text) for text in data.train_texts]
    held, kept = by_film(data.train_labels)
    vocabulary = words.WordVocabulary.of([split[i] for i in kept], size=10_000)
    numbers = vocabulary.encode(split, length, tail=length // 2)
    reader = readers.Reader(len(vocabulary), 2, **({"units": 48} | settings))
    reader.build()
    if start == "glove":
        rows = readers.start_vectors(vocabulary, glove.words, glove.vectors, rng)
        reader.table.set_weights([rows])
    elif start == "own":
        own = own_vectors(vocabulary, [split[i] for i in kept], seed)
        reader.table.set_weights([own.astype("float32")])
    labels = data.train_labels
    started = time.process_time()
    readers.train(
        reader,
        numbers[kept],
        labels[kept],
        epochs=4,
        batch=32,
        peak=peak,
        seed=seed,
        unknown=unknown,
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
    data, glove = datasets.load_reviews(), datasets.load_word_vectors()
    values: dict[str, list[float]] = (
        results.recorded_run("reviews").values if options.resume else {}
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
            save(values, seeds, data)


def save(values: dict[str, list[float]], seeds: list[int], data) -> None:
    """Write the record."""
    results.RecordedRun(
        name="reviews",
        command=f"python -m benchmarks.reviews --seeds {len(seeds)}",
        date=date.today().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        versions={name: version(name) for name in ("tensorflow", "keras", "numpy")},
        data=str(data.source),
        seeds=seeds,
        values=values,
    ).save()


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
