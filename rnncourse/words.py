"""Words as numbers and as vectors: splitting a text, a vocabulary, neighbours and analogies.

A text becomes a row of whole numbers, one a word. Number 0 stands for nothing, behind the end of a
text that is shorter than its row; number 1 for a word that the vocabulary does not hold.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rnncourse import arguments

PADDING, UNKNOWN = 0, 1

_WORD = re.compile(r"\w+(?=n't\b)|n't\b|'(?:s|m|d|re|ve|ll)\b|\w+|[^\w\s]")
_APOSTROPHES = str.maketrans("’‘`´", "''''")


def split_words(text: str, lower: bool = True) -> list[str]:
    """The words of a text and its punctuation marks, as GloVe counts them: in lower case.

    What Unicode holds to be the same character is made so (NFKC) and curly apostrophes straight.
    "Don't" is two words, "do" and "n't", and so is "it's". Words of a script that is written from
    right to left come in the order in which they are read.

    Args:
        text: Any text, also none.
        lower: False to keep capitals.

    Raises:
        TypeError: If text is not a string, or lower neither True nor False.
    """
    arguments.text("text", text)
    arguments.yes_or_no("lower", lower)
    text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    return _WORD.findall(text.lower() if lower else text)


@dataclass(frozen=True)
class WordVocabulary:
    """Words and their numbers.

    Attributes:
        words: Each word once; the number of a word is its place plus 2.

    Raises:
        ValueError: If a word stands there twice.
        TypeError: If words are not strings.
    """

    words: tuple[str, ...]
    _numbers: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        arguments.texts("words", self.words)
        numbers = {word: place + 2 for place, word in enumerate(self.words)}
        if len(numbers) != len(self.words):
            raise ValueError("words must hold each word once")
        object.__setattr__(self, "_numbers", numbers)

    @classmethod
    def of(
        cls, texts: Iterable[Sequence[str]], size: int | None = None, at_least: int = 1
    ) -> WordVocabulary:
        """The most frequent words of some texts, ties in the order of the alphabet.

        Args:
            texts: Each a list of words.
            size: How many words at most; all by default.
            at_least: How often a word has to occur.

        Raises:
            ValueError: If a number is out of its range.
            TypeError: If an argument is of another kind.
        """
        texts = [arguments.texts("texts", text) for text in arguments.iterable("texts", texts)]
        size = None if size is None else arguments.whole("size", size, 0)
        arguments.whole("at_least", at_least, 0)
        counts = Counter(word for text in texts for word in text)
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(tuple(word for word in ranked[:size] if counts[word] >= at_least))

    def __len__(self) -> int:
        """How many numbers there are, those of nothing and of an unknown word included."""
        return len(self.words) + 2

    def number(self, word: str) -> int:
        """The number of a word, 1 if it is unknown.

        Raises:
            TypeError: If word is not a string.
        """
        arguments.text("word", word)
        return self._numbers.get(word, UNKNOWN)

    def encode(self, texts: Sequence[Sequence[str]], length: int, tail: int = 0) -> np.ndarray:
        """Texts as rows of numbers.

        A text without a word is one unknown word, so that every row has something to read. Of a
        text that is too long the beginning is kept, and the last ``tail`` words.

        Args:
            texts: Each a list of words, as :func:`split_words` makes it.
            length: Words a row.
            tail: How many of them come from the end of a text that is too long.

        Returns:
            int32 of shape (texts, length).

        Raises:
            TypeError: If a text is a string and not a list of words.
            ValueError: If length is not positive, or tail is not from 0 to length.
        """
        arguments.items("texts", texts)
        arguments.whole("length", length, most=arguments.MANY)
        arguments.whole("tail", tail, 0)
        if tail > length:
            raise ValueError(f"tail must be from 0 to length ({length}), got {tail}")
        rows = np.full((len(texts), length), PADDING, np.int32)
        for row, text in zip(rows, texts, strict=True):
            if isinstance(text, str):
                raise TypeError("texts must be lists of words, got a string; use split_words")
            text = arguments.texts("texts", text)
            if len(text) > length:
                text = [*text[: length - tail], *text[len(text) - tail :]]
            numbers = [self.number(word) for word in text] or [UNKNOWN]
            row[: len(numbers)] = numbers
        return rows

    def decode(self, numbers) -> list[str]:
        """The words of a row, "?" for one that is unknown; nothing for padding.

        Raises:
            ValueError: If a number stands for nothing.
        """
        numbers = arguments.whole_numbers("numbers", numbers)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise ValueError(
                f"numbers must be from 0 to {len(self) - 1}, got {numbers.min()} to {numbers.max()}"
            )
        return ["?" if n == UNKNOWN else self.words[n - 2] for n in numbers if n != PADDING]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length 1 in the same directions; a vector of zeros stays as it is.

    Raises:
        ValueError: If vectors have no last axis, or are not finite and of moderate size.
        TypeError: If they do not hold real numbers.
    """
    vectors = arguments.reals("vectors", vectors, ...)
    if vectors.ndim == 0 or float(np.abs(vectors).max(initial=0)) > 1e18:
        raise ValueError("vectors must have a last axis and numbers of at most 1e18")
    wide = vectors.astype(np.result_type(vectors, np.float32), copy=False)  # halves overflow
    lengths = np.linalg.norm(wide, axis=-1, keepdims=True)
    return wide / np.where(lengths == 0, 1, lengths)


def neighbours(vectors: np.ndarray, places, count: int) -> np.ndarray:
    """The words whose vectors point most nearly the same way (largest cosine).

    Args:
        vectors: One a word, (words, dimensions).
        places: The words to ask for, integers (asked,).
        count: How many neighbours of each.

    Returns:
        Places of the neighbours, the nearest first and never the word itself, (asked, count).

    Raises:
        ValueError: If count is not from 1 to the number of the other words, or a place is none.
        TypeError: If an argument is of another kind.
    """
    vectors = arguments.reals("vectors", vectors, None, None)
    arguments.whole("count", count, -arguments.LARGEST)
    if not 1 <= count < len(vectors):
        raise ValueError(f"count must be from 1 to {len(vectors) - 1}, got {count}")
    places = arguments.whole_numbers("places", places, 0, len(vectors) - 1)
    directions = unit(vectors)
    cosines = directions[places] @ directions.T  # (asked, words)
    cosines[np.arange(len(places)), places] = -np.inf
    return np.argsort(-cosines, axis=1, kind="stable")[:, :count]


def analogies(vectors: np.ndarray, questions, *, exclude: bool = True) -> np.ndarray:
    """Answer "a is to b as c is to what?" by the word nearest to b - a + c.

    The rule is that of Mikolov, Yih and Zweig (2013): all vectors have length 1, nearest is the
    largest cosine, and none of the three given words may be the answer.

    Args:
        vectors: One a word, (words, dimensions).
        questions: Places of a, b and c, integers (questions, 3).
        exclude: False to allow the three words as answers.

    Returns:
        Places of the answers, (questions,).

    Raises:
        ValueError: If the questions are not rows of three places.
        TypeError: If an argument is of another kind.
    """
    vectors = arguments.reals("vectors", vectors, None, None)
    arguments.yes_or_no("exclude", exclude)
    questions = arguments.integers("questions", questions, ..., most=len(vectors) - 1)
    if questions.ndim != 2 or questions.shape[1] != 3:
        raise ValueError(f"questions must be of shape (questions, 3), got {questions.shape}")
    directions = unit(vectors)
    answers = np.empty(len(questions), np.int64)
    for start in range(0, len(questions), 500):  # 500 x 10,000 cosines at a time
        part = questions[start : start + 500]
        a, b, c = (directions[part[:, i]] for i in range(3))
        cosines = (b - a + c) @ directions.T  # up to a factor of each row
        if exclude:
            np.put_along_axis(cosines, part, -np.inf, axis=1)
        answers[start : start + 500] = cosines.argmax(axis=1)
    return answers


def counted_vectors(
    stream: np.ndarray, numbers: int, dimensions: int, *, window: int = 5, seed: int = 0
) -> np.ndarray:
    """Vectors from the company that words keep, made by counting.

    Words at distance k, up to the window, count 1/k as a meeting. The table of positive pointwise
    mutual information, the contexts' frequencies to the power 0.75 (Levy, Goldberg and Dagan,
    2015), is brought to a few dimensions by a singular value decomposition.

    Args:
        stream: Texts one after the other as numbers of words, (time,). 0 and 1 meet nobody: put a
            window of zeros between two texts.
        numbers: How many numbers of words there are.
        dimensions: Size of a vector, less than numbers.
        window: Largest distance.
        seed: Of the decomposition, which begins at random.

    Returns:
        float64 of shape (numbers, dimensions); zero for a word that meets nobody.

    Raises:
        ValueError: If dimensions is not from 1 to numbers - 1, or a number is out of its range.
        TypeError: If an argument is of another kind.
    """
    from scipy.sparse import coo_array
    from sklearn.utils.extmath import randomized_svd

    arguments.whole("numbers", numbers)
    arguments.whole("dimensions", dimensions, -arguments.LARGEST)
    arguments.whole("window", window, most=arguments.MANY)
    arguments.whole("seed", seed, 0)
    stream = arguments.whole_numbers("stream", stream, 0, numbers - 1)
    if not 1 <= dimensions < numbers:
        raise ValueError(f"dimensions must be from 1 to {numbers - 1}, got {dimensions}")
    together = coo_array((numbers, numbers))
    for k in range(1, window + 1):
        before, after = stream[:-k], stream[k:]
        pair = (before > UNKNOWN) & (after > UNKNOWN)
        weight = np.full(pair.sum(), 1 / k)
        shape = (numbers, numbers)
        together = together + coo_array((weight, (before[pair], after[pair])), shape)
    together = (together + together.T).tocoo()
    row_sums = together.sum(axis=1)
    common = row_sums**0.75
    chance = row_sums[together.row] * common[together.col] / max(common.sum(), 1)
    pmi = np.maximum(np.log(together.data / chance), 0)
    table = coo_array((pmi, (together.row, together.col)), together.shape)
    left, strength, _ = randomized_svd(table.tocsr(), dimensions, random_state=seed)
    return left * np.sqrt(strength)
