"""Text, tasks, counted models and what else is made of NumPy alone."""

from itertools import islice

import numpy as np
from contract import Case, no_nan

from rnncourse import ngrams, subwords, tasks, text, words

LETTERS = text.Vocabulary("abc ")
WORDS = words.WordVocabulary(("the", "cat", "sat"))
PIECES = subwords.Subwords.learnt(["the cat sat on the mat", "that cat"], 4)


def anything(result, arguments):
    """Nothing to compute with comes out."""


def finite_or_plain(kind):
    """The result is of this class, and its numbers are numbers."""

    def holds(result, arguments):
        assert isinstance(result, kind)
        no_nan(result, arguments)

    return holds


def picked(rng, letters, most=8):
    return "".join(rng.choice(list(letters), rng.integers(1, most)))


TEXT = [
    Case("text.printable", text.printable, lambda rng: {"text": picked(rng, "aé—\n")}),
    Case("text.Vocabulary", text.Vocabulary, lambda rng: {"characters": "abc"}),
    Case("text.Vocabulary.of", text.Vocabulary.of, lambda rng: {"text": picked(rng, "abc")}),
    Case("text.Vocabulary.encode", LETTERS.encode, lambda rng: {"text": picked(rng, "abc ")}),
    Case("text.Vocabulary.decode", LETTERS.decode, lambda rng: {"tokens": rng.integers(0, 4, 5)}),
    Case(
        "text.streams",
        text.streams,
        lambda rng: {"tokens": rng.integers(0, 9, 20), "count": 3, "start": int(rng.integers(20))},
        fits=("tokens count",),
        holds=lambda result, a: np.testing.assert_array_equal(result[0][:, 1:], result[1][:, :-1]),
    ),
    Case(
        "text.windows",
        lambda **arguments: list(islice(text.windows(**arguments), 3)),
        lambda rng: {"tokens": rng.integers(0, 9, 20), "count": 2, "length": 3, "rng": rng},
        fits=("tokens count length",),
    ),
]

TASKS = [
    Case(
        "tasks.adding_problem",
        tasks.adding_problem,
        lambda rng: {"count": 3, "time": 4, "rng": rng},
    ),
    Case(
        "tasks.copy_memory",
        tasks.copy_memory,
        lambda rng: {"count": 3, "delay": 2, "rng": rng, "symbols": 3, "length": 2},
    ),
    Case(
        "tasks.counting",
        tasks.counting,
        lambda rng: {"counts": rng.integers(1, 5, 3).tolist(), "letters": "ab"},
    ),
    Case("tasks.slides_series", tasks.slides_series, lambda rng: {"t": rng.uniform(0, 30, 4)}),
    Case(
        "tasks.series_windows",
        tasks.series_windows,
        lambda rng: {
            "stretches": [0, 2, 3],
            "count": 3,
            "rng": rng,
            "steps": 5,
            "every": 0.1,
            "noise": 0.01,
        },
        fits=("steps every",),
    ),
]


def texts(rng):
    return [["the", "cat", "ran"][: rng.integers(1, 4)] for _ in range(3)]


WORD_CASES = [
    Case(
        "words.split_words", words.split_words, lambda rng: {"text": "Don't, Ann!", "lower": True}
    ),
    Case("words.WordVocabulary", words.WordVocabulary, lambda rng: {"words": ("a", "b")}),
    Case(
        "words.WordVocabulary.of",
        words.WordVocabulary.of,
        lambda rng: {"texts": texts(rng), "size": 2, "at_least": 1},
    ),
    Case("words.WordVocabulary.number", WORDS.number, lambda rng: {"word": "cat"}),
    Case(
        "words.WordVocabulary.encode",
        WORDS.encode,
        lambda rng: {"texts": texts(rng), "length": 4, "tail": 1},
        fits=("tail length",),
    ),
    Case("words.WordVocabulary.decode", WORDS.decode, lambda rng: {"numbers": [1, 2, 0]}),
    Case("words.unit", words.unit, lambda rng: {"vectors": rng.normal(size=(3, 2))}),
    Case(
        "words.neighbours",
        words.neighbours,
        lambda rng: {"vectors": rng.normal(size=(5, 2)), "places": [0, 3], "count": 2},
        fits=("vectors places count",),
    ),
    Case(
        "words.analogies",
        words.analogies,
        lambda rng: {
            "vectors": rng.normal(size=(5, 2)),
            "questions": [[0, 1, 2], [2, 3, 4]],
            "exclude": True,
        },
        fits=("vectors questions",),
    ),
    Case(
        "words.counted_vectors",
        words.counted_vectors,
        lambda rng: {
            "stream": rng.integers(0, 6, 40),
            "numbers": 6,
            "dimensions": 2,
            "window": 2,
            "seed": 0,
        },
        fits=("stream numbers dimensions",),
        examples=30,
    ),
]

SUBWORDS = [
    Case("subwords.words", subwords.words, lambda rng: {"text": "L'as tu vu ?"}),
    Case("subwords.sentence", subwords.sentence, lambda rng: {"words": ["l'", "as", "-", "tu"]}),
    Case(
        "subwords.learn_merges",
        subwords.learn_merges,
        lambda rng: {"counts": {"abab": 3, "abc": 2}, "merges": 3},
    ),
    Case(
        "subwords.joined",
        subwords.joined,
        lambda rng: {"pieces": ("a", "b", "a"), "pair": ("a", "b")},
    ),
    Case(
        "subwords.Subwords.learnt",
        subwords.Subwords.learnt,
        lambda rng: {"texts": ["a cat", "the cat"], "merges": 2},
    ),
    Case("subwords.Subwords.split", PIECES.split, lambda rng: {"word": "cats"}),
    Case("subwords.Subwords.encode", PIECES.encode, lambda rng: {"text": "the cats"}),
    Case(
        "subwords.Subwords.decode",
        PIECES.decode,
        lambda rng: {"numbers": rng.integers(0, len(PIECES), 4).tolist()},
    ),
    Case(
        "subwords.padded",
        subwords.padded,
        lambda rng: {"rows": [[1, 2], [3]], "length": 3},
        fits=("rows length",),
    ),
]

COUNTED = ngrams.NGram(2, 4).fit([[0, 1, 2, 0], [0, 3, 0]])
CLUED = ngrams.NGram(2, 4).fit([[0, 1, 2, 0]], [["a", "b", "a", "b"]])


def told(rng):
    sequences = [rng.integers(0, 4, n).tolist() for n in (3, 5)]
    return {"sequences": sequences, "clues": [["x"] * 3, ["y"] * 5]}


NGRAMS = [
    Case("ngrams.NGram", ngrams.NGram, lambda rng: {"order": 2, "tokens": 5, "discount": 0.5}),
    Case(
        "ngrams.NGram.fit",
        lambda **a: ngrams.NGram(3, 4).fit(**a).nats([[0, 1, 2]]),
        told,
        fits=("sequences clues",),
    ),
    Case(
        "ngrams.NGram.history",
        COUNTED.history,
        lambda rng: {"before": [1, 2, 3], "clue": None},
        holds=anything,
    ),
    Case("ngrams.NGram.probabilities", COUNTED.probabilities, lambda rng: {"history": (0,)}),
    Case("ngrams.NGram.nats", COUNTED.nats, told, fits=("sequences clues",)),
    Case("ngrams.NGram.losses", COUNTED.losses, told, fits=("sequences clues",)),
    Case(
        "ngrams.NGram.draw",
        COUNTED.draw,
        lambda rng: {
            "start": 0,
            "length": 5,
            "rng": rng,
            "temperature": 1.0,
            "clue": None,
        },
    ),
]

CASES = TEXT + TASKS + WORD_CASES + SUBWORDS + NGRAMS
