"""The networks of the applications: what makes their data, draws, trains and asks them."""

from itertools import islice

import keras
import numpy as np
import pytest
import tensorflow as tf
from contract import Case
from table_core import shape_of, spreads
from table_text import anything

from rnncourse import (
    captioning,
    datasets,
    language,
    message_vectors,
    readers,
    sampling,
    scenes,
    sentiment,
    sorting,
    subwords,
    training,
    translation,
    words,
)
from rnncourse.fast_gru import FastGRU

RNG = np.random.default_rng(0)


# --- sampling ------------------------------------------------------------------------------------

WRITER = keras.Sequential(
    [
        keras.Input((None,), dtype="int32"),
        keras.layers.Embedding(5, 3),
        keras.layers.GRU(2, return_sequences=True),
        keras.layers.Dense(5),
    ]
)
SAMPLER = sampling.Sampler(WRITER, "abcde", jit_compile=False)


def drawn(result, arguments):
    """Each row is the primer and tokens behind it, no more than were asked for."""
    assert 0 <= result.tokens.min() <= result.tokens.max() < 5
    known = result.tokens.shape[1] - arguments["length"]
    assert (known < result.lengths).all() and (result.lengths <= known + arguments["length"]).all()


def drawing(rng):
    return {
        "primer": rng.integers(0, 5, 2),
        "length": 3,
        "count": int(rng.integers(1, 3)),
        "temperature": 0.8,
        "top_k": None,
        "nucleus": None,
        "stop": ["ab", [3]],
        "seed": 1,
    }


SAMPLING = [
    Case(
        "sampling.Sampler",
        sampling.Sampler,
        lambda rng: {"model": [WRITER, WRITER], "vocabulary": "abcde", "jit_compile": False},
        holds=anything,
    ),
    Case(
        "sampling.Sampler.draw",
        SAMPLER.draw,
        drawing,
        holds=drawn,
        fits=("primer count",),
        examples=50,
    ),
    Case(
        "sampling.Sampler.text",
        SAMPLER.text,
        lambda rng: {"primer": "ab", "length": 3, "count": 1, "stop": "c"},
        holds=lambda result, a: [len(text) for text in result],
        examples=30,
    ),
    Case(
        "sampling.Drawn.sequences",
        lambda: SAMPLER.draw("a", 3).sequences(),
        lambda rng: {},
        examples=3,
    ),
]


# --- training ------------------------------------------------------------------------------------


def dense():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


DENSE = dense()


def quietly(function):
    """The function without Keras's progress bar."""

    def call(**arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RNNCOURSE_QUIET", "1")
            return function(**arguments)

    return call


def pictures(rng):
    return {"pictures": rng.uniform(size=(3, 4, 5)), "targets": rng.integers(0, 2, 3)}


def mean_square(x):
    return tf.reduce_mean(x**2) * tf.reduce_sum(DENSE.weights[0] ** 2)


TRAINING = [
    Case("training.seed_everything", training.seed_everything, lambda rng: {"seed": 3}),
    Case(
        "training.warmup_cosine",
        lambda **a: [float(training.warmup_cosine(**a)(step)) for step in (0, 1, 20)],
        lambda rng: {"peak": 0.1, "steps": 20, "warmup": 0.1, "final": 0.2},
        fits=("steps warmup",),
    ),
    Case(
        "training.shuffled",
        lambda **arguments: next(iter(training.shuffled(**arguments))),
        lambda rng: {
            "inputs": rng.normal(size=(3, 4)),
            "targets": rng.integers(0, 2, 3),
            "batch_size": 2,
            "seed": 1,
        },
        fits=("inputs targets",),
        holds=spreads,
        examples=100,
    ),
    Case(
        "training.Distorted",
        lambda **arguments: training.Distorted(**arguments)[0],
        lambda rng: {
            **pictures(rng),
            "batch_size": 2,
            "seed": 1,
            "stretch": 0.1,
            "slant": 0.2,
            "shift": 1.5,
        },
        fits=("pictures targets",),
        holds=spreads,
        examples=100,
    ),
    Case(
        "training.fit",
        quietly(training.fit),
        lambda rng: {
            "model": dense(),
            "inputs": rng.normal(size=(4, 3)),
            "targets": rng.normal(size=4),
            "epochs": 1,
            "batch_size": 2,
            "validation": (np.ones((2, 3)), np.ones(2)),
            "callbacks": (),
        },
        fits=("inputs targets batch_size",),
        holds=anything,
        examples=25,
    ),
    Case(
        "training.check_inputs",
        training.check_inputs,
        lambda rng: {"name": "x", "model": DENSE, "arrays": [rng.normal(size=(4, 3))]},
        kept=("name", "model"),
        theirs="^x ",
    ),
    Case(
        "training.gradients_by_core",
        lambda **arguments: training.gradients_by_core(**arguments)(tf.ones((4, 2))),
        lambda rng: {
            "loss": mean_square,
            "variables": DENSE.weights[:1],
            "parts": 2,
            "jit_compile": False,
        },
        examples=20,
    ),
    Case(
        "training.compiled_step",
        lambda **arguments: training.compiled_step(**arguments)(tf.ones((4, 2))),
        lambda rng: {
            "loss": mean_square,
            "variables": DENSE.weights[:1],
            "optimizer": keras.optimizers.SGD(0.01),
            "parts": 2,
            "jit_compile": False,
        },
        fits=("variables optimizer",),
        examples=20,
    ),
    Case(
        "training.take_steps",
        training.take_steps,
        lambda rng: {
            "step": lambda *arrays: tf.constant(1.0),
            "batches": [(np.ones(2), np.ones(3))],
            "watch": None,
        },
    ),
]


# --- sentiment -----------------------------------------------------------------------------------


def a_few(count, labels=(0, 1, 2, 3)):
    """Messages that have words in common."""
    texts = [f"{('bad', 'so', 'good', 'game')[n % 4]} day, no {n}" for n in range(count)]
    entities = np.array(["Shop", "Game"])[np.arange(count) // 2 % 2]
    labels = np.array(labels)[np.arange(count) % len(labels)]
    return datasets.Tweets(np.arange(count), entities, labels, np.array(texts, object))


JUDGES = sentiment.piece_reader(2, vector=2, units=2, length=3, most=2, buckets=9)
PLAIN = keras.Sequential(
    [
        keras.Input((None,)),
        keras.layers.Embedding(128, 2),
        keras.layers.GlobalMaxPooling1D(),
        keras.layers.Dense(4),
    ]
)
MESSAGES = ["Good café 😀", "", "no"]

SENTIMENT = [
    Case(
        "sentiment.characters",
        sentiment.characters,
        lambda rng: {"texts": MESSAGES, "length": 5},
    ),
    Case(
        "sentiment.endings",
        sentiment.endings,
        lambda rng: {"texts": MESSAGES, "run": 3, "rows": 50, "length": 5},
        holds=lambda result, a: (
            [row for row in result if not 0 <= min(row) <= max(row) < a["rows"]]
            and pytest.fail("a number has no row")
        ),
    ),
    Case("sentiment.words", sentiment.words, lambda rng: {"text": "So good 😀"}),
    Case("sentiment.runs", sentiment.runs, lambda rng: {"word": "good"}),
    Case(
        "sentiment.pieces",
        sentiment.pieces,
        lambda rng: {
            "texts": MESSAGES,
            "entities": ["a", "b", "a"],
            "length": 3,
            "most": 4,
            "buckets": 50,
        },
        fits=("texts entities",),
        examples=100,
    ),
    Case(
        "sentiment.Pieces",
        lambda **arguments: sentiment.Pieces(**arguments)(np.zeros((1, 2, 3), "int32")),
        lambda rng: {"buckets": 5, "units": 2, "rate": 0.1, "start": 0.1},
        examples=30,
    ),
    Case(
        "sentiment.piece_reader",
        lambda **arguments: sentiment.piece_reader(**arguments).output_shape,
        lambda rng: {
            "entities": 2,
            "vector": 2,
            "units": 2,
            "pieces_dropped": 0.1,
            "recurrent": bool(rng.integers(2)),
            "straight": True,
            "opinion": True,
            "length": 3,
            "most": 2,
            "buckets": 9,
        },
        examples=20,
    ),
    Case(
        "sentiment.character_reader",
        lambda **arguments: sentiment.character_reader(**arguments).output_shape,
        lambda rng: {
            "layers": 1,
            "units": 2,
            "cell": FastGRU,
            "vector": 2,
            "stem": (2, 3, 2),
            "masked": True,
            "pool": "max",
            "dropout": 0.1,
            "length": 6,
        },
        examples=20,
    ),
    Case(
        "sentiment.compile_reader",
        sentiment.compile_reader,
        lambda rng: {
            "model": JUDGES,
            "steps": 9,
            "rate": 0.01,
            "decay": 0.1,
            "smoothing": 0.1,
            "muon": False,
        },
        holds=anything,
        examples=40,
    ),
    Case(
        "sentiment.fit_reader",
        quietly(sentiment.fit_reader),
        lambda rng: {
            "model": PLAIN,
            "inputs": [np.array([[5, 6, 0], [7, 8, 9], [3, 0, 0], [2, 2, 2]])],
            "labels": rng.integers(0, 4, 4),
            "epochs": 1,
            "batch_size": 2,
            "seed": 0,
            "edges": None if rng.integers(2) else (2, 3),
            "callbacks": (),
        },
        fits=("inputs labels batch_size edges messages",),
        examples=15,
    ),
    Case(
        "sentiment.Bucketed",
        lambda **arguments: sentiment.Bucketed(**arguments)[0],
        lambda rng: {
            "messages": np.array([[5, 6, 0], [7, 8, 9], [3, 0, 0], [2, 2, 2]]),
            "targets": rng.integers(0, 4, 4),
            "batch_size": 2,
            "edges": (2, 3),
            "seed": 0,
        },
        fits=("messages targets edges batch_size",),
        examples=100,
    ),
    Case(
        "sentiment.linear_reader",
        sentiment.linear_reader,
        lambda rng: {"about": True, "strength": 2.0},
        holds=anything,
        examples=30,
    ),
    Case(
        "sentiment.second_opinions",
        sentiment.second_opinions,
        lambda rng: {"tweets": a_few(24), "others": a_few(3), "folds": 3, "strength": 2.0},
        fits=("tweets folds",),
        examples=25,
    ),
    Case("sentiment.pairs", sentiment.pairs, lambda rng: {"tweets": a_few(3)}, examples=30),
    Case("sentiment.masked", sentiment.masked, lambda rng: {"text": "so good"}),
]


# --- sorting -------------------------------------------------------------------------------------

SORTER = sorting.Sorter(values=5, units=2)
SORTER.build()


def lists(rng):
    return np.array([[3, 1, 5, 2], [4, 4, 0, 0]])


SORTING = [
    Case(
        "sorting.Sorter",
        lambda **arguments: sorting.Sorter(**arguments)(np.array([[1]])),
        lambda rng: {"values": 3, "units": 2, "layers": 2},
        examples=30,
    ),
    Case("sorting.Sorter.sort", SORTER.sort, lambda rng: {"numbers": [3, 1, 5, 2]}),
    Case(
        "sorting.answers",
        sorting.answers,
        lambda rng: {"sorter": SORTER, "lists": lists(rng), "batch_size": 5},
    ),
    Case(
        "sorting.accuracy",
        sorting.accuracy,
        lambda rng: {"said": lists(rng), "lists": lists(rng)},
        fits=("said lists",),
        examples=100,
    ),
    Case(
        "sorting.in_order",
        sorting.in_order,
        lambda rng: {"lists": lists(rng)},
        holds=lambda result, a: np.testing.assert_array_equal(
            np.sort(result, axis=1), np.sort(a["lists"], axis=1)
        ),
    ),
    Case(
        "sorting.draw",
        sorting.draw,
        lambda rng: {
            "rng": rng,
            "count": 3,
            "lengths": rng.integers(1, 5, 3),
            "size": 5,
            "values": 4,
            "odd": 0.5,
        },
        holds=lambda result, a: sorting.in_order(result),
        fits=("count lengths", "lengths size"),
        examples=150,
    ),
    Case(
        "sorting.compiled_step",
        sorting.compiled_step,
        lambda rng: {
            "sorter": SORTER,
            "optimizer": keras.optimizers.SGD(),
            "parts": 2,
            "jit_compile": False,
        },
        holds=anything,
        examples=40,
    ),
    Case(
        "sorting.train",
        sorting.train,
        lambda rng: {
            "sorter": SORTER,
            "optimizer": keras.optimizers.SGD(0.01),
            "batches": [lists(rng)],
            "watch": None,
            "jit_compile": False,
        },
        examples=8,
    ),
]


# --- scenes --------------------------------------------------------------------------------------

MEANING = scenes.understand("a two in the top row and three nines in the bottom row .")
PAINTER = scenes.Painter(np.tile(np.arange(10, dtype=np.uint8)[:, None, None], (28, 28)), range(10))
SCENES = [
    Case(
        "scenes.Meaning",
        scenes.Meaning,
        lambda rng: {
            "groups": (scenes.Group(1, 2, 0), scenes.Group(2, int(rng.integers(3, 9)), 0)),
            "relation": "left of",
        },
        fits=("groups relation",),
        holds=anything,
        examples=100,
    ),
    Case("scenes.all_meanings", scenes.all_meanings, lambda rng: {}, holds=anything, examples=3),
    Case("scenes.part", scenes.part, lambda rng: {"meaning": MEANING}, examples=30),
    Case("scenes.describe", scenes.describe, lambda rng: {"meaning": MEANING}, examples=30),
    Case("scenes.slots", scenes.slots, lambda rng: {"meaning": MEANING}, examples=30),
    Case(
        "scenes.understand",
        scenes.understand,
        lambda rng: {"sentence": scenes.describe(MEANING)},
        holds=anything,
    ),
    Case(
        "scenes.encode",
        scenes.encode,
        lambda rng: {"sentences": ["nothing .", scenes.describe(MEANING)], "length": 14},
        fits=("sentences length",),
        holds=lambda result, a: shape_of(len(result), int(a["length"]))(result, a),
    ),
    Case(
        "scenes.decode",
        scenes.decode,
        lambda rng: {"tokens": rng.integers(0, len(scenes.WORDS), 5)},
    ),
    Case(
        "scenes.arrange",
        scenes.arrange,
        lambda rng: {"meaning": MEANING, "rng": rng},
        holds=lambda result, a: scenes.see(result) == a["meaning"] or pytest.fail("another grid"),
        examples=30,
    ),
    Case(
        "scenes.see",
        scenes.see,
        lambda rng: {"grid": scenes.arrange(MEANING, rng)},
        holds=anything,
    ),
    Case(
        "scenes.Painter",
        lambda **arguments: scenes.Painter(**arguments).paint(np.eye(3, dtype=int)[None], RNG),
        lambda rng: {
            "pictures": rng.integers(0, 256, (11, 28, 28)),
            "digits": np.arange(11) % 10,
            "shift": 2,
        },
        fits=("pictures digits",),
        examples=100,
    ),
    Case(
        "scenes.Painter.paint",
        PAINTER.paint,
        lambda rng: {"grids": rng.integers(-1, 10, (2, 3, 3)), "rng": rng},
        holds=lambda result, a: shape_of(len(a["grids"]), 84, 84)(result, a),
    ),
    Case(
        "scenes.draw",
        lambda **arguments: vars(scenes.draw(**arguments)),
        lambda rng: {
            "painter": PAINTER,
            "count": 3,
            "rng": rng,
            "meanings": [MEANING, scenes.Meaning()],
            "shares": {"nothing": 0.5, "two rows": 0.5},
        },
        fits=("meanings shares",),
        examples=100,
    ),
    Case(
        "scenes.score",
        scenes.score,
        lambda rng: {"said": ["nothing .", "a two"], "meanings": [MEANING, scenes.Meaning()]},
        fits=("said meanings",),
    ),
]


# --- language ------------------------------------------------------------------------------------

TELLER = language.generator(4, (3,))
RECIPE = language.Recipe(steps=1, streams=2, length=3)

LANGUAGE = [
    Case(
        "language.generator",
        lambda **arguments: language.generator(**arguments)(np.zeros((1, 2), int)),
        lambda rng: {"tokens": 3, "units": (2, 3)},
        examples=25,
    ),
    Case(
        "language.start",
        language.start,
        lambda rng: {"model": TELLER, "batch": 2},
        holds=lambda result, a: shape_of(a["batch"], 3)(result[0], a),
        examples=40,
    ),
    Case(
        "language.Recipe",
        language.Recipe,
        lambda rng: {
            "steps": 3,
            "streams": 2,
            "length": 4,
            "carry": True,
            "peak": 0.01,
            "dropout": 0.1,
            "decay": 0.1,
        },
        examples=100,
    ),
    Case(
        "language.train",
        language.train,
        lambda rng: {
            "model": language.generator(4, (3,)),
            "tokens": rng.integers(0, 4, 12),
            "recipe": RECIPE,
            "seed": 1,
        },
        fits=("tokens length",),
        examples=6,
    ),
    Case(
        "language.train_side_by_side",
        language.train_side_by_side,
        lambda rng: {
            "models": [language.generator(4, (3,))],
            "tokens": rng.integers(0, 4, 12),
            "recipe": RECIPE,
            "seed": 1,
        },
        fits=("tokens length",),
        examples=5,
    ),
    Case(
        "language.log_probabilities",
        language.log_probabilities,
        lambda rng: {"model": TELLER, "tokens": rng.integers(0, 4, 5)},
        examples=14,
    ),
]


# --- message_vectors -----------------------------------------------------------------------------

AUTO = message_vectors.MessageVectors(2, 2)
NUMBERS = message_vectors.encode(["good", "so bad"], 8)

MESSAGE_VECTORS = [
    Case("message_vectors.plain", message_vectors.plain, lambda rng: {"text": "So, Ça va!"}),
    Case(
        "message_vectors.encode",
        message_vectors.encode,
        lambda rng: {"texts": ["so good", "é"], "longest": 5},
        examples=100,
    ),
    Case("message_vectors.decode", message_vectors.decode, lambda rng: {"numbers": NUMBERS[1]}),
    Case(
        "message_vectors.MessageVectors",
        lambda **arguments: message_vectors.MessageVectors(**arguments)(NUMBERS),
        lambda rng: {"units": 3, "features": 2},
        examples=20,
    ),
    Case(
        "message_vectors.write",
        message_vectors.write,
        lambda rng: {"model": AUTO, "vectors": rng.normal(size=(3, 2)), "longest": 4},
        holds=lambda result, a: shape_of(len(a["vectors"]), a["longest"])(result, a),
        examples=30,
    ),
    Case(
        "message_vectors.accuracy",
        message_vectors.accuracy,
        lambda rng: {"written": rng.integers(0, 9, (2, 8)), "messages": NUMBERS},
        fits=("written messages",),
        examples=100,
    ),
]


# --- readers -------------------------------------------------------------------------------------

KNOWN = words.WordVocabulary(("the", "cat"))


def reader(**settings):
    return readers.Reader(4, 2, dimensions=2, units=2, cell="simple", **settings)


def labelled(rng):
    return {"numbers": np.array([[2, 3, 0], [1, 0, 0], [3, 3, 3]]), "labels": rng.integers(0, 2, 3)}


READERS = [
    Case(
        "readers.start_vectors",
        readers.start_vectors,
        lambda rng: {
            "vocabulary": KNOWN,
            "known": ["a", "cat"],
            "vectors": rng.normal(size=(2, 3)),
            "rng": rng,
        },
        fits=("known vectors",),
    ),
    Case(
        "readers.encode",
        readers.encode,
        lambda rng: {"vocabulary": KNOWN, "texts": [["The", "cat"], [], ["Sat"]], "length": 2},
    ),
    Case(
        "readers.Reader",
        lambda **arguments: readers.Reader(**arguments)(np.ones((1, 3), "int32")),
        lambda rng: {
            "words": 4,
            "classes": 2,
            "dimensions": 2,
            "tuned": True,
            "stem": 2,
            "pool": 2,
            "cell": ("simple", "gru", "lstm")[rng.integers(3)],
            "units": 2,
            "both": True,
            "summary": "last",
            "beside": True,
            "dropout": 0.1,
        },
        examples=40,
    ),
    Case(
        "readers.batches",
        lambda **arguments: list(islice(readers.batches(**arguments), 5)),
        lambda rng: {**labelled(rng), "epochs": 2, "batch": 2, "rng": rng, "unknown": 0.5},
        fits=("numbers labels",),
        examples=100,
    ),
    Case(
        "readers.train",
        readers.train,
        lambda rng: {
            "model": reader(),
            **labelled(rng),
            "epochs": 1,
            "batch": 2,
            "peak": 0.01,
            "seed": 1,
            "unknown": 0.1,
            "smooth": 0.1,
        },
        fits=("numbers labels",),
        examples=8,
    ),
    Case(
        "readers.probabilities",
        readers.probabilities,
        lambda rng: {
            "model": reader(beside=True),
            "numbers": np.array([[2, 3, 0], [1, 0, 0]]),
            "batch": 3,
        },
        examples=14,
    ),
]


# --- captioning ----------------------------------------------------------------------------------

CAPTIONER = captioning.Captioner(3, features=2)
CAPTIONER.build()
SHOWN = scenes.draw(PAINTER, 2, RNG, [MEANING])

CAPTIONING = [
    Case("captioning.eye", captioning.eye, lambda rng: {}, holds=anything, examples=2),
    Case(
        "captioning.teach",
        captioning.teach,
        lambda rng: {
            "model": CAPTIONER.eye,
            "painter": PAINTER,
            "steps": 1,
            "rng": rng,
            "batch_size": 2,
            "rate": 0.01,
        },
        examples=8,
    ),
    Case(
        "captioning.Captioner",
        lambda **arguments: captioning.Captioner(**arguments)((SHOWN.pictures, SHOWN.tokens)),
        lambda rng: {
            "units": 3,
            "every_step": bool(rng.integers(2)),
            "features": 2,
            "dropout": 0.1,
        },
        examples=20,
    ),
    Case(
        "captioning.Captioner.adopt",
        captioning.Captioner(3).adopt,
        lambda rng: {"taught": CAPTIONER.eye},
        examples=30,
    ),
    Case(
        "captioning.Written.sentences",
        lambda: captioning.write(CAPTIONER, SHOWN.pictures).sentences(),
        lambda rng: {},
        examples=2,
    ),
    Case(
        "captioning.write",
        lambda **arguments: vars(captioning.write(**arguments)),
        lambda rng: {
            "captioner": CAPTIONER,
            "pictures": SHOWN.pictures,
            "longest": 3,
            "batch_size": 2,
        },
        examples=30,
    ),
    Case(
        "captioning.batches",
        lambda **arguments: list(islice(captioning.batches(**arguments), 2)),
        lambda rng: {
            "painter": PAINTER,
            "steps": 3,
            "batch_size": 2,
            "rng": rng,
            "meanings": [MEANING, scenes.understand("a two in the top row .")],
            "easy": 0.5,
        },
        fits=("meanings shares",),
        examples=60,
    ),
    Case(
        "captioning.train",
        captioning.train,
        lambda rng: {
            "model": CAPTIONER,
            "optimizer": keras.optimizers.SGD(0.01),
            "batches": [(SHOWN.pictures, SHOWN.tokens)],
            "watch": None,
        },
        examples=7,
    ),
]


# --- translation ---------------------------------------------------------------------------------

PIECES = subwords.Subwords.learnt(["go on", "we go"], 2)
SIZES = {"source": len(PIECES), "target": len(PIECES), "units": 2, "embedding": 2}
TRANSLATOR = translation.Translator(**SIZES)
TRANSLATOR.build()
INTERPRETER = translation.Interpreter(TRANSLATOR, PIECES, PIECES, longest=9)
PAIR = {"sentences": [[5, 4, 2], [6, 2]], "wanted": [[4, 2], [5, 5, 2]]}


def translating(kind):
    return lambda **arguments: kind(**arguments)(np.zeros((1, 3), int), np.zeros((1, 2), int))


TRANSLATION = [
    Case(
        "translation.Translator",
        translating(translation.Translator),
        lambda rng: {
            "source": 3,
            "target": 4,
            "units": 2,
            "embedding": 3,
            "bidirectional": bool(rng.integers(2)),
            "attention": True,
            "dropout": 0.1,
        },
        examples=30,
    ),
    Case(
        "translation.OnTheFly",
        translating(translation.OnTheFly),
        lambda rng: {"source": 3, "target": 4, "delay": 1, "units": 2, "embedding": 3},
        examples=20,
    ),
    Case(
        "translation.Translator.chances",
        TRANSLATOR.chances,
        lambda rng: {"read": 3, "written": 4},
    ),
    Case(
        "translation.Batches",
        lambda **arguments: next(iter(translation.Batches(**arguments))),
        lambda rng: {**PAIR, "size": 2, "seed": 1, "shapes": ((3, 3),)},
        fits=("sentences wanted shapes",),
        examples=100,
    ),
    Case(
        "translation.train",
        translation.train,
        lambda rng: {
            "model": TRANSLATOR,
            "optimizer": keras.optimizers.SGD(0.01),
            "batches": translation.Batches(**PAIR, size=2),
            "steps": 1,
            "smoothing": 0.1,
            "parts": 2,
            "jit_compile": False,
        },
        fits=("batches parts",),
        examples=7,
    ),
    Case(
        "translation.Interpreter.translate",
        INTERPRETER.translate,
        lambda rng: {"texts": ["go on", "", "who"], "width": 2, "power": 1.0, "batch_size": 5},
        examples=40,
    ),
    Case(
        "translation.Interpreter.encoded",
        INTERPRETER.encoded,
        lambda rng: {"texts": ["go on", "", "who"]},
    ),
    Case(
        "translation.Interpreter.looks",
        INTERPRETER.looks,
        lambda rng: {"text": "go on", "width": 2},
        fits=("text texts",),
        examples=25,
    ),
    Case(
        "translation.scores",
        translation.scores,
        lambda rng: {
            "said": ["va", "je suis là"],
            "sentences": [
                datasets.Sentence("Go.", ("Va !", "Vas-y !")),
                datasets.Sentence("I am here.", ("Je suis ici.",)),
            ],
        },
        fits=("said sentences",),
        examples=40,
    ),
    Case(
        "translation.token_accuracy",
        translation.token_accuracy,
        lambda rng: {"model": TRANSLATOR, **PAIR},
        fits=("sentences wanted",),
        examples=40,
    ),
]

CASES = [
    *(SAMPLING + TRAINING + SENTIMENT + SORTING + SCENES),
    *(LANGUAGE + MESSAGE_VECTORS + READERS + CAPTIONING + TRANSLATION),
]
