"""Tiny Shakespeare: a million characters of plays, or Python's documentation."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from rnncourse.datasets.files import DataError, Missing, Source, find
from rnncourse.text import printable


@dataclass(frozen=True)
class Shakespeare:
    """A long text.

    Attributes:
        train: The first nine tenths.
        test: The last tenth.
        source: Where the bytes came from.
    """

    train: str
    test: str
    source: Source


def load_shakespeare() -> Shakespeare:
    """Load Tiny Shakespeare: 1,115,394 characters, 65 of them different (Karpathy, 2015).

    The stand-in is the reference that comes with Python for its ``help``, each paragraph once.

    Returns:
        The text in two parts, and its source.

    Raises:
        DataError: If a file is found whose checksum is wrong, or that cannot be read.
    """
    found = find("Tiny Shakespeare", "tinyshakespeare.txt")
    if isinstance(found, Missing):
        return _stand_in(found)
    content, source = found
    try:
        return _split(content.decode("ascii"), source)
    except UnicodeDecodeError as error:
        raise DataError(f"tinyshakespeare.txt should be ASCII: {error}") from error


def _split(text: str, source: Source) -> Shakespeare:
    first = int(0.9 * len(text))
    return Shakespeare(text[:first], text[first:], source)


def _stand_in(missing: Missing) -> Shakespeare:
    from pydoc_data.topics import topics

    pages = "\n\n".join(printable(topics[name]) for name in sorted(topics))
    paragraphs = dict.fromkeys(pages.split("\n\n"))  # several pages quote the same section
    where = f"the reference of Python {platform.python_version()} ({missing.why})"
    source = Source("Tiny Shakespeare", where, stand_in=True)
    return _split("\n\n".join(paragraphs), source)
