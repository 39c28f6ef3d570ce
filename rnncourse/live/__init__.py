"""Demos that run in the page itself: no server, no network, no library.

Each function takes a model that a chapter has trained and returns a :class:`Demo`,
which shows itself in JupyterLab and on the rendered page alike. The model's weights travel with it
(:mod:`rnncourse.live.packing`), and ``cells.js`` runs them. Each demo keeps them in as few
bytes as change none of its probabilities by a thousandth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncourse.live.demo import Demo
from rnncourse.live.packing import pack, pack_array
from rnncourse.music import abc_notation as abc

__all__ = [
    "Demo",
    "cells",
    "generation",
    "history",
    "mnist",
    "pack",
    "parity",
    "sentiment",
    "sorting",
    "time_series",
    "tunes",
]


def cells(adder, numbers: Sequence[float], marks: Sequence[int]) -> Demo:
    """Step an LSTM gate by gate while it adds the two marked numbers of a sequence.

    Args:
        adder: An LSTM with two inputs, the number and the mark, and a ``Dense`` layer that answers
            with one number; as for :func:`~rnncourse.live.packing.pack`.
        numbers: The sequence to begin with, each number between 0 and 1.
        marks: The two steps that are marked.

    Raises:
        ValueError: If the numbers, the marks or the model are not as above.
        TypeError: If a layer cannot be packed.
    """
    layers = pack(adder, "float32")
    _expect_kinds("adder", layers, ["LSTM", "Dense"])
    _expect_shape("adder", layers[0], "kernel", 0, 2)
    _expect_shape("adder", layers[1], "kernel", 1, 1)
    values = _finite("numbers", numbers)
    if values.ndim != 1 or len(values) < 2 or values.min() < 0 or values.max() > 1:
        raise ValueError(f"numbers must be two or more between 0 and 1, got {numbers!r}")
    places = [int(mark) for mark in marks]
    if len(set(places)) != 2 or not all(0 <= place < len(values) for place in places):
        raise ValueError(f"marks must be two steps from 0 to {len(values) - 1}, got {marks!r}")
    return Demo(
        "cells",
        "An LSTM adds two numbers, step by step and gate by gate.",
        {"layers": layers, "numbers": values.round(3).tolist(), "marks": places},
    )


def sorting(sorter, lengths: tuple[int, int] = (2, 32)) -> Demo:
    """Deal a hand of numbers and let the network sort it.

    Args:
        sorter: A trained :class:`rnncourse.sorting.Sorter`.
        lengths: The shortest and the longest hand.

    Raises:
        ValueError: If the lengths are not two rising numbers from 1 on.
    """
    low, high = lengths
    if not 1 <= low < high:
        raise ValueError(f"lengths must be two rising numbers from 1 on, got {lengths!r}")
    data = {
        "values": sorter.values,
        "lengths": [low, high],
        "encoder": pack(sorter.encoder, "int16"),
        "decoder": pack(sorter.decoder, "int16"),
        "answer": pack(sorter.answer, "int16")[0],
    }
    return Demo("sorting", "A hand of numbers, sorted by a network while you look on.", data)


def mnist(model, examples=(), probes=None) -> Demo:
    """Draw a digit and watch the network read it, row by row.

    Args:
        model: A GRU that reads 28 rows of 28 pixels, and a ``Dense`` layer that gives ten logits.
        examples: Pictures (count, 28, 28) that a reader can take, grey values from 0 to 255.
        probes: The opinion after each row may come from a linear layer of its own: kernel
            (28, units, 10) and bias (28, 10) of all of them. By default the model's answer is
            asked after each row.

    Raises:
        ValueError: If the model, the examples or the probes are not as above.
        TypeError: If a layer cannot be packed.
    """
    layers = pack(model, "int16")
    _expect_kinds("model", layers, ["GRU", "Dense"])
    _expect_shape("model", layers[0], "kernel", 0, 28)
    _expect_shape("model", layers[1], "kernel", 1, 10)
    pictures = _finite("examples", examples).reshape(-1, *np.shape(examples)[1:])
    if len(pictures) and pictures.shape[1:] != (28, 28):
        raise ValueError(f"examples must have the shape (count, 28, 28), got {pictures.shape}")
    data = {
        "layers": layers,
        "examples": [pack_array("examples", one / 255, "float16") for one in pictures],
    }
    if probes is not None:
        kernel, bias = map(np.asarray, probes)
        wanted = (28, layers[0]["units"], 10), (28, 10)
        if (kernel.shape, bias.shape) != wanted:
            raise ValueError(
                f"probes must have the shapes {wanted}, got {(kernel.shape, bias.shape)}"
            )
        data["probes"] = {
            "kernel": pack_array("probes", kernel, "float16"),
            "bias": pack_array("probes", bias, "float16"),
        }
    return Demo("mnist", "Draw a digit, and a network reads it row by row.", data)


def generation(model, characters: str, primer: str = "") -> Demo:
    """Let a network write, letter by letter, at a temperature that the reader chooses.

    Args:
        model: A generator as :func:`rnncourse.language.generator` makes it: ``Embedding``,
            recurrent layers, ``Dense``.
        characters: The vocabulary; a character's place is its number.
        primer: What the text begins with, until the reader changes it.

    Raises:
        ValueError: If the model does not fit the vocabulary, or is not as above.
        TypeError: If a layer cannot be packed.
    """
    layers = pack(model, "int16")
    kinds = [layer["kind"] for layer in layers]
    if len(kinds) < 3 or (kinds[0], kinds[-1]) != ("Embedding", "Dense"):
        raise ValueError(f"model must begin with Embedding and end with Dense, got {kinds}")
    size = len(characters)
    for layer, weight, axis in ((layers[0], "table", 0), (layers[-1], "kernel", 1)):
        found = layer["weights"][weight]["shape"][axis]
        if found != size:
            raise ValueError(f"characters must be {found} for this model, got {size}")
    data = {"layers": layers, "characters": list(characters), "primer": primer}
    return Demo("generation", "A network writes, a letter at a time.", data)


def history(patterns, names: Sequence[str], stored: Sequence[int]) -> Demo:
    """Spoil a picture and let Hopfield's network recall it.

    Args:
        patterns: Square pictures of +1 and -1, shape (patterns, units).
        names: One a pattern.
        stored: Which of them the network begins with; the reader may change it.

    Raises:
        ValueError: If the patterns are not as above, or the names or places do not fit them.
    """
    signs = np.asarray(patterns)
    if signs.ndim != 2 or len(signs) == 0 or not np.isin(signs, (-1, 1)).all():
        raise ValueError(f"patterns must be +1 and -1 of shape (patterns, units), got {signs!r}")
    if int(signs.shape[1] ** 0.5) ** 2 != signs.shape[1]:
        raise ValueError(f"patterns must be square pictures, got {signs.shape[1]} units")
    if len(names) != len(signs):
        raise ValueError(f"names must be {len(signs)}, one a pattern, got {len(names)}")
    kept = [int(place) for place in stored]
    if not kept or not all(0 <= place < len(signs) for place in kept):
        raise ValueError(f"stored must be places from 0 to {len(signs) - 1}, got {stored!r}")
    data = {
        "patterns": signs.astype(int).tolist(),
        "names": [str(name) for name in names],
        "stored": kept,
    }
    return Demo("history", "Spoil a picture, and a network of 1982 recalls it.", data)


def time_series(
    model, beginnings: dict[str, Sequence[float]], limit: float, steps: int = 100
) -> Demo:
    """Draw the beginning of a curve and let the network go on.

    Args:
        model: A recurrent layer with one input that gives its output at every step, and ``Dense``
            with one output.
        beginnings: Name -> values to begin with, as many in each as the network is shown at once.
        limit: The pad reaches from ``-limit`` to ``limit``.
        steps: How many values the network adds.

    Raises:
        ValueError: If the model or the numbers are not as above.
        TypeError: If a layer cannot be packed.
    """
    layers = pack(model, "float32")
    if len(layers) != 2 or "units" not in layers[0] or layers[1]["kind"] != "Dense":
        found = [layer["kind"] for layer in layers]
        raise ValueError(f"model must be a recurrent layer and Dense, got {found}")
    _expect_shape("model", layers[0], "kernel", 0, 1)
    _expect_shape("model", layers[1], "kernel", 1, 1)
    curves = {name: _finite(f"beginnings[{name!r}]", curve) for name, curve in beginnings.items()}
    if len({curve.shape for curve in curves.values()}) != 1:
        raise ValueError("beginnings must be one or more curves of the same length")
    if limit <= 0 or steps < 1:
        raise ValueError(f"limit and steps must be positive, got {limit} and {steps}")
    data = {
        "layers": layers,
        "beginnings": [{"name": n, "values": c.round(4).tolist()} for n, c in curves.items()],
        "limit": float(limit),
        "steps": int(steps),
    }
    return Demo("time_series", "Draw the beginning of a curve, and a network goes on.", data)


def tunes(model, vocabulary: Sequence[str]) -> Demo:
    """Let a network compose a tune in ABC, and play it.

    Args:
        model: A composer as the chapter makes it: ``Embedding``, a
            :class:`~rnncourse.music.metronome.Metronome` in ``keras.layers.RNN`` if it has one,
            ``Dense``, a recurrent layer, ``Dense``.
        vocabulary: The tokens, in the order of their numbers.

    Raises:
        ValueError: If the model does not fit the vocabulary, or the token that begins a tune lacks.
        TypeError: If a layer cannot be packed.
    """
    layers = pack(model)
    outputs = layers[-1]["weights"]["kernel"]["shape"][1]
    if outputs != len(vocabulary):
        raise ValueError(f"vocabulary must have {outputs} tokens, got {len(vocabulary)}")
    if abc.START not in vocabulary:
        raise ValueError(f"vocabulary must hold {abc.START!r}, which begins a tune")
    data = {
        "layers": layers,
        "tokens": [_token(token) for token in vocabulary],
        "start": list(vocabulary).index(abc.START),
    }
    return Demo("tunes", "A network composes a tune, and you hear it.", data)


def sentiment(
    model,
    labels: Sequence[str],
    messages: Sequence[str] = (),
    run: int = 1,
) -> Demo:
    """Type a message and watch the probabilities move with each character.

    Args:
        model: ``Embedding``, recurrent layers in one direction or both, and a ``Dense`` layer with
            a logit for each label. It reads what :func:`rnncourse.sentiment.endings` gives, with
            as many rows as the embedding has.
        labels: What a message can be taken for.
        messages: Some that the reader may start from.
        run: How many characters a step takes together.

    Raises:
        ValueError: If the model does not fit the labels, or is not as above.
        TypeError: If a layer cannot be packed.
    """
    layers = pack(model, "int16")
    if len(layers) < 3 or (layers[0]["kind"], layers[-1]["kind"]) != ("Embedding", "Dense"):
        found = [layer["kind"] for layer in layers]
        raise ValueError(f"model must begin with Embedding and end with Dense, got {found}")
    if run < 1:
        raise ValueError(f"run must be at least 1, got {run}")
    answers = layers[-1]["weights"]["kernel"]["shape"][1]
    if len(labels) != answers:
        raise ValueError(f"labels must be {answers} for this model, got {len(labels)}")
    data = {"layers": layers, "labels": list(labels), "messages": list(messages), "run": run}
    return Demo("sentiment", "Type a message, and a network says what attitude it hears.", data)


def parity(models: dict, inputs) -> Demo:
    """Hold Keras and the reader's browser against each other, on weights in float32.

    Args:
        models: Name -> ``keras.Sequential`` that gives an output at every step.
        inputs: Sequences of shape (cases, time, features), the same for all models.

    Raises:
        ValueError: If the inputs are not as above, or an output is not one for each step.
        TypeError: If a layer cannot be packed.
    """
    given = _finite("inputs", inputs).astype("float32")
    if given.ndim != 3:
        raise ValueError(f"inputs must have the shape (cases, time, features), got {given.shape}")
    cases = []
    for name, model in models.items():
        outputs = model.predict_on_batch(given)
        if outputs.shape[:2] != given.shape[:2]:
            raise ValueError(
                f"models must give an output at every step, got {outputs.shape} from {name!r}"
            )
        cases.append(
            {
                "name": name,
                "layers": pack(model, "float32"),
                "inputs": pack_array("inputs", given, "float32"),
                "outputs": pack_array("outputs", outputs, "float32"),
            }
        )
    return Demo("parity", "Keras and this browser, on the same weights.", {"cases": cases})


def _token(token: str) -> dict:
    """A token of ABC, and what a player needs to know of it."""
    what, said = abc.kind(token), {}
    if what == "note":
        accidental, letter, octave = abc.spelling(token)
        alteration = abc.ACCIDENTALS[accidental] if accidental else None
        said = {"letter": letter, "octave": octave, "accidental": alteration}
    elif what == "tonic":
        said = {"fifths": abc.tonic_on_line(token)}
    elif what == "mode":
        said = {"fifths": abc.MODES[token.strip()]}
    return {"kind": what, "text": token} | said


def _expect_kinds(name: str, layers: list[dict], kinds: list[str]) -> None:
    found = [layer["kind"] for layer in layers]
    if found != kinds:
        raise ValueError(f"{name} must be {' and '.join(kinds)}, got {' and '.join(found)}")


def _expect_shape(name: str, layer: dict, weight: str, axis: int, size: int) -> None:
    found = layer["weights"][weight]["shape"]
    if found[axis] != size:
        side = "outputs" if axis else "inputs"
        raise ValueError(
            f"{name} must have a {layer['kind']} with {size} {side}, got {found[axis]}"
        )


def _finite(name: str, values) -> np.ndarray:
    array = np.asarray(values, "float64")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite numbers, got some that are not")
    return array
