"""Which reader of film reviews learns what from five thousand of them.

``python -m benchmarks.reviews`` trains each variant once a seed on all but a thousand of the
reviews to train on, judges it by those, and writes ``benchmarks/records/reviews.json``. Hardly a
film is on both sides; with ``--random`` the thousand are drawn by lot, which shares films and so
flatters, and the record is ``reviews_random.json``. The reviews to test with are not looked at.
"""

from __future__ import annotations

import argparse
import os
import time

import keras
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks import record
from rnncourse import datasets, readers, results, training, words

HELD_OUT = 1_000
LENGTH = 120  # half of them the first words of a review, half the last
DROPOUT = {"dropout": 0.25, "unknown": 0.1}
STEM = {"stem": 64, "pool": 4, "both": True, "units": 32, "summary": "max"}
PAGE = STEM | {
    "pool": 6,
    "start": "own",
    "dropout": 0.25,
    "unknown": 0.2,
    "peak": 0.002,
    "length": 240,
}
READER = "240 words, vectors of our own: the reader of the page"
PAIRS = "bag of words and pairs"
BAGS = {"bag of words": {"longest": 1}, PAIRS: {"longest": 2}}
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
    "the same, and vectors of our own": STEM | DROPOUT | {"beside": True, "start": "own"},
    "the same, and vectors from nothing": STEM | DROPOUT | {"beside": True, "start": "none"},
    "240 words, vectors from nothing, mean beside": PAGE | {"start": "none", "beside": True},
    "240 words, vectors from nothing": PAGE | {"start": "none"},
    "240 words, GloVe's vectors": PAGE | {"start": "glove"},
    READER: PAGE,
}
FEWER = (1_000, 2_000)  # what if there were not even four thousand to train on?
for few in FEWER:
    BAGS[f"{PAIRS}, {few:,} reviews"] = {"longest": 2, "examples": few}
    VARIANTS[f"{READER}, {few:,} reviews"] = PAGE | {"examples": few}


def by_film(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the held-out reviews and of the others: the last ones of either opinion.

    The reviews of one film stand next to each other, so hardly a film is in both.
    """
    held = np.concatenate([np.flatnonzero(labels == k)[-HELD_OUT // 2 :] for k in (0, 1)])
    return held, np.setdiff1d(np.arange(len(labels)), held)


def at_random(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Places of the held-out reviews and of the others, drawn by lot."""
    order = rng.permutation(len(labels))
    return order[:HELD_OUT], order[HELD_OUT:]


def some(places: np.ndarray, number: int | None, rng: np.random.Generator) -> np.ndarray:
    """So many of the places, drawn by lot; all of them if no number is given."""
    return places if number is None else rng.permutation(places)[:number]


def count(
    data, seed: int, *, longest: int, examples: int | None = None, random: bool
) -> tuple[float, float]:
    """Fit a bag of runs of up to so many words; returns what :func:`learn` does."""
    started = time.process_time()
    split = [words.split_words(text) for text in data.train_texts]
    labels = data.train_labels
    rng = np.random.default_rng(seed)
    held, kept = at_random(labels, rng) if random else by_film(labels)
    kept = some(kept, examples, rng)
    weights = TfidfVectorizer(
        analyzer=lambda text: [
            " ".join(text[i : i + n])
            for n in range(1, longest + 1)
            for i in range(len(text) - n + 1)
        ],
        sublinear_tf=True,
        min_df=2,
    )
    model = LogisticRegression(C=30, solver="liblinear", dual=True, tol=0.1, random_state=seed)
    model.fit(weights.fit_transform([split[i] for i in kept]), labels[kept])
    right = model.score(weights.transform([split[i] for i in held]), labels[held])
    return float(right), time.process_time() - started


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
    examples: int | None = None,
    random: bool = False,
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
    held, kept = at_random(data.train_labels, rng) if random else by_film(data.train_labels)
    epochs = 4 * len(kept) // (examples or len(kept))  # as many steps from fewer reviews
    kept = some(kept, examples, rng)
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
        epochs=epochs,
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
    parser.add_argument("--random", action="store_true", help="hold out by lot, not by film")
    options = parser.parse_args()
    seeds = list(range(1, options.seeds + 1))
    data, glove = datasets.load_reviews(), datasets.load_word_vectors()
    name = "reviews_random" if options.random else "reviews"
    values: dict[str, list[float]] = results.recorded_run(name).values if options.resume else {}
    for seed in seeds:
        for variant, settings in (BAGS | VARIANTS).items():
            if options.random and "examples" in settings:
                continue  # what fewer reviews are worth is asked once
            shares = values.setdefault(f"{variant}, held out", [])
            times = values.setdefault(f"{variant}, seconds", [])
            if len(shares) >= seed:
                continue
            if variant in BAGS:
                share, seconds = count(data, seed, random=options.random, **settings)
            else:
                share, seconds = learn(data, glove, seed, random=options.random, **settings)
            shares.append(share)
            times.append(seconds)
            print(seed, variant, share, seconds, flush=True)
            save(name, values, seeds, data)


def save(name: str, values: dict[str, list[float]], seeds: list[int], data) -> None:
    """Write the record."""
    by = " --random" if name == "reviews_random" else ""
    record.save(
        name,
        values,
        command=f"python -m benchmarks.reviews --seeds {len(seeds)}{by}",
        data=str(data.source),
        seeds=seeds,
    )


if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    main()
