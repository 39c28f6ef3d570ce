"""How far n-grams come with tunes: longer and longer ones, with the metronome and without.

``python -m benchmarks.tunes`` counts n-grams of several orders on the chapter's training tunes,
finds the temperature at which most of 100 drawn tunes add up, draws 200 fresh ones for each of five
seeds, and writes ``benchmarks/records/tunes.json``: for each model its counts, its nats a token on
the validation tunes, the share that adds up, and the longest stretch copied from a training tune.
"""

from __future__ import annotations

import argparse
import functools
import random
import time

import keras
import numpy as np
import tensorflow as tf

from benchmarks import record
from rnncourse import datasets, ngrams
from rnncourse.music import abc_notation as abc
from rnncourse.music import melodies
from rnncourse.music.metronome import HALVES, Metronome

PLAIN, WITH_CLUE = (5, 7, 9, 12), (4, 6, 8)
TEMPERATURES = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2)
LONGEST = 520


def main() -> None:
    """Measure every model and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 1 to N")
    seeds = list(range(1, parser.parse_args().seeds + 1))
    source, train, valid = _split()
    vocabulary = sorted({token for tune in train + valid for token in tune})
    number = {token: i for i, token in enumerate(vocabulary)}
    start = number[abc.START]
    old = [melodies.melody(tune) for tune in train]
    known, new = ([[number[t] for t in tune] + [start] for tune in part] for part in (train, valid))
    foot = _Foot(vocabulary)
    values: dict[str, list[float]] = {}
    for order, clued in [(n, False) for n in PLAIN] + [(n, True) for n in WITH_CLUE]:
        started = time.perf_counter()
        clues = [foot.clues(part) for part in (known, new)] if clued else [(), ()]
        model = ngrams.NGram(order, len(vocabulary)).fit(known, clues[0])

        def draw(count, temperature, seed, model=model, clued=clued):
            drawn = _draw(model, foot if clued else None, start, count, temperature, seed)
            return [[vocabulary[i] for i in d[:-1]] if d[-1] == start else None for d in drawn]

        tried = {t: _share(draw(100, t, 0)) for t in TEMPERATURES}
        best = max(tried, key=tried.get)
        samples = [draw(200, best, seed) for seed in seeds]
        good = [[t for t in some if t and _adds_up("".join(t))][:60] for some in samples]
        longest = [
            max(
                melodies.longest_common_stretches([melodies.melody(t) for t in some], old),
                default=0,
            )
            for some in good
        ]
        name = f"n = {order}" + (" with the metronome" if clued else "")
        values[f"{name}, size"] = [model.size]
        values[f"{name}, nats"] = [model.nats(new, clues[1])]
        values[f"{name}, temperature"] = [best]
        values[f"{name}, share"] = [_share(some) for some in samples]
        values[f"{name}, copied"] = longest
        shown = ", ".join(f"{share:.1%}" for share in values[f"{name}, share"])
        print(f"{name}: {shown}, {time.perf_counter() - started:.0f} s", flush=True)
    record.save(
        "tunes",
        values,
        command=f"python -m benchmarks.tunes --seeds {len(seeds)}",
        data=str(source),
        seeds=seeds,
    )


def _split():
    """The chapter's tunes, tokens and split."""
    collection = datasets.load_tunes()
    cut = []
    for text in collection.texts:
        try:
            cut.append(melodies.in_tonic(abc.tokens(text)))
        except abc.AbcError:
            continue
    groups = melodies.near_copies([melodies.melody(tune) for tune in cut])
    order = sorted(set(groups))
    random.Random(1).shuffle(order)
    place = {group: i / len(order) for i, group in enumerate(order)}
    train = [tune for tune, g in zip(cut, groups, strict=True) if place[g] >= 0.2]
    valid = [tune for tune, g in zip(cut, groups, strict=True) if place[g] < 0.1]
    return collection.source, train, valid


class _Foot:
    """The metronome's two times as a clue for n-grams."""

    def __init__(self, vocabulary: list[str]):
        self.tokens = len(vocabulary)
        self.cell = Metronome(vocabulary)
        self.run = tf.function(keras.layers.RNN(self.cell, return_sequences=True))
        self.step = tf.function(self.cell)

    def told(self, output: np.ndarray) -> np.ndarray:
        """Time left in the bar, and time left if the part ends, (..., 2)."""
        left, due = np.split(output[..., self.tokens : self.tokens + 2 * HALVES], 2, axis=-1)
        return np.stack([left.argmax(-1), due.argmax(-1)], -1)

    def clues(self, sequences) -> list[list]:
        """One clue a token: what the metronome said before it."""
        clues = []
        for first in range(0, len(sequences), 64):
            some = sequences[first : first + 64]
            x = np.zeros((len(some), LONGEST, self.tokens), "float32")
            for row, sequence in zip(x, some, strict=True):
                row[np.arange(len(sequence) - 1), sequence[:-1]] = 1
            said = self.told(self.run(x).numpy()).tolist()
            clues += [
                [None, *map(tuple, row[: len(sequence) - 1])]
                for row, sequence in zip(said, some, strict=True)
            ]
        return clues


def _draw(model, foot, start, count, temperature, seed) -> list[list[int]]:
    """All sequences side by side, so that the metronome runs once a step."""
    rng = np.random.default_rng(seed)
    probabilities = functools.lru_cache(50_000)(model.probabilities)
    drawn = [[start] for _ in range(count)]
    state = foot.cell.get_initial_state(count) if foot else None
    clues = [None] * count
    for _ in range(LONGEST):
        if foot:
            one_hot = np.eye(foot.tokens, dtype="float32")[[d[-1] for d in drawn]]
            output, state = foot.step(one_hot, state)
            clues = map(tuple, foot.told(np.asarray(output)).tolist())
        for so_far, clue in zip(drawn, clues, strict=True):
            if len(so_far) == 1 or so_far[-1] != start:
                p = probabilities(model.history(so_far, clue)) ** (1 / temperature)
                so_far.append(int(rng.choice(len(p), p=p / p.sum())))
    return drawn


def _adds_up(text: str) -> bool:
    try:
        tune = abc.parse(text)
    except abc.AbcError:
        return False
    return len(tune.bars) >= 8 and not tune.faults()


def _share(drawn) -> float:
    return float(np.mean([t is not None and _adds_up("".join(t)) for t in drawn]))


if __name__ == "__main__":
    main()
