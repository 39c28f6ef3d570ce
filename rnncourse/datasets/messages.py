"""Messages about brands and games, each with an attitude; and three ways to split them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

import numpy as np

from rnncourse import arguments
from rnncourse.arguments import checked
from rnncourse.datasets.files import DataError, Missing, Source, find

ATTITUDES = ("Negative", "Neutral", "Positive", "Irrelevant")
PROTOCOLS = ("published", "clean", "paraphrases")


@dataclass(frozen=True)
class Tweets:
    """Some messages, each a row.

    Attributes:
        ids: Which tweet a row is, or is a paraphrase of; int of shape (rows,).
        entities: The brand or game that the attitude is towards, words of shape (rows,).
        labels: Places in ``ATTITUDES``, int of shape (rows,).
        texts: What was written, strings of shape (rows,).
    """

    ids: np.ndarray
    entities: np.ndarray
    labels: np.ndarray
    texts: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @checked
    def take(self, rows: np.ndarray | slice) -> Tweets:
        """The rows at some places, or those where a mask is true.

        Raises:
            ValueError: If a place is none, or the mask is not one of these rows.
            TypeError: If rows are neither places nor a mask.
        """
        try:
            self.ids[rows]
        except IndexError as error:
            raise ValueError(f"rows must be places or a mask of the tweets: {error}") from error
        return Tweets(self.ids[rows], self.entities[rows], self.labels[rows], self.texts[rows])


@dataclass(frozen=True)
class Messages:
    """Messages to train on and messages to judge by.

    Attributes:
        protocol: As given to :func:`load_messages`.
        train: What may be learnt from and chosen by.
        test: What judges, once.
        faults: What is wrong with the files and what was done about it, a sentence each.
        source: Where the bytes came from.
    """

    protocol: str
    train: Tweets
    test: Tweets
    faults: tuple[str, ...]
    source: Source


def load_messages(protocol: str) -> Messages:
    """Load the tweets of "Twitter Entity Sentiment Analysis", split in one of three ways.

    The test messages are the same 1,000 in all three.

    ==================  ===========================================================================
    ``"published"``     as the files come: every training tweet stands there six times, once as it
                        was written and five times in a machine's words, and all test tweets are
                        among them
    ``"clean"``         training tweets as they were written, each once; none is a test tweet, has
                        a test tweet's text or is a near-copy of one
    ``"paraphrases"``   the same with the machine's five versions of each, near-copies left out too
    ==================  ===========================================================================

    The stand-in is written by a random generator, with the same faults.

    Args:
        protocol: One of the three.

    Returns:
        The messages, their faults and their source.

    Raises:
        ValueError: If there is no such protocol.
        DataError: If a file is found whose checksum is wrong, that cannot be read, or whose rows
            are not what they should be.
    """
    if not isinstance(protocol, str) or protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {', '.join(PROTOCOLS)}, got {protocol!r}")
    name = "Twitter entity sentiment"
    found = find(name, "twitter_training.csv"), find(name, "twitter_validation.csv")
    for part in found:
        if isinstance(part, Missing):
            where = f"messages written by a random generator ({part.why})"
            return split(protocol, *_stand_in(), Source(name, where, stand_in=True))
    (train, source), (test, _) = found
    return split(protocol, read_tweets(train), read_tweets(test), source)


@checked
def read_tweets(content: bytes) -> Tweets:
    """Read a file of rows id, entity, attitude, text.

    Raises:
        DataError: If the content is no text, or a row not of this kind.
        TypeError: If content are no bytes.
    """
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"content should be rows of text: {error}") from error
    if not rows:
        raise DataError("content should be rows of text, and is empty")
    for number, row in enumerate(rows, 1):
        if len(row) != 4 or row[2] not in ATTITUDES or not row[0].isdecimal():
            raise DataError(f"row {number} should be id, entity, attitude, text, and is {row}")
    ids, entities, labels, texts = zip(*rows, strict=True)
    return Tweets(
        np.array(ids, int),
        np.array(entities),
        np.array([ATTITUDES.index(label) for label in labels]),
        np.array(texts, object),
    )


@checked
def split(protocol: str, train: Tweets, test: Tweets, source: Source) -> Messages:
    """Make one of the three protocols of the rows of the two files.

    Raises:
        ValueError: If there is no such protocol.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {', '.join(PROTOCOLS)}, got {protocol!r}")
    if protocol == "published":
        return Messages(protocol, train, test, (), source)
    originals = np.unique(train.ids, return_index=True)[1]  # the first row of each id
    if protocol == "clean":
        kept = train.take(np.sort(originals))
        faults = (f"{len(train) - len(kept):,} rows are a machine's paraphrases; left out",)
    else:
        kept, faults = train, ()
    kept, more = _separated(kept, test)
    return Messages(protocol, kept, test, faults + more, source)


def _separated(train: Tweets, test: Tweets) -> tuple[Tweets, tuple[str, ...]]:
    """Training rows that have words and no double among the test rows, and what was left out."""
    empty = np.array([not text.strip() for text in train.texts], bool)
    faults = [f"{empty.sum():,} texts are empty; left out"]
    train = train.take(~empty)
    same = np.isin(train.ids, test.ids)
    faults += [f"{same.sum():,} rows are of tweets that are in the test; left out"]
    train = train.take(~same)
    near = near_copies(train.texts, test.texts)
    faults += [f"{near.sum():,} more are the same as a test text, or nearly; left out"]
    return train.take(~near), tuple(faults)


@checked
def hold_out(tweets: Tweets, count: int, seed: int = 0) -> tuple[Tweets, Tweets]:
    """Set some tweets aside to choose by, with all that is the same or nearly.

    Args:
        tweets: Rows, possibly several of an id.
        count: Number of ids to set aside.
        seed: Which ones.

    Returns:
        The rows to learn from, which share no id and no near-copy with the others, and the first
        row of each id set aside.

    Raises:
        ValueError: If there are not more ids than ``count``.
    """
    arguments.whole("seed", seed, 0)
    ids, first = np.unique(tweets.ids, return_index=True)
    if not 0 < count < len(ids):
        raise ValueError(f"count must be from 1 to {len(ids) - 1}, got {count}")
    aside = np.sort(np.random.default_rng(seed).permutation(first)[:count])
    held = tweets.take(aside)
    rest = tweets.take(~np.isin(tweets.ids, held.ids))
    return rest.take(~near_copies(rest.texts, held.texts)), held


def _stand_in() -> tuple[Tweets, Tweets]:
    """Rows of the two files as a random generator has them: 1,600 tweets, 160 of them in both.

    A message is made of words without meaning, two words that carry a mood, and more often than
    not the brand's name. What is irrelevant has a mood as well, and words of another matter.
    """
    rng = np.random.default_rng(0)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en")]
    vocabulary = ["".join(rng.choice(syllables, rng.integers(1, 4))) for _ in range(1500)]
    brands = ("Ardent", "Belmont", "Cirrus", "Dynamo", "Everline", "Fathom")
    counts = 1600, 160
    rows = []
    for number in range(counts[0]):
        label, brand = rng.choice(4, p=(0.3, 0.25, 0.28, 0.17)), str(rng.choice(brands))
        words = list(rng.choice(vocabulary, rng.integers(4, 16)))
        mood = label if label < 3 and rng.random() < 0.85 else rng.integers(3)
        words += list(rng.choice(_MOODS[mood], 2)) + [brand.lower()] * (rng.random() < 0.6)
        words += list(rng.choice(_MATTERS, 1 + (label == 3))) * (label == 3 or rng.random() < 0.1)
        rng.shuffle(words)
        empty = rng.random() < 0.01
        for version in range(6):
            said = [
                w if rng.random() < 0.8 or not version else rng.choice(vocabulary) for w in words
            ]
            rows.append((number + 1, brand, label, "" if empty else " ".join(map(str, said))))
    ids, entities, labels, texts = zip(*rows, strict=True)
    train = Tweets(np.array(ids), np.array(entities), np.array(labels), np.array(texts, object))
    written = np.array([bool(text) for text in train.texts[::6]])
    return train, train.take(6 * rng.permutation(np.flatnonzero(written))[: counts[1]])


_MOODS = tuple(
    words.split()
    for words in (
        "awful broken sad hate angry worst fails bored",
        "opens monday report shop news version list table",
        "great love happy best thanks fun superb enjoy",
    )
)
_MATTERS = ("dinner", "sister", "garden", "weather", "school", "football", "election", "bus")

SHINGLE = 5  # characters


@checked
def near_copies(texts, others, threshold: float = 0.4) -> np.ndarray:
    """Which texts are the same as one of the others, or nearly.

    Two texts are compared without case, blanks, punctuation and signs, by the runs of five
    characters that they have: near is a share of at least ``threshold`` in common of all that
    either has (Broder, 1997). A text with neither letter nor digit is compared as it is.

    Args:
        texts: Strings of shape (n,).
        others: Strings of shape (m,).
        threshold: From 0, not included, to 1.

    Returns:
        bool of shape (n,).

    Raises:
        ValueError: If the threshold is out of its range.
    """
    return resemblance(texts, others) >= _share(threshold)


def _share(threshold: float) -> float:
    if not 0 < arguments.number("threshold", threshold) <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, got {threshold}")
    return threshold - 1e-6  # shares are in single precision


@checked
def resemblance(texts, others) -> np.ndarray:
    """How near each text comes to the nearest of the others, float32 of shape (n,), from 0 to 1."""
    arguments.texts("texts", texts)
    arguments.texts("others", others)
    if not len(texts) or not len(others):
        return np.zeros(len(texts), "float32")
    a, b = _shingles(texts), _shingles(others)
    size_a, size_b = (np.diff(m.indptr).astype("float32") for m in (a, b))
    best = np.zeros(len(texts), "float32")
    for start in range(0, len(texts), 4096):  # so that the table of pairs stays small
        rows = slice(start, start + 4096)
        common = (a[rows] @ b.T).tocoo()  # number of shingles in both
        share = common.data / (size_a[rows][common.row] + size_b[common.col] - common.data)
        np.maximum.at(best, start + common.row, share)
    return best


@checked
def twins(texts, threshold: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of texts that are nearly the same, and how near.

    Args:
        texts: Strings of shape (n,).
        threshold: As for :func:`near_copies`.

    Returns:
        Places of the two, int of shape (pairs, 2), the smaller first; and their shares of runs in
        common, float32 of shape (pairs,).

    Raises:
        ValueError: If the threshold is out of its range.
    """
    low = _share(threshold)
    arguments.texts("texts", texts)
    if not len(texts):
        return np.zeros((0, 2), int), np.zeros(0, "float32")
    have = _shingles(texts)
    size = np.diff(have.indptr).astype("float32")
    pairs, shares = [], []
    for start in range(0, len(texts), 4096):
        common = (have[start : start + 4096] @ have.T).tocoo()
        one, other = start + common.row, common.col
        share = common.data / (size[one] + size[other] - common.data)
        kept = (share >= low) & (one < other)
        pairs.append(np.column_stack([one[kept], other[kept]]))
        shares.append(share[kept])
    return np.concatenate(pairs), np.concatenate(shares)


def _shingles(texts):
    """Which runs of characters a text has: a sparse matrix of ones, (texts, 2**20)."""
    from sklearn.feature_extraction.text import HashingVectorizer

    hashing = HashingVectorizer(
        analyzer="char",
        ngram_range=(SHINGLE, SHINGLE),
        n_features=2**20,
        lowercase=False,
        binary=True,
        norm=None,
        alternate_sign=False,
        dtype=np.float32,
    )
    edge = "_" * (SHINGLE // 2)  # so that a word of one letter has a shingle too
    return hashing.transform(edge + _bare(text) + edge for text in texts)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold()) or text.strip()
