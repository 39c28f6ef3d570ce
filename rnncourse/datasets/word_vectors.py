"""Vectors of ten thousand words, and questions to ask them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnncourse.datasets.files import DataError, Missing, Source, find

Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class WordVectors:
    """Words, a vector each, and questions of the kind "a is to b as c is to d".

    Attributes:
        words: Lower-case words, the most frequent first.
        vectors: Their vectors, float32 of shape (words, dimensions).
        questions: Section -> its questions, in lower case; only those whose four words all have a
            vector.
        asked: How many questions there were in all.
        source: Where the vectors came from.
        questions_source: Where the questions came from.
    """

    words: tuple[str, ...]
    vectors: np.ndarray
    questions: dict[str, tuple[Question, ...]]
    asked: int
    source: Source
    questions_source: Source


def load_word_vectors() -> WordVectors:
    """Load GloVe's first 10,000 words in 50 dimensions, and the analogies of 2013.

    The vectors were made from Wikipedia of 2014 and the Gigaword news corpus, six thousand million
    words in all (Pennington, Socher and Manning, 2014); the questions are those of Mikolov, Chen,
    Corrado and Dean (2013). The stand-in is a few hundred words whose vectors are made up: the same
    stem, the same part; the same form, the same part; and noise. If either file cannot be had, both
    are replaced, since the questions are about the words.

    Raises:
        DataError: If a file is found whose checksum is wrong, or that cannot be read.
    """
    vectors = find("GloVe", "glove.6B.50d.10k.txt")
    questions = find("the analogy questions", "questions-words.txt")
    for found in (vectors, questions):
        if isinstance(found, Missing):
            return _stand_in(found)
    words, table = _parse_vectors(vectors[0])
    sections = _parse_questions(questions[0])
    return _together(words, table, sections, vectors[1], questions[1])


def _parse_vectors(content: bytes) -> tuple[tuple[str, ...], np.ndarray]:
    lines = [line.split(" ") for line in content.decode("utf-8").splitlines()]
    if not lines or len({len(line) for line in lines}) != 1:
        raise DataError("glove.6B.50d.10k.txt should have as many numbers on every line")
    return tuple(line[0] for line in lines), np.array([line[1:] for line in lines], np.float32)


def _parse_questions(content: bytes) -> dict[str, list[Question]]:
    sections: dict[str, list[Question]] = {}
    for line in content.decode("ascii").lower().splitlines():
        if line.startswith(":"):
            section = sections.setdefault(line[1:].strip(), [])
            continue
        words = tuple(line.split())
        if len(words) != 4 or not sections:
            raise DataError(f"questions-words.txt should have four words a line, not {line!r}")
        section.append(words)
    return sections


def _together(words, vectors, sections, source, questions_source) -> WordVectors:
    known = set(words)
    answerable = {
        name: tuple(question for question in questions if known.issuperset(question))
        for name, questions in sections.items()
    }
    asked = sum(len(questions) for questions in sections.values())
    return WordVectors(words, vectors, answerable, asked, source, questions_source)


_PAIRS = {  # section -> the two forms of each stem
    "capital-common-countries": "france paris germany berlin italy rome spain madrid japan tokyo "
    "china beijing russia moscow england london egypt cairo greece athens iran tehran iraq baghdad",
    "family": "man woman king queen boy girl son daughter brother sister father mother husband "
    "wife uncle aunt he she his her prince princess boys girls men women",
    "gram3-comparative": "big bigger small smaller old older young younger fast faster slow slower "
    "strong stronger weak weaker warm warmer cold colder high higher low lower",
    "gram6-nationality-adjective": "france french germany german italy italian spain spanish "
    "japan japanese china chinese russia russian england english egypt egyptian greece greek",
    "gram7-past-tense": "walking walked playing played saying said going went seeing saw taking "
    "took running ran sitting sat reading read writing wrote thinking thought making made",
    "gram8-plural": "dog dogs cat cats horse horses cow cows bird birds car cars road roads house "
    "houses apple apples computer computers city cities song songs child children mouse mice",
}
_OTHERS = (
    "the of and to in a is , . not never very john paul mike kevin steve greg jeff bill amy "
    "joan lisa sarah diana kate ann donna executive management professional corporation salary "
    "office business career home parents children family cousins marriage wedding relatives "
    "doctor nurse engineer teacher lawyer secretary captain librarian programmer scientist "
    "dancer carpenter philosopher soldier housekeeper receptionist politician writer singer "
    "good bad water fire tree "
)


def _stand_in(missing: Missing) -> WordVectors:
    rng = np.random.default_rng(0)
    parts: dict[str, np.ndarray] = {}
    sections: dict[str, list[Question]] = {}
    for section, line in _PAIRS.items():
        flat = line.split()
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        step = rng.normal(0, 1, 50)
        kind = rng.normal(0, 1, 50)
        for first, second in pairs:
            base = parts.setdefault(first, kind + rng.normal(0, 1, 50))
            parts.setdefault(second, base + step)
        sections[section] = [
            (*one, *other) for one in pairs for other in pairs if not set(one) & set(other)
        ]
    for word in _OTHERS.split():
        parts.setdefault(word, rng.normal(0, 1.4, 50))
    first = _OTHERS.split()
    words = tuple([*first, *(word for word in parts if word not in first)])
    vectors = np.array([parts[word] + rng.normal(0, 0.25, 50) for word in words], np.float32)
    where = f"{len(words)} words with made-up vectors ({missing.why})"
    source = Source("GloVe", where, stand_in=True)
    asked = Source("the analogy questions", f"pairs of these words ({missing.why})", stand_in=True)
    return _together(words, vectors, sections, source, asked)
