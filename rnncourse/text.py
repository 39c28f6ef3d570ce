"""Text as numbers: characters and their places in a vocabulary, and long texts in parallel streams.

A long text is read by several readers at once. It is cut into as many **streams** of equal length,
one below the other, and all of them are read from left to right, a **window** of some steps at a
time. What follows a window in its row is the next window of that row, so a state that is carried
from one window to the next is never wrong about what came before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnncourse import arguments

_PLAIN = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})


def printable(text: str) -> str:
    """The text in printable ASCII: typographic signs made plain, all else made a space.

    Line ends become line feeds, which are kept.

    Raises:
        TypeError: If text is not a string.

    >>> printable("“Café” – yes…")
    '"Caf " - yes...'
    """
    plain = arguments.text("text", text).replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)
    return "".join(c if c == "\n" or " " <= c <= "~" else " " for c in plain)


@dataclass(frozen=True)
class Vocabulary:
    """The characters of a text and their numbers.

    Attributes:
        characters: Each character once; its place is its number.
    """

    characters: str

    def __post_init__(self):
        if not isinstance(self.characters, str):
            raise TypeError(f"characters must be a string, got {type(self.characters).__name__}")
        if not self.characters:
            raise ValueError("characters must hold at least one character, got none")
        if len(set(self.characters)) != len(self.characters):
            raise ValueError("characters must hold each character once")

    @classmethod
    def of(cls, text: str) -> Vocabulary:
        """The characters of a text in their alphabetical order.

        Raises:
            ValueError: If the text is empty.
            TypeError: If it is not a string.
        """
        if not arguments.text("text", text):
            raise ValueError("text must hold at least one character, got none")
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.characters)

    def __iter__(self) -> Iterator[str]:
        return iter(self.characters)

    def encode(self, text: str) -> np.ndarray:
        """The numbers of the characters, int32 of shape (time,).

        Raises:
            ValueError: If a character is not in the vocabulary.
            TypeError: If text is not a string.
        """
        arguments.text("text", text)
        number = {character: i for i, character in enumerate(self.characters)}
        try:
            return np.fromiter((number[character] for character in text), np.int32, len(text))
        except KeyError as error:
            place = text.index(error.args[0])
            raise ValueError(
                f"text has {error.args[0]!r} at {place}, which is not in the vocabulary"
            ) from None

    def decode(self, tokens) -> str:
        """The text that some numbers stand for.

        Raises:
            ValueError: If a number stands for nothing.
            TypeError: If tokens are not integers.
        """
        tokens = arguments.whole_numbers("tokens", tokens)
        if tokens.size and (tokens.min() < 0 or tokens.max() >= len(self)):
            raise ValueError(
                f"tokens must be from 0 to {len(self) - 1}, got {tokens.min()} to {tokens.max()}"
            )
        return "".join(self.characters[token] for token in tokens)


def streams(tokens: np.ndarray, count: int, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Cut a long text into streams of equal length, and what comes next at each place.

    Args:
        tokens: Array of shape (time,).
        count: Number of streams.
        start: Where the first stream begins; the text is taken as a ring, so that nothing is lost.

    Returns:
        Inputs and targets of shape (count, length), the targets one place further on. Up to
        ``count`` tokens at the end are left out.

    Raises:
        ValueError: If the text is too short for so many streams.
        TypeError: If an argument is of another kind.
    """
    tokens = arguments.whole_numbers("tokens", tokens)
    arguments.whole("count", count)
    arguments.whole("start", start, least=-arguments.LARGEST)
    length = (len(tokens) - 1) // count
    if length < 1:
        raise ValueError(f"tokens must be more than count ({count}), got {len(tokens)}")
    ring = np.roll(tokens, -start)
    inputs, targets = ring[: count * length], ring[1 : count * length + 1]
    return inputs.reshape(count, length), targets.reshape(count, length)


def windows(
    tokens: np.ndarray, count: int, length: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """Windows without end, in the order in which a carried state has to see them.

    When the streams have been read they are cut anew, from another place, so that no two passes
    cut the text alike.

    Args:
        tokens: Array of shape (time,).
        count: Number of streams.
        length: Steps of a window.
        rng: Where the places to begin at come from.

    Yields:
        Inputs and targets of shape (count, length), and whether the streams begin here, so that a
        state must begin as well.

    Raises:
        ValueError: If the streams are shorter than a window.
        TypeError: If an argument is of another kind.
    """
    tokens = arguments.whole_numbers("tokens", tokens)
    arguments.whole("count", count)
    arguments.whole("length", length)
    arguments.generator("rng", rng)
    if length < 1 or (len(tokens) - 1) // count < length:
        raise ValueError(
            f"length must be from 1 to that of a stream, {(len(tokens) - 1) // count}, got {length}"
        )
    while True:
        inputs, targets = streams(tokens, count, int(rng.integers(len(tokens))))
        for t in range(0, inputs.shape[1] - length + 1, length):
            yield inputs[:, t : t + length], targets[:, t : t + length], t == 0
