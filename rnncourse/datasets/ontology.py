"""First lines of encyclopaedia articles, and which of fourteen kinds of thing they are about."""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import dataclass

import numpy as np

from rnncourse import arguments
from rnncourse.arguments import checked
from rnncourse.datasets.files import DataError, Missing, Source, find

CLASSES = (
    "Artist",
    "Company",
    "OfficeHolder",
    "Building",
    "Village",
    "Plant",
    "EducationalInstitution",
    "Animal",
    "Album",
    "WrittenWork",
    "NaturalPlace",
    "MeanOfTransportation",
    "Athlete",
    "Film",
)


@dataclass(frozen=True)
class Ontology:
    """Texts with one class each.

    Attributes:
        train_texts: Texts to train on.
        train_labels: Their classes, int32 of shape (n,), places in ``classes``.
        test_texts: Texts to test with, none of them among those to train on.
        test_labels: Their classes, int32 of shape (m,).
        classes: The names of the classes.
        faults: What was wrong with the files and what was done about it, a sentence each.
        source: Where the bytes came from.
    """

    train_texts: tuple[str, ...]
    train_labels: np.ndarray
    test_texts: tuple[str, ...]
    test_labels: np.ndarray
    classes: tuple[str, ...]
    faults: tuple[str, ...]
    source: Source


def load_ontology() -> Ontology:
    """Load 10,000 abstracts of DBpedia-14 (Zhang, Zhao and LeCun, 2015), half of them to test with.

    Characters that Unicode holds to be the same are made so (NFKC). A text that stands twice in the
    part to train on is kept once, and one that is also in the part to test with is left out of the
    part to train on. The stand-in is a grammar that writes such lines.

    Raises:
        DataError: If a file is found whose checksum is wrong, or that cannot be read.
    """
    parts = []
    for filename in ("dbpedia14_val.csv", "dbpedia14_test.csv"):
        found = find("DBpedia-14", filename)
        if isinstance(found, Missing):
            return _stand_in(found)
        content, source = found
        parts.append(_parse(content, filename))
    (train_texts, train_labels), (test_texts, test_labels) = parts
    keep, faults = kept(train_texts, test_texts)
    return Ontology(
        tuple(train_texts[i] for i in keep),
        train_labels[keep],
        test_texts,
        test_labels,
        CLASSES,
        ("the commas are missing from the texts, as in the original", *faults),
        source,
    )


@checked
def kept(train: tuple[str, ...], test: tuple[str, ...]) -> tuple[list[int], tuple[str, ...]]:
    """Which texts to train on: each once, and none that is also among those to test with.

    Returns:
        Their places in order, and what was left out, a sentence each.
    """
    arguments.texts("train", train)
    arguments.texts("test", test)
    first: dict[str, int] = {}
    for place, text in enumerate(train):
        first.setdefault(text, place)
    repeats = len(train) - len(first)
    leaks = len(first.keys() & set(test))
    places = sorted(place for text, place in first.items() if text not in set(test))
    again = len(test) - len(set(test))
    said = (
        (repeats, "repeated {} to train on, left out"),
        (leaks, "{} to train on also to test with, left out of those to train on"),
        (again, "repeated {} to test with, kept, as the published test has them"),
    )
    return places, tuple(
        f"{count} " + words.format("text" if count == 1 else "texts")
        for count, words in said
        if count
    )


def _parse(content: bytes, filename: str) -> tuple[tuple[str, ...], np.ndarray]:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    if not all(len(row) == 2 and row[0] in _NUMBERS for row in rows):
        raise DataError(f"{filename} should have a class from 1 to {len(CLASSES)} and a text a row")
    texts = tuple(unicodedata.normalize("NFKC", text) for _, text in rows)
    return texts, np.array([int(number) - 1 for number, _ in rows], np.int32)


_NUMBERS = {str(number) for number in range(1, len(CLASSES) + 1)}

_LINES = (  # one a class: N a name, P a place, Y a year
    ("N (born Y in P) is a painter.", "N is a singer from P known for songs of Y."),
    ("N is a company based in P.", "N was a manufacturer founded in Y with its office in P."),
    ("N (born Y) is a politician who was elected in P.", "N was a member of the senate of P."),
    ("N is a house built in Y in P.", "N is a historic church located in P."),
    (
        "N is a village in P.",
        "N is a small settlement with a population of Y in the district of P.",
    ),
    ("N is a species of flowering plant found in P.", "N is a tree native to P."),
    ("N is a school in P.", "N is a university founded in Y in P."),
    ("N is a species of beetle found in P.", "N is a fish native to the rivers of P."),
    ("N is an album released in Y.", "N is a record of songs recorded live in P."),
    ("N is a novel published in Y.", "N is a newspaper printed in P since Y."),
    ("N is a river in P.", "N is a mountain near P first climbed in Y."),
    ("N is a ship built in Y at P.", "N was a locomotive that ran to P until Y."),
    ("N (born Y) is a footballer who plays for P.", "N is a golfer who won in P in Y."),
    ("N is a film of Y directed in P.", "N is a drama starring actors from P."),
)


def _stand_in(missing: Missing) -> Ontology:
    rng = np.random.default_rng(0)
    syllables = ["ba", "do", "lin", "mar", "ne", "or", "pes", "ri", "sol", "tur", "va", "zen"]

    def name() -> str:
        return "".join(rng.choice(syllables, rng.integers(2, 5))).title()

    def line(label: int) -> str:
        words = str(rng.choice(_LINES[label]))
        if rng.random() < 0.3:
            words += " " + str(rng.choice(["It is well known.", "Little is known of it."]))
        blanks = {"N": name(), "P": name(), "Y": str(rng.integers(1800, 2015))}
        return "".join(blanks.get(c, c) if alone else c for c, alone in _letters(words))

    labels = np.tile(np.arange(len(CLASSES), dtype=np.int32), 80)
    texts = tuple(line(label) for label in labels)
    half = len(texts) // 2
    where = f"{len(texts):,} lines that a small grammar wrote ({missing.why})"
    source = Source("DBpedia-14", where, stand_in=True)
    keep, faults = kept(texts[:half], texts[half:])
    return Ontology(
        tuple(texts[i] for i in keep),
        labels[keep],
        texts[half:],
        labels[half:],
        CLASSES,
        faults,
        source,
    )


def _letters(words: str) -> list[tuple[str, bool]]:
    """Each character, and whether it is a word of its own."""
    padded = f" {words} "
    return [(c, not (padded[i].isalnum() or padded[i + 2].isalnum())) for i, c in enumerate(words)]
