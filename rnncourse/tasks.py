"""Small tasks that ask for one kind of memory each, made up by a random generator.

Targets that are not asked for are ``IGNORED``; give ``ignore_class=IGNORED`` to
``keras.losses.SparseCategoricalCrossentropy``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncourse import arguments

IGNORED = -1


def adding_problem(
    count: int, time: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers go by, two of them are marked, and their sum is asked for at the end.

    To keep a number exactly for a long time is what it takes (Hochreiter and Schmidhuber, 1997,
    section 5.4). Whoever always answers 1 has a mean squared error of 1/6.

    Args:
        count: Sequences to make.
        time: Steps of each, at least 2; one mark falls into either half.
        rng: Where the random numbers come from.

    Returns:
        Inputs of shape (count, time, 2), the number and its mark at each step, and targets of shape
        (count, 1).

    Raises:
        ValueError: If there are fewer than two steps, or no sequence.
        TypeError: If an argument is of another kind.
    """
    arguments.whole("count", count, most=arguments.MANY)
    arguments.whole("time", time, 2, arguments.MANY)
    arguments.generator("rng", rng)
    numbers = rng.random((count, time), np.float32)
    marks = np.zeros((count, time), np.float32)
    rows, half = np.arange(count), time // 2
    marks[rows, rng.integers(0, half, count)] = 1
    marks[rows, rng.integers(half, time, count)] = 1
    targets = (numbers * marks).sum(axis=1, keepdims=True)
    return np.stack([numbers, marks], axis=-1), targets


def copy_memory(
    count: int, delay: int, rng: np.random.Generator, symbols: int = 8, length: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """Some symbols, a long silence, a signal, and then the symbols are asked for in order.

    To keep many things apart for a long time is what it takes (Arjovsky, Shah and Bengio, 2016).
    Whoever guesses is right once in ``symbols`` times.

    Args:
        count: Sequences to make.
        delay: Steps of silence between the last symbol and the first answer, at least 1; the last
            of them carries the signal.
        rng: Where the random numbers come from.
        symbols: Size of the alphabet.
        length: Symbols to remember.

    Returns:
        One-hot inputs of shape (count, length + delay + length, symbols + 2), and targets of shape
        (count, length + delay + length).

    Raises:
        ValueError: If a number is not positive.
        TypeError: If an argument is of another kind.
    """
    sizes = {"count": count, "delay": delay, "symbols": symbols, "length": length}
    for name, size in sizes.items():
        arguments.whole(name, size, most=arguments.MANY)
    arguments.generator("rng", rng)
    silence, signal = symbols, symbols + 1
    words = rng.integers(0, symbols, (count, length))
    shown = np.full((count, 2 * length + delay), silence)
    shown[:, :length] = words
    shown[:, length + delay - 1] = signal
    targets = np.full(shown.shape, IGNORED)
    targets[:, -length:] = words
    return np.eye(symbols + 2, dtype=np.float32)[shown], targets


def counting(counts: list[int], letters: str = "abc") -> tuple[np.ndarray, np.ndarray]:
    """Read a word such as aaabbbccc and say at every step what comes next, where that is certain.

    To count, and to know when the count is used up, is what it takes (Gers and Schmidhuber, 2001).
    The next symbol is certain from the first letter of the second kind on, the end included.

    Args:
        counts: How often each letter stands in each word.
        letters: The letters, in order.

    Returns:
        One-hot inputs of shape (words, time, letters + 1) that begin with the symbol for start and
        end, and targets of shape (words, time). Shorter words are padded with zeros.

    Raises:
        ValueError: If a count is not positive, or a letter stands there twice.
        TypeError: If an argument is of another kind.
    """
    counts = arguments.whole_numbers("counts", counts, 1, arguments.MANY).tolist()
    if not counts:
        raise ValueError("counts must be positive, got []")
    if not 0 < len(arguments.text("letters", letters)) == len(set(letters)):
        raise ValueError(f"letters must be one or more, each once, got {letters!r}")
    kinds, edge = len(letters), len(letters)
    time = kinds * max(counts) + 1
    inputs = np.zeros((len(counts), time, kinds + 1), np.float32)
    targets = np.full((len(counts), time), IGNORED)
    for row, n in enumerate(counts):
        word = np.repeat(np.arange(kinds), n)
        inputs[row, np.arange(kinds * n + 1), [edge, *word]] = 1
        targets[row, n + 1 : kinds * n + 1] = [*word[n + 1 :], edge]
    return inputs, targets


STRETCH = 3.0  # the series is cut into stretches of this length, and a window lies within one


def slides_series(t: np.ndarray) -> np.ndarray:
    """The time series of the course slides: a growing wave with a fast one on top.

    Raises:
        TypeError: If t does not hold real numbers.
        ValueError: If they are not finite.
    """
    t = arguments.reals("t", t, ...)
    return t * np.sin(t) / 3 + 2 * np.sin(5 * t)


def series_windows(
    stretches: Sequence[int],
    count: int,
    rng: np.random.Generator,
    *,
    steps: int = 20,
    every: float = 0.1,
    noise: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Windows of the slides' series, drawn at random from some stretches of it.

    Two windows from different stretches share no time, so that a split by stretches is honest,
    which a split by windows is not. The target is the window one step later.

    Args:
        stretches: Numbers of stretches; number n is the time from 3 n to 3 n + 3.
        count: Windows to draw.
        rng: Where the random numbers come from.
        steps: Values of each window.
        every: Time between two values.
        noise: Standard deviation of what is added to every value, the targets' too.

    Returns:
        Inputs and targets, both float32 of shape (count, steps, 1).

    Raises:
        ValueError: If there are no stretches, a window does not fit into one, or a number is out
            of its range.
        TypeError: If an argument is of another kind.
    """
    stretches = arguments.whole_numbers("stretches", stretches)
    if not len(stretches):
        raise ValueError("stretches must hold at least one number, got none")
    arguments.whole("count", count, most=arguments.MANY)
    arguments.generator("rng", rng)
    arguments.whole("steps", steps)
    arguments.number("every", every, above=0)
    arguments.number("noise", noise, least=0, most=1e6)
    if steps * every > STRETCH:
        raise ValueError(
            f"a window of {steps} steps of {every} and its target must fit into a stretch of "
            f"{STRETCH}"
        )
    starts = STRETCH * rng.choice(stretches, count)
    starts = starts + rng.uniform(0, STRETCH - steps * every, count)
    values = slides_series(starts[:, None] + every * np.arange(steps + 1))
    values = (values + noise * rng.normal(size=values.shape)).astype(np.float32)[..., None]
    return values[:, :-1], values[:, 1:]
