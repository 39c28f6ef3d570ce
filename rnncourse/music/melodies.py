"""Tunes as melodies: moved to another tonic, compared with each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from rnncourse import arguments
from rnncourse.arguments import checked
from rnncourse.music import abc_notation as abc

LETTERS = "CDEFGAB"
SIGNS = {alteration: sign for sign, alteration in abc.ACCIDENTALS.items()}


@checked
def in_tonic(tune: Sequence[str], letter: str = "D") -> list[str]:
    """Move a tune the shorter way until its first key has this tonic; the mode stays.

    Raises:
        AbcError: If an accidental would be needed that ABC cannot write.
        ValueError: If the letter is none of A to G, or the tune has no key.
    """
    if letter not in tuple(LETTERS):
        raise ValueError(f"letter must be one of A to G, got {letter!r}")
    first = next((token for token in tune if token.startswith("K:")), None)
    if first is None:
        raise ValueError("tune must have a token that begins with 'K:', got none")
    steps = (LETTERS.index(letter) - LETTERS.index(first[2]) + 3) % 7 - 3
    fifths = abc.on_line_of_fifths(letter) - abc.tonic_on_line(first)

    result = []
    for token in tune:
        what = abc.kind(token)
        if what == "tonic":
            name, alteration = abc.from_line(abc.tonic_on_line(token) + fifths)
            if abs(alteration) > 1:
                raise abc.AbcError(f"{token} would get {alteration} accidentals")
            token = f"K:{name}" + {0: "", 1: "#", -1: "b"}[alteration]
        elif what == "note":
            accidental, name, octave = abc.spelling(token)
            if accidental:
                place = abc.on_line_of_fifths(name, abc.ACCIDENTALS[accidental])
                alteration = abc.from_line(place + fifths)[1]
                if alteration not in SIGNS:
                    raise abc.AbcError(f"{token} would get {alteration} accidentals")
                accidental = SIGNS[alteration]
            up, place = divmod(LETTERS.index(name) + steps, 7)
            octave += up
            letter_now = LETTERS[place].lower() if octave > 0 else LETTERS[place]
            token = accidental + letter_now + "'" * (octave - 1) + "," * -octave
        result.append(token)
    return result


@checked
def melody(tune: Sequence[str]) -> list[tuple[int, Fraction]]:
    """What is left of a tune in whatever key: the steps from note to note, and the lengths.

    Returns:
        One pair a note: letters up from the note before, 0 for the first; the length in eighths.
        Bar lines, rests and accidentals are not looked at.
    """
    result: list[tuple[int, Fraction]] = []
    before, last = None, ""
    for token in tune:
        what = abc.kind(token)
        if what == "note":
            _, letter, octave = abc.spelling(token)
            place = 7 * octave + LETTERS.index(letter)
            result.append((0 if before is None else place - before, Fraction(1)))
            before = place
        elif what == "length" and last == "note":
            result[-1] = (result[-1][0], abc.eighths(token))
        last = what
    return result


def _hashable(name: str, melody: Sequence) -> tuple:
    """A melody, also one in letters, whose notes can be looked up."""
    notes = tuple(melody if isinstance(melody, str) else arguments.items(name, melody))
    for note in notes:
        arguments.instance(name, note, Hashable)
    return notes


def near_copies(melodies: Sequence[Sequence], notes: int = 12, share: float = 0.25) -> list[int]:
    """Group the tunes that have much in common: versions of one tune under two titles, say.

    Two melodies belong together if a ``share`` of the stretches of so many ``notes`` in the one
    with fewer is found in the other, and so do those that a chain of such pairs connects.

    Returns:
        A group number a melody.
    """
    melodies = [_hashable("melodies", melody) for melody in arguments.items("melodies", melodies)]
    arguments.whole("notes", notes)
    arguments.number("share", share, above=0, most=1)
    numbers: dict[tuple, int] = {}
    found = []  # (tune, stretch)
    for tune, m in enumerate(melodies):
        stretches = {tuple(m[i : i + notes]) for i in range(len(m) - notes + 1)}
        found += [(tune, numbers.setdefault(stretch, len(numbers))) for stretch in stretches]
    rows, columns = np.array(found).reshape(-1, 2).T
    holds = csr_array((np.ones(len(found), int), (rows, columns)), (len(melodies), len(numbers)))
    common = (holds @ holds.T).toarray()
    size = common.diagonal()
    alike = (common > 0) & (common >= share * np.minimum.outer(size, size))
    return connected_components(csr_array(alike), directed=False)[1].tolist()


def longest_common_stretches(melodies: Sequence[Sequence], others: Iterable[Sequence]) -> list[int]:
    """For each melody the length of its longest stretch that stands, note for note, in another."""
    melodies = [_hashable("melodies", melody) for melody in arguments.items("melodies", melodies)]
    others = [_hashable("others", other) for other in arguments.iterable("others", others)]
    characters: dict = {}  # a character a note, so that Python's search in strings can be used
    written = "\0".join(
        "".join(chr(characters.setdefault(note, len(characters) + 1)) for note in other)
        for other in others
    )
    found = []
    for melody in melodies:
        own = "".join(chr(characters.get(note, 0x10FFFF)) for note in melody)
        longest = 0
        for end in range(1, len(own) + 1):
            if own[end - longest - 1 : end] in written:
                longest += 1
        found.append(longest)
    return found
