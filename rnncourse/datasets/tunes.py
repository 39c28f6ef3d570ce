"""Irish tunes in ABC notation, or tunes made by a small grammar where they cannot be had."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from rnncourse.arguments import checked
from rnncourse.datasets.files import Missing, Source, find


@dataclass(frozen=True)
class Tunes:
    """Tunes, each a text in ABC.

    Attributes:
        texts: One tune each: header lines (``X:`` number, ``T:`` title, ``M:`` metre, ``L:`` unit
            length, ``K:`` key), then its bars.
        source: Where the bytes came from.
    """

    texts: tuple[str, ...]
    source: Source


def load_tunes() -> Tunes:
    """Load the Irish tunes of MIT's course "Introduction to Deep Learning", transcribed in ABC.

    The file has 806 blocks with blank lines between them. Two of them have no header: they are the
    bars of the tune before, behind a blank line too many, and are joined to it. So there are 804
    tunes. Nothing else is changed.

    The stand-in is a set of 400 tunes put together by a small seeded grammar.

    Returns:
        The tunes and the source.

    Raises:
        DataError: If a file is found whose checksum is wrong, or that cannot be read.
    """
    found = find("the Irish tunes", "irish.abc")
    if isinstance(found, Missing):
        where = f"400 tunes put together by a small grammar ({found.why})"
        return Tunes(tuple(_made_up(400)), Source("the Irish tunes", where, stand_in=True))
    content, source = found
    return Tunes(tuple(split(content.decode("ascii"))), source)


@checked
def split(text: str) -> list[str]:
    """Cut a file of ABC into tunes: a tune begins with a block that has a number, ``X:``."""
    tunes: list[str] = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        if block.strip().startswith("X:"):
            tunes.append(block.strip())
        elif block.strip() and tunes:
            tunes[-1] += "\n" + block.strip()
    return tunes


_SCALE = "DEFGABcdefga"
_KINDS = (("C", 8, (2, 2, 2, 2)), ("6/8", 6, (3, 3)), ("C|", 8, (4, 4)), ("9/8", 9, (3, 3, 3)))
_KEYS = ("D Major", "G Major", "A Dorian", "D Mixolydian", "E Minor")


def _made_up(count: int) -> list[str]:
    """Tunes of two or three parts of four or eight bars, with an upbeat or without."""
    rng = random.Random(1982)
    tunes = []
    for number in range(1, count + 1):
        metre, beats, groups = rng.choice(_KINDS)
        upbeat = rng.choice((0, 1, 2))
        parts = []
        for _ in range(rng.choice((2, 2, 3))):
            home = rng.randrange(2, 8)
            first, second = (_bar(rng, groups, home) for _ in range(2))
            half = [first, second, first, _bar(rng, groups, home + 1)]
            last = _bar(rng, (beats - upbeat - 2,), home) + ("D2" if rng.random() < 0.6 else "d2")
            again = [] if rng.random() < 0.2 else [first, second, _bar(rng, groups, home - 1)]
            bars = [*half, *again, last] if again else [*half[:3], last]
            rise = "".join(_SCALE[home + i] for i in range(upbeat))
            parts.append((rise + "|" if rise else "") + "|".join(bars) + ":|")
        header = f"X:{number}\nT:Made up, no. {number}\nM:{metre}\nL:1/8\nK:{rng.choice(_KEYS)}\n"
        tunes.append(header + "\n".join(parts))
    return tunes


def _bar(rng: random.Random, groups: tuple[int, ...], home: int) -> str:
    """Notes near a height, in groups that last so many eighths."""
    written = []
    for eighths in groups:
        notes = ""
        while eighths:
            lasts = min(eighths, rng.choice((1, 1, 1, 2)))
            home = min(max(home + rng.choice((-2, -1, -1, 0, 1, 1, 2)), 0), len(_SCALE) - 1)
            notes += _SCALE[home] + (str(lasts) if lasts > 1 else "")
            eighths -= lasts
        written.append(notes)
    return " ".join(written)
