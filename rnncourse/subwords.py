"""Sentences as numbers: words and signs, rare words in pieces, and back.

A network that writes needs a list of all it may write. A list of words is long, and the next
sentence has one that is not on it. **Byte-pair encoding** (Sennrich et al., 2016) begins with
letters and makes a piece of the two neighbours that stand together most often, again and again.
Common words become one piece, rare ones remain several, and hardly any word is unknown.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rnncourse import arguments

PADDING, UNKNOWN, BEGIN, END = range(4)
SPECIAL = ("<pad>", "<unknown>", "<begin>", "<end>")
MORE = "·"  # at the end of a piece: the word goes on

_WORD = re.compile(r"\w+'(?=\w)|\w+|[^\w\s]")


def words(text: str) -> list[str]:
    """Words and signs in lower case; what ends in an apostrophe is a word of its own.

    The text should be normalised by :func:`rnncourse.datasets.normalised` before.

    Raises:
        TypeError: If text is not a string.
    """
    return _WORD.findall(arguments.text("text", text).lower())


def sentence(words: Iterable[str]) -> str:
    """Put words and signs together as French does: ``tu l'as vu, n'est-ce pas ?``.

    Raises:
        TypeError: If words are not strings.
    """
    text = " ".join(arguments.texts("words", list(arguments.iterable("words", words))))
    for pattern, instead in ((r" ?- ?", "-"), (r" ([,.)])", r"\1"), (r"(\w') ", r"\1")):
        text = re.sub(pattern, instead, text)
    return text.replace("( ", "(")


def learn_merges(counts: Mapping[str, int], merges: int) -> list[tuple[str, str]]:
    """Find which pieces to join, the first to be joined first.

    Args:
        counts: How often each word occurs.
        merges: How many joins to make; fewer if no pair of neighbours occurs twice. Of pairs that
            are equally frequent the alphabetically first is joined.

    Raises:
        ValueError: If ``merges`` or a count is negative.
        TypeError: If an argument is of another kind.
    """
    if arguments.whole("merges", merges, -arguments.LARGEST) < 0:
        raise ValueError(f"merges must not be negative, got {merges}")
    arguments.texts("counts", list(arguments.instance("counts", counts, Mapping)))
    for times in counts.values():
        arguments.whole("counts", times, 0)
    pieces = {word: tuple(word) for word in counts}
    pairs, where = Counter(), defaultdict(set)

    def count(word: str, sign: int) -> set[tuple[str, str]]:
        found = list(zip(pieces[word], pieces[word][1:], strict=False))
        for pair in found:
            pairs[pair] += sign * counts[word]
            where[pair].add(word)
        return set(found)

    for word in counts:
        count(word, 1)
    heap = [(-times, pair) for pair, times in pairs.items()]
    heapq.heapify(heap)
    made: list[tuple[str, str]] = []
    while len(made) < merges and heap:
        times, best = heapq.heappop(heap)
        if -times != pairs[best]:
            continue  # said before other joins changed it; what holds now is on the heap as well
        if -times < 2:
            break
        made.append(best)
        changed = set()
        for word in where.pop(best):
            changed |= count(word, -1)
            pieces[word] = joined(pieces[word], best)
            changed |= count(word, 1)
        for pair in changed - {best}:
            heapq.heappush(heap, (-pairs[pair], pair))
        del pairs[best]
    return made


def joined(pieces: Sequence[str], pair: tuple[str, str]) -> tuple[str, ...]:
    """Make one piece of each place where the two of a pair are neighbours, from the left.

    Raises:
        TypeError: If pieces or the pair are not strings.
    """
    pieces, pair = arguments.texts("pieces", pieces), tuple(arguments.texts("pair", pair))
    made: list[str] = []
    for piece in pieces:
        if made and (made[-1], piece) == pair:
            made[-1] += piece
        else:
            made.append(piece)
    return tuple(made)


@dataclass(frozen=True)
class Subwords:
    """Pieces of words, and their numbers.

    Attributes:
        merges: What is joined, in this order.
        pieces: All pieces; the place is the number. The first four stand for nothing written.
    """

    merges: tuple[tuple[str, str], ...]
    pieces: tuple[str, ...]

    @classmethod
    def learnt(cls, texts: Iterable[str], merges: int) -> Subwords:
        """Learn the pieces of some sentences, the most frequent first, and each letter.

        Raises:
            ValueError: If the texts hold no word, or ``merges`` is negative.
            TypeError: If an argument is of another kind.
        """
        texts = arguments.texts("texts", list(arguments.iterable("texts", texts)))
        counts = Counter(word for text in texts for word in words(text))
        if not counts:
            raise ValueError("texts must hold at least one word, got none")
        found = cls(tuple(learn_merges(counts, merges)), SPECIAL)
        letters = {letter for word in counts for letter in word}
        used = Counter(dict.fromkeys([*letters, *(letter + MORE for letter in letters)], 0))
        for word, count in counts.items():
            for piece in found.split(word):
                used[piece] += count
        pieces = sorted(used, key=lambda piece: (-used[piece], piece))
        return cls(found.merges, (*SPECIAL, *pieces))

    def __len__(self) -> int:
        return len(self.pieces)

    @cached_property
    def _ranks(self) -> dict[tuple[str, str], int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {piece: number for number, piece in enumerate(self.pieces)}

    @cached_property
    def _known(self) -> dict[str, tuple[str, ...]]:
        return {}

    def split(self, word: str) -> tuple[str, ...]:
        """The pieces of a word; all but the last end in ``·``.

        Raises:
            TypeError: If word is not a string.
        """
        arguments.text("word", word)
        if word not in self._known:
            pieces = tuple(word)
            while len(pieces) > 1:
                pairs = itertools.pairwise(pieces)
                best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
                if best not in self._ranks:
                    break
                pieces = joined(pieces, best)
            self._known[word] = (*(piece + MORE for piece in pieces[:-1]), *pieces[-1:])
        return self._known[word]

    def _sure(self, piece: str) -> tuple[str, ...]:
        """The piece, or its letters if it was only ever a step on the way to a longer one."""
        if piece in self._numbers:
            return (piece,)
        letters, last = piece.removesuffix(MORE), MORE if piece.endswith(MORE) else ""
        return (*(letter + MORE for letter in letters[:-1]), letters[-1:] + last)

    def encode(self, text: str) -> list[int]:
        """The numbers of a sentence's pieces, with END behind them.

        Letters that no training sentence had are UNKNOWN, a run of them once.
        """
        pieces = (piece for word in words(text) for piece in self.split(word))
        numbers = [self._numbers.get(p, UNKNOWN) for piece in pieces for p in self._sure(piece)]
        again = zip(numbers, [END, *numbers], strict=False)
        return [n for n, before in again if not n == before == UNKNOWN] + [END]

    def decode(self, numbers: Iterable[int]) -> str:
        """The sentence that some numbers stand for, up to the first END.

        Raises:
            ValueError: If a number stands for nothing.
        """
        pieces = []
        for number in arguments.iterable("numbers", numbers):
            arguments.whole("numbers", number, -arguments.LARGEST)
            if not 0 <= number < len(self):
                raise ValueError(f"numbers must be from 0 to {len(self) - 1}, got {number}")
            if number == END:
                break
            if number > END:
                pieces.append(self.pieces[number])
        return sentence("".join(p[:-1] if p.endswith(MORE) else p + " " for p in pieces).split())


def padded(rows: Sequence[Sequence[int]], length: int | None = None) -> np.ndarray:
    """Rows of numbers as one array, int32 (rows, length), PADDING behind their end.

    Raises:
        ValueError: If a row is longer than ``length``.
        TypeError: If an argument is of another kind.
    """
    longest = max(
        (len(arguments.items("rows", r)) for r in arguments.items("rows", rows)), default=0
    )
    length = longest if length is None else arguments.whole("length", length, 0, arguments.MANY)
    if longest > length:
        raise ValueError(
            f"length must be at least that of the longest row, {longest}, got {length}"
        )
    array = np.full((len(rows), length), PADDING, np.int32)
    for row, numbers in zip(array, rows, strict=True):
        row[: len(numbers)] = arguments.integers(
            "rows", list(numbers) or np.zeros(0, int), len(numbers)
        )
    return array
