"""Demos that run in the page itself: no server, no network, no library.

Each function takes a model that a chapter has trained and returns a :class:`~rnncourse.live.demo.Demo`,
which shows itself in JupyterLab and on the rendered page alike. The model's weights travel with it
(:mod:`rnncourse.live.packing`), and ``cells.js`` runs them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncourse.live.demo import Demo
from rnncourse.live.packing import pack, pack_array

__all__ = ["Demo", "cells", "pack", "sorting"]


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
    layers = pack(adder)
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
        "encoder": pack(sorter.encoder),
        "decoder": pack(sorter.decoder),
        "answer": pack(sorter.answer)[0],
    }
    return Demo("sorting", "A hand of numbers, sorted by a network while you look on.", data)


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
