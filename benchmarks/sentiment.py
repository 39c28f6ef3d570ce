"""The longer trainings behind the chapter on messages.

``python -m benchmarks.sentiment choices`` trains, on the clean split, every variant that the
chapter's network was chosen from and judges it by 2,000 training tweets that were held out; the
test messages are not looked at. ``protocols`` trains one network, and the linear baseline, on each
of the three splits and judges them by the test messages. ``characters`` does the same with the
handout's kind of network, on the published split and on the split with paraphrases. ``readers``
compares ways to make one answer of many characters. Each writes
``benchmarks/records/sentiment_<part>.json``.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version

import keras
import numpy as np
from sklearn.metrics import confusion_matrix

from rnncourse import datasets, results, sentiment, training
from rnncourse.fast_gru import FastGRU

CHOICES = {
    "as in the chapter": {},
    "no recurrence": {"recurrent": False},
    "no linear opinion": {"opinion": False},
    "no linear opinion, no recurrence": {"opinion": False, "recurrent": False},
    "no entity in the network": {"about": False, "crossed": False},
    "no pieces dropped": {"pieces_dropped": 0.0},
    "4 epochs": {"epochs": 4},
}
EPOCHS = 2
LIGHT = {
    "vector": 48,
    "pieces_dropped": 0.0,
    "words_dropped": 0.1,
    "dropout": 0.2,
}  # for the published split
LIGHT_FIT = {"decay": 0.01, "smoothing": 0.0, "epochs": 5, "batch_size": 128, "rate": 0.008}
EDGES = (64, 128, 192, 256)
HANDOUT = {
    "layers": 1,
    "units": 96,
    "vector": 32,
    "stem": (128, 5, 4),
    "masked": True,
    "pool": "max",
    "cell": FastGRU,
    "length": None,
}
HANDOUT_FIT = {
    "decay": 0.0,
    "smoothing": 0.0,
    "epochs": 9,
    "batch_size": 128,
    "rate": 0.004,
    "muon": True,
    "edges": EDGES,
}
READERS = {
    "SimpleRNN, last": {"cell": keras.layers.SimpleRNN},
    "GRU, last": {"cell": keras.layers.GRU},
    "LSTM, last": {"cell": keras.layers.LSTM},
    "GRU of the course, last": {"cell": FastGRU},
    "GRU, last, padding masked": {"cell": FastGRU, "masked": True},
    "GRU, last, masked, bucketed": {"cell": FastGRU, "masked": True, "length": None},
    "GRU, max over time, masked, bucketed": {
        "cell": FastGRU,
        "masked": True,
        "pool": "max",
        "length": None,
    },
    "the same with a stem": HANDOUT | {"units": 64},
}
READERS_FIT = {"decay": 0.0, "smoothing": 0.0, "epochs": 1, "batch_size": 32, "rate": 0.004}
READERS_ROWS = 8_000


def main() -> int:
    """Run one part and record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=list(PARTS))
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="seeds 0 to N-1")
    asked = parser.parse_args()
    seeds = list(range(asked.seeds))
    for values in PARTS[asked.part](seeds):  # a run that is broken off leaves what it found
        record = results.RecordedRun(
            name=f"sentiment_{asked.part}",
            command=f"python -m benchmarks.sentiment {asked.part} --seeds {asked.seeds}",
            date=datetime.date.today().isoformat(),
            machine=f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
            versions={
                name: version(name) for name in ("tensorflow", "keras", "numpy", "scikit-learn")
            },
            data=str(datasets.load_messages("published").source),
            seeds=seeds,
            values=values,
        )
        path = record.save()
    print(f"written to {path.relative_to(results.PROJECT)}")
    return 0


class Clock:
    """Seconds on the wall and of the processor since it was made."""

    def __init__(self):
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def read(self) -> list[float]:
        """Both."""
        return [time.perf_counter() - self.wall, time.process_time() - self.processor]


def choices(seeds: list[int]) -> Iterator[dict[str, list[float]]]:
    """Accuracy on held-out training tweets of every variant."""
    train, valid = datasets.hold_out(datasets.load_messages("clean").train, 2000)
    values = {}
    opinions = sentiment.second_opinions(train, valid)
    for about in (True, False):
        linear = sentiment.linear_reader(about).fit(sentiment.pairs(train), train.labels)
        name = "linear" if about else "linear, no entity"
        values[name] = [float(linear.score(sentiment.pairs(valid), valid.labels))]
        print(name, values[name], flush=True)
    for name, variant in CHOICES.items():
        clock = Clock()
        runs = [piece_run(train, valid, seed, opinions, **variant) for seed in seeds]
        values[name] = [accuracy(run, valid) for run in runs]
        values[f"{name}, averaged"] = [accuracy(sum(runs), valid)]
        print(
            name, np.round(values[name], 4), values[f"{name}, averaged"], clock.read(), flush=True
        )
        yield values


def piece_run(train, judged, seed, opinions=None, *, crossed=True, epochs=EPOCHS, **how):
    """Probabilities, (messages, 4), that a network trained under a seed gives.

    Without a linear reader's opinions, or told to do without, pieces vote instead.
    """
    keras.backend.clear_session()
    training.seed_everything(seed)
    fit = {k: how.pop(k) for k in ("decay", "smoothing", "rate", "batch_size") if k in how}
    known = list(np.unique(train.entities))
    inputs = [piece_inputs(tweets, known, crossed) for tweets in (train, judged)]
    opinion = how.pop("opinion", opinions is not None)
    if opinion:
        inputs = [[*ours, opinion] for ours, opinion in zip(inputs, opinions, strict=True)]
    model = sentiment.piece_reader(
        len(known),
        most=inputs[0][0].shape[-1],
        opinion=opinion,
        straight=not opinion,
        **how,
    )
    sentiment.fit_reader(model, inputs[0], train.labels, epochs=epochs, seed=seed, **fit)
    return probabilities(model, inputs[1])


def piece_inputs(tweets, known: list, crossed: bool = True) -> list[np.ndarray]:
    """What a piece reader reads; an entity that was not in the training counts as the first."""
    places = {entity: place for place, entity in enumerate(known)}
    entities = np.array([places.get(entity, 0) for entity in tweets.entities], "int32")
    return [sentiment.pieces(tweets.texts, tweets.entities if crossed else None), entities]


def probabilities(model, inputs) -> np.ndarray:
    """Softmax of a model's logits, (messages, 4)."""
    logits = model.predict(inputs, batch_size=250, verbose=0)
    return np.array(keras.ops.softmax(logits))


def accuracy(answers: np.ndarray, tweets) -> float:
    """Share of messages whose largest answer is right."""
    return float(np.mean(answers.argmax(axis=1) == tweets.labels))


def protocols(seeds: list[int]) -> Iterator[dict[str, list[float]]]:
    """Accuracy on the test messages, split by split."""
    values = {}
    for protocol in datasets.PROTOCOLS:
        loaded = datasets.load_messages(protocol)
        train, test = loaded.train, loaded.test
        most_frequent = np.bincount(train.labels).argmax()
        values[f"{protocol}, majority"] = [float(np.mean(test.labels == most_frequent))]
        if protocol != "clean":  # that one is trained in the chapter itself
            clock = Clock()
            runs = [piece_run(train, test, seed, **LIGHT, **LIGHT_FIT) for seed in seeds]
            values[f"{protocol}, network"] = [accuracy(run, test) for run in runs]
            values[f"{protocol}, network, seconds"] = clock.read()
            print(protocol, values[f"{protocol}, network"], clock.read(), flush=True)
            yield values
        clock = Clock()
        linear = sentiment.linear_reader(strength=10.0 if protocol == "published" else 3.0)
        linear.fit(sentiment.pairs(train), train.labels)
        values[f"{protocol}, linear"] = [float(linear.score(sentiment.pairs(test), test.labels))]
        values[f"{protocol}, linear, seconds"] = clock.read()
        print(protocol, "linear", values[f"{protocol}, linear"], clock.read(), flush=True)
        yield values


class Watch(keras.callbacks.Callback):
    """Confusion matrices of some messages along the training."""

    def __init__(self, inputs, labels, epochs):
        super().__init__()
        self.inputs, self.labels, self.epochs, self.seen = inputs, labels, epochs, {}

    def on_epoch_end(self, epoch, logs=None):
        """Look, in the epochs asked for."""
        if epoch + 1 in self.epochs:
            said = probabilities(self.model, self.inputs).argmax(axis=1)
            self.seen[epoch + 1] = confusion_matrix(self.labels, said, labels=range(4))
            print(epoch + 1, np.mean(said == self.labels), flush=True)


def characters(seeds: list[int]) -> Iterator[dict[str, list[float]]]:
    """The handout's kind of network on the published split, and without the leak."""
    values: dict[str, list[float]] = {}
    for protocol in ("published", "paraphrases"):
        loaded = datasets.load_messages(protocol)
        inputs = [sentiment.characters(t.texts) for t in (loaded.train, loaded.test)]
        clock, epochs = Clock(), HANDOUT_FIT["epochs"]
        moments = {1, 2, 4, 6, epochs}
        for seed in seeds:
            keras.backend.clear_session()
            training.seed_everything(seed)
            model = sentiment.character_reader(**HANDOUT)
            watch = Watch(inputs[1], loaded.test.labels, moments if seed == 0 else {epochs})
            labels = loaded.train.labels
            sentiment.fit_reader(
                model, inputs[:1], labels, seed=seed, callbacks=(watch,), **HANDOUT_FIT
            )
            last = watch.seen[epochs]
            share = float(np.trace(last) / last.sum())
            values.setdefault(f"{protocol}, accuracy", []).append(share)
            if seed == 0:
                for epoch, counts in watch.seen.items():  # 16 counts, truth by truth
                    name = f"{protocol}, confusion after epoch {epoch}"
                    values[name] = counts.ravel().astype(float).tolist()
        values[f"{protocol}, seconds"] = clock.read()
        print(protocol, values[f"{protocol}, accuracy"], clock.read(), flush=True)
        yield values


def readers(seeds: list[int]) -> Iterator[dict[str, list[float]]]:
    """Ways to make one answer of many characters: accuracy on held-out tweets, and seconds."""
    loaded = datasets.load_messages("paraphrases")
    train, valid = datasets.hold_out(loaded.train, 1000)
    train = train.take(np.random.default_rng(0).permutation(len(train))[:READERS_ROWS])
    inputs = [sentiment.characters(t.texts) for t in (train, valid)]
    values: dict[str, list[float]] = {}
    for name, how in READERS.items():
        clock, found = Clock(), []
        for seed in seeds:
            keras.backend.clear_session()
            training.seed_everything(seed)
            model = sentiment.character_reader(**({"layers": 1, "units": 64} | how))
            edges = EDGES if how.get("length", 0) is None else None
            fit = READERS_FIT | {"muon": True, "edges": edges}
            sentiment.fit_reader(model, inputs[:1], train.labels, seed=seed, **fit)
            found.append(accuracy(probabilities(model, inputs[1]), valid))
        values[name], values[f"{name}, seconds"] = found, clock.read()
        print(name, found, clock.read(), flush=True)
        yield values


PARTS = {
    "choices": choices,
    "protocols": protocols,
    "characters": characters,
    "readers": readers,
}

if __name__ == "__main__":
    os.environ.setdefault("RNNCOURSE_QUIET", "1")
    sys.exit(main())
