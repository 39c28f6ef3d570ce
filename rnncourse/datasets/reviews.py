"""What people wrote about films, and whether they liked them."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnncourse.arguments import checked
from rnncourse.datasets.files import REGISTRY, DataError, Missing, Source, find
from rnncourse.datasets.ontology import kept

FILENAME = "imdb_10k.csv"
PER_FOLDER = 2_500  # reviews of each opinion in each part


@dataclass(frozen=True)
class Reviews:
    """Reviews, and whether their writers liked the film.

    Attributes:
        train_texts: Reviews to train on.
        train_labels: 1 for praise, 0 for the opposite, int32 of shape (n,).
        test_texts: Reviews to test with, none of them among those to train on.
        test_labels: int32 of shape (m,).
        train_ratings: Stars from 1 to 10, never 5 or 6, int32 of shape (n,).
        test_ratings: int32 of shape (m,).
        faults: What was wrong with the file and what was done about it, a sentence each.
        source: Where the bytes came from.
    """

    train_texts: tuple[str, ...]
    train_labels: np.ndarray
    test_texts: tuple[str, ...]
    test_labels: np.ndarray
    train_ratings: np.ndarray
    test_ratings: np.ndarray
    faults: tuple[str, ...]
    source: Source


def load_reviews() -> Reviews:
    """Load 10,000 of the 50,000 reviews of Maas et al. (2011), half of them to test with.

    Line breaks of HTML become spaces, characters that were saved in one encoding and read in
    another are mended, and what Unicode holds to be the same character is made so (NFKC). A text
    that stands twice in the part to train on is kept once, and one that is also in the part to test
    with is left out of the part to train on.

    The cut is not published: put ``imdb_10k.csv`` into the folder in ``RNNCOURSE_DATA``, or make it
    from the original with ``python -m rnncourse.datasets.reviews aclImdb imdb_10k.csv``. The
    stand-in is a grammar that praises and damns, and now and then says "not".

    Raises:
        DataError: If a file is found whose checksum is wrong, or that cannot be read.
    """
    found = find("IMDB reviews", FILENAME)
    if isinstance(found, Missing):
        return _stand_in(found)
    content, source = found
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    mended = [clean(row["text"]) for row in rows]
    texts = {part: [] for part in ("train", "test")}
    marks = {part: [] for part in ("train", "test")}
    for row, text in zip(rows, mended, strict=True):
        if row["split"] not in texts or row["label"] not in ("neg", "pos"):
            raise DataError(f"{FILENAME} has a row of {row['split']!r}, {row['label']!r}")
        texts[row["split"]].append(text)
        marks[row["split"]].append((row["label"] == "pos", int(row["rating"])))
    breaks = sum("<br />" in row["text"] for row in rows)
    controls = sum(bool(_CONTROL.search(row["text"])) for row in rows)
    faults = (
        f"{breaks:,} texts with line breaks of HTML, made spaces",
        f"{controls} texts with characters of a wrong encoding, mended",
    )
    return _reviews(texts["train"], marks["train"], texts["test"], marks["test"], faults, source)


_BREAK = re.compile(r"\s*(?:<br\s*/?>\s*)+")
_CONTROL = re.compile("[\x80-\x9f]")


@checked
def clean(text: str) -> str:
    """A review without HTML's line breaks, its wrong characters mended."""

    def mend(found: re.Match) -> str:  # Windows-1252 that was read as Latin-1
        return found[0].encode("latin-1").decode("cp1252", errors="replace")

    return unicodedata.normalize("NFKC", _CONTROL.sub(mend, _BREAK.sub(" ", text))).strip()


def _reviews(train, train_marks, test, test_marks, faults, source) -> Reviews:
    keep, more = kept(tuple(train), tuple(test))
    train_marks, test_marks = (np.array(marks, np.int32) for marks in (train_marks, test_marks))
    return Reviews(
        tuple(train[i] for i in keep),
        train_marks[keep, 0],
        tuple(test),
        test_marks[:, 0],
        train_marks[keep, 1],
        test_marks[:, 1],
        (*faults, *more),
        source,
    )


def cut(folder: str | Path) -> bytes:
    """Make the cut from the original set, unpacked: the first 2,500 reviews of each kind.

    Args:
        folder: ``aclImdb``, with ``train/neg/0_3.txt`` and so on (number of the review, stars).

    Returns:
        The content of ``imdb_10k.csv``.

    Raises:
        DataError: If the result is not the registered file.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["split", "label", "rating", "id", "text"])
    for part in ("train", "test"):
        for label in ("neg", "pos"):
            files = (Path(folder) / part / label).glob("*_*.txt")
            named = sorted((*map(int, path.stem.split("_")), path) for path in files)
            for number, stars, path in named[:PER_FOLDER]:
                with path.open(encoding="utf-8", newline="") as file:
                    writer.writerow([part, label, stars, number, file.read()])
    content = out.getvalue().encode("utf-8")
    actual, wanted = hashlib.sha256(content).hexdigest(), REGISTRY[FILENAME].sha256
    if actual != wanted:
        raise DataError(f"the cut of {folder} has sha256 {actual}, expected {wanted}")
    return content


_PRAISE = ["wonderful", "moving", "brilliant", "funny", "lovely", "clever", "touching", "superb"]
_BLAME = ["dull", "awful", "boring", "clumsy", "silly", "tedious", "poor", "dreadful"]
_THINGS = ["film", "story", "music", "acting", "ending", "dialogue", "camera", "cast"]


def _stand_in(missing: Missing) -> Reviews:
    rng = np.random.default_rng(0)

    def sentence(liked: bool) -> str:
        negated = rng.random() < 0.25
        word = rng.choice(_PRAISE if liked != negated else _BLAME)
        verb = "was not" if negated else str(rng.choice(["was", "was really", "seemed"]))
        return f"The {rng.choice(_THINGS)} {verb} {word}."

    def review(liked: bool) -> str:
        count = rng.integers(3, 9)
        astray = rng.random(count) < 0.25  # nobody likes everything
        said = [sentence(liked != other) for other in astray]
        return " ".join(["I saw it with a friend.", *said])

    liked = np.tile([True, False], 800)
    texts = [review(bool(one)) for one in liked]
    marks = [(one, 8 if one else 3) for one in liked]
    half = len(texts) // 2
    where = f"{len(texts):,} reviews that a small grammar wrote ({missing.why})"
    source = Source("IMDB reviews", where, stand_in=True)
    return _reviews(texts[:half], marks[:half], texts[half:], marks[half:], (), source)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m rnncourse.datasets.reviews aclImdb imdb_10k.csv")
    Path(sys.argv[2]).write_bytes(cut(sys.argv[1]))
