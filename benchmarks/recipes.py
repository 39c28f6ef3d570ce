"""Time to a result: what the chapters took, and recipes of the sources and of others, run here.

Each recipe is a program of ``benchmarks/peers`` that prints a line of JSON: seconds, and how good
what came out is. Data go to it in a file that it can read without this project.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.processes import FOLDER, Missing, environment, interpreter
from rnncourse import datasets, results

LONGEST = 1500  # seconds


@dataclass(frozen=True)
class Recipe:
    """Somebody's way to a result.

    Attributes:
        script: The program in ``benchmarks/peers``.
        package: Whose interpreter runs it.
        arguments: What it is called with, before the file of data and the number of steps.
        amount: Its number of steps or epochs, and that for trying it out.
        legacy: Whether it needs Keras 2.
    """

    script: str
    package: str
    arguments: tuple[str, ...]
    amount: tuple[int, int]
    legacy: bool = False


RECIPES = {
    "nanoGPT for a processor, PyTorch": Recipe("nano_gpt.py", "torch", (), (2000, 3)),
    "MNIST of the slides, TensorFlow 1": Recipe(
        "mnist_tf1.py",
        "tensorflow",
        ("150",),
        (5, 1),
        legacy=True,
    ),
    "MNIST with three layers (Hands-On ML), TensorFlow 1": Recipe(
        "mnist_tf1.py",
        "tensorflow",
        ("100,100,100",),
        (5, 1),
        legacy=True,
    ),
    "addition, Keras's example": Recipe("addition.py", "tensorflow", (), (5, 1)),
}


# What chapters state: seconds, and what came out after them.
CHAPTERS = {
    "text, 600 updates": ("generation.second_moment", "generation.second_moment_nats"),
    "text, two networks": ("generation.train_seconds", "generation.validation_nats"),
    "MNIST": ("mnist.train_seconds", "mnist.test_accuracy"),
    "sorting": ("sorting.train_seconds", "sorting.exact_match"),
    "adding, three cells": ("cells.train_seconds", "cells.lstm_error"),
    "a noisy sine": ("time_series.train_seconds", "time_series.mse"),
    "passengers": ("time_series.ridership_seconds", "time_series.ridership_test_mae"),
    "sentiment": ("sentiment.train_seconds", "sentiment.clean_accuracy"),
    "topics": ("ontology.train_seconds", "ontology.accuracy"),
    "translation": ("translation.train_seconds", "translation.bleu"),
    "captions": ("captioning.train_seconds", "captioning.exact_match"),
    "tunes": ("tunes.train_seconds", "tunes.valid_share"),
}


def of_chapters() -> dict[str, list[float]]:
    """What chapters recorded in the last build.

    Raises:
        Missing: If one of them is not built.
    """
    board = results.load()
    missing = sorted({name for pair in CHAPTERS.values() for name in pair} - set(board))
    if missing:
        raise Missing(f"the last build has no {', '.join(missing)}; run `make book` first")
    values = {}
    for label, (seconds, outcome) in CHAPTERS.items():
        values[f"chapter | {label} | seconds"] = [board[seconds].value]
        what = outcome.partition(".")[2].replace("_", " ")
        values[f"chapter | {label} | {what}"] = [board[outcome].value]
    return values


def run(name: str, quick: bool) -> dict[str, list[float]]:
    """Run a recipe: ``recipe | its name | seconds``, and what else it says.

    Raises:
        Missing: If its framework is not here, or it fails.
    """
    recipe = RECIPES[name]
    python = interpreter(recipe.package)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "data.npz")
        np.savez(file, **_data(recipe, quick))
        done = subprocess.run(
            [python, FOLDER / recipe.script, *recipe.arguments, file, str(recipe.amount[quick])],
            capture_output=True,
            text=True,
            timeout=LONGEST,
            env=environment(recipe.legacy),
        )
    if done.returncode:
        raise Missing(done.stderr[-400:])
    said = json.loads(done.stdout.splitlines()[-1])
    return {f"recipe | {name} | {what}": [value] for what, value in said.items()}


def version_of(package: str) -> str:
    """The version of a framework, asked of its own interpreter."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run(
        [interpreter(package), "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _data(recipe: Recipe, quick: bool) -> dict[str, np.ndarray]:
    """What the recipe reads; little of it where it is only tried out."""
    if recipe.script == "nano_gpt.py":
        plays = datasets.load_shakespeare()
        text = plays.train + plays.test
        letters = {letter: number for number, letter in enumerate(sorted(set(text)))}
        tokens = [
            np.array([letters[c] for c in part], np.int64) for part in (plays.train, plays.test)
        ]
        return {"train": tokens[0], "valid": tokens[1], "size": np.array(len(letters))}
    if recipe.script == "mnist_tf1.py":
        digits, count = datasets.load_mnist(), 600 if quick else None
        return {
            "x": (digits.x_train[:count] / 255).astype("float32"),
            "y": digits.y_train[:count].astype("int32"),
            "x_test": (digits.x_test[:count] / 255).astype("float32"),
            "y_test": digits.y_test[:count].astype("int32"),
        }
    return {"count": np.array(500 if quick else 50_000)}
