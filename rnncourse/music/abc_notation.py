"""ABC, the notation in which tunes are handed on as text: cut it into tokens, check its bars.

Of the standard (abc 2.1, 2011) this is what the tunes of the course need: one voice, notes and
rests in eighths, triplets, broken rhythm, ties, bar lines, repeats, and a first and second ending.
Whatever else ABC can say is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from rnncourse import arguments
from rnncourse.arguments import checked

#: Every tune begins with this token; that of the next one ends a tune.
START = "X:1\nL:1/8\n"
BORDERS = ("||", "|]", ":|")  # the bar lines that end a part
EIGHTH = Fraction(1, 8)
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"__": -2, "_": -1, "=": 0, "^": 1, "^^": 2}
FIFTHS = "FCGDAEB"  # sharps are added in this order; flats from the other end
MODES = {"Lydian": 1, "Major": 0, "Mixolydian": -1, "Dorian": -2, "Minor": -3, "Phrygian": -4}

_NOTE = r"(?:\^\^?|__?|=)?[A-Ga-g][,']*"
_LENGTH = r"\d+(?:/\d+)?|/\d*"
_TOKEN = re.compile(
    rf"""(?P<start>X:1\nL:1/8\n) | (?P<metre>M:\S+\n)
  | (?P<tonic>K:[A-G][#b]?) | (?P<mode>[ ](?:{"|".join(MODES)})\n)
  | (?P<line>:\||\|[|\]]?) | (?P<ending>\[[12]) | (?P<triplet>\(3)
  | (?P<note>{_NOTE}) | (?P<rest>z) | (?P<length>{_LENGTH}) | (?P<tie>-) | (?P<blank>[ \n])""",
    re.VERBOSE,
)
_BROKEN = re.compile(rf"({_NOTE})({_LENGTH})?([<>])({_NOTE})({_LENGTH})?")


class AbcError(ValueError):
    """A text is not ABC, or says what is not read here."""


@dataclass(frozen=True)
class Note:
    """A note or a rest; ``tied`` if it is held on into the next one."""

    pitch: int | None  # MIDI number, 60 is middle C; None for a rest
    length: Fraction  # in whole notes
    tied: bool = False


@dataclass(frozen=True)
class Bar:
    """What stands between two bar lines."""

    number: int  # from 1
    notes: tuple[Note, ...]
    metre: Fraction  # the length that it should have, in whole notes
    close: str  # the bar line that ends it; "" at the end of a tune that has none
    ending: int = 0  # 1 if it is played the first time only, 2 the second; 0 for always

    @property
    def length(self) -> Fraction:
        """The sum of its notes, in whole notes."""
        return sum((note.length for note in self.notes), Fraction(0))

    @property
    def ends_part(self) -> bool:
        """Whether a part of the tune ends with this bar."""
        return self.close in ("", *BORDERS)


@dataclass(frozen=True)
class Tune:
    """The bars of a tune, as written; none is empty."""

    bars: tuple[Bar, ...]

    def played(self) -> list[Bar]:
        """The bars in the order in which they are played, repeats and endings taken.

        Raises:
            AbcError: If a part has only one of two endings.
        """
        order: list[Bar] = []
        part: list[Bar] = []
        for bar, after in zip(self.bars, (*self.bars[1:], None), strict=True):
            part.append(bar)
            if after is None or (bar.ends_part and after.ending != 2):
                endings = {bar.ending for bar in part} - {0}
                if len(endings) == 1:
                    raise AbcError(f"the part up to bar {bar.number} has one ending of two")
                for time in (1, 2) if endings or bar.close == ":|" else (1,):
                    order += [bar for bar in part if bar.ending in (0, time)]
                part = []
        return order

    def faults(self) -> list[str]:
        """Where the bars do not add up to the metre, in words; nothing if they do.

        Every bar must be as long as the metre says. A part may begin with a shorter one, an upbeat,
        if the bar that is played before it, at the end of a part, is short by just as much. The
        first bar of all may be short, and the last.
        """
        try:
            order = self.played()
        except AbcError as error:
            return [str(error)]
        faults = {}
        for before, bar, after in zip([None, *order], order, [*order[1:], None], strict=False):
            fits = before is None or after is None or _halves(before, bar) or _halves(bar, after)
            if bar.length > bar.metre or (bar.length < bar.metre and not fits):
                faults[bar.number] = f"bar {bar.number} lasts {bar.length} instead of {bar.metre}"
        return list(faults.values())


def _halves(first: Bar, second: Bar) -> bool:
    """Whether two bars are the halves of one, parted where a part or an ending ends or begins."""
    parted = first.ends_part or first.ending != second.ending
    return parted and first.length + second.length == second.metre


def parse(text: str) -> Tune:
    """Read a tune.

    Args:
        text: Header lines, ``M:``, ``L:1/8`` and ``K:`` among them, then the bars.

    Raises:
        AbcError: If something is missing, makes no sense, or is not read here.
        TypeError: If text is not a string.
    """
    bars: list[Bar] = []
    content: list[str] = []  # of the bar so far
    metre = sharps = None
    tonic = ending = 0
    for token in [*tokens(text), ""]:
        what = kind(token) if token else "end"
        if what in ("note", "rest", "length", "tie", "triplet"):
            content.append(token)
        elif what in ("metre", "tonic", "mode"):
            if content:
                raise AbcError(f"{token.strip()!r} must stand between two bars")
            if what == "metre":
                metre = bar_length(token[2:-1])
            elif what == "tonic":
                tonic = tonic_on_line(token)
            else:
                sharps = tonic + MODES[token.strip()]
        elif what in ("line", "ending", "end"):
            close = "|" if what == "ending" else token
            if content:
                if metre is None or sharps is None:
                    raise AbcError("metre (M:) and key (K:) must come before the first bar")
                bars.append(Bar(len(bars) + 1, _notes(content, sharps), metre, close, ending))
            elif bars and bars[-1].close == "|" and close in BORDERS:
                bars[-1] = replace(bars[-1], close=close)  # of two lines the stronger stays
            if what == "ending":
                ending = int(token[1])
            elif close in BORDERS:
                ending = 0
            content = []
    if all(note.pitch is None for bar in bars for note in bar.notes):
        raise AbcError("the tune has no notes")
    return Tune(tuple(bars))


def _notes(content: list[str], sharps: int) -> tuple[Note, ...]:
    """The tokens of one bar as notes, in a key with so many sharps (flats if negative)."""
    notes: list[Note] = []
    altered: dict[tuple[str, int], int] = {}  # an accidental holds to the end of the bar
    triplet, before = 0, ""
    for token in content:
        what = kind(token)
        if what == "triplet" and not triplet:
            triplet = 3
        elif what in ("note", "rest"):
            pitch = None
            if what == "note":
                accidental, letter, octave = spelling(token)
                if accidental:
                    altered[letter, octave] = ACCIDENTALS[accidental]
                by_key = (sharps - on_line_of_fifths(letter) + 5) // 7
                by = altered.get((letter, octave), by_key)
                pitch = 60 + 12 * octave + SEMITONES[letter] + by
            notes.append(Note(pitch, Fraction(2, 3) * EIGHTH if triplet else EIGHTH))
            triplet = max(triplet - 1, 0)
        elif what == "length" and before in ("note", "rest"):
            notes[-1] = replace(notes[-1], length=notes[-1].length * eighths(token))
        elif what == "tie" and notes:
            notes[-1] = replace(notes[-1], tied=True)
        else:
            raise AbcError(f"{token!r} makes no sense behind {before or 'a bar line'!r}")
        before = what
    if triplet:
        raise AbcError("a triplet lacks notes")
    return tuple(notes)


def tokens(text: str) -> list[str]:
    """Cut a tune into tokens: a pitch, a length other than 1, a bar line, a header field, a blank.

    Number, title and transcriber are dropped, as are annotations and the marks of line breaks. A
    broken rhythm is written out, ``A>B`` as ``A3/2B/``. Joined together, the tokens are ABC again.

    Args:
        text: As for :func:`parse`, which refuses more.

    Returns:
        The tokens, :data:`START` first.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {type(text).__name__}")
    if not re.search(r"^L: *1/8 *$", text, re.MULTILINE):
        raise AbcError("the unit length must be 1/8")
    body = re.sub(r"^[XTZLSNROHQ]:.*\n", "", text.strip() + "\n", flags=re.MULTILINE)
    body = re.sub(r"^([MK]): *", r"\1:", body, flags=re.MULTILINE)
    body = re.sub(r'"[^"\n]*"|! *$', "", body, flags=re.MULTILINE)
    body = _BROKEN.sub(_written_out, re.sub(r" +", " ", re.sub(r"\s*\n\s*", "\n", body)))
    result, position = [START], 0
    while position < len(body):
        match = _TOKEN.match(body, position)
        if not match:
            raise AbcError(f"{body[position : position + 12]!r} is not read here")
        result.append(match[0])
        position = match.end()
    return result


def _written_out(match: re.Match) -> str:
    """Two notes in broken rhythm with lengths instead of ``>`` or ``<``."""
    first, first_length, sign, second, second_length = match.groups("")
    longer, shorter = Fraction(3, 2), Fraction(1, 2)
    result = ""
    for note, length, factor in (
        (first, first_length, longer if sign == ">" else shorter),
        (second, second_length, shorter if sign == ">" else longer),
    ):
        lasts = factor * eighths(length)
        result += note + {Fraction(1): "", shorter: "/"}.get(lasts, str(lasts))
    return result


def kind(token: str) -> str:
    """What a token is: ``note``, ``rest``, ``length``, ``line`` for a bar line, and so on.

    Raises:
        AbcError: If it is none.
    """
    match = isinstance(token, str) and _TOKEN.fullmatch(token)
    if not match:
        raise AbcError(f"token must be one of ABC, got {arguments.what(token)}")
    return match.lastgroup


def spelling(note: str) -> tuple[str, str, int]:
    """Accidental, letter and octave of a token that is a note; octave 0 begins at middle C.

    Raises:
        AbcError: If it is none.
    """
    match = isinstance(note, str) and re.fullmatch(r"([_=^]*)([A-Ga-g])([,']*)", note)
    if not match:
        raise AbcError(f"note must be one of ABC, got {arguments.what(note)}")
    accidental, letter, marks = match.groups()
    return accidental, letter.upper(), letter.islower() + marks.count("'") - marks.count(",")


def eighths(length: str) -> Fraction:
    """How long a length token makes a note: ``3`` is 3 eighths, ``/`` half a one.

    Raises:
        AbcError: If it is no length.
    """
    if not (isinstance(length, str) and re.fullmatch(r"\d{0,9}(?:/\d{0,9})?", length)):
        raise AbcError(f"length must be like 3, / or 3/2, got {arguments.what(length)}")
    over, slash, under = length.partition("/")
    if (over and not int(over)) or (under and not int(under)):
        raise AbcError(f"{length!r} is not a length")
    return Fraction(int(over or 1), int(under or 2) if slash else 1)


@checked
def bar_length(metre: str) -> Fraction:
    """The length of a bar in whole notes: 1 for ``C`` and ``C|``, 3/4 for ``6/8``."""
    if metre in ("C", "C|"):
        return Fraction(1)
    if not re.fullmatch(r"[1-9]\d?/[1-9]\d?", metre):
        raise AbcError(f"metre must be like 6/8, C or C|: {metre[:40]!r} is not a metre")
    return Fraction(metre)


def on_line_of_fifths(letter: str, alteration: int = 0) -> int:
    """Where a note stands in the row ... Bb F C G D A E B F# ...: 0 for C, one more a fifth up.

    Raises:
        ValueError: If the letter is none of A to G.
        TypeError: If the alteration is no whole number.
    """
    if not isinstance(letter, str) or letter not in tuple(FIFTHS):
        raise ValueError(f"letter must be one of A to G, got {arguments.what(letter)}")
    arguments.whole("alteration", alteration, -arguments.LARGEST)
    return FIFTHS.index(letter) - 1 + 7 * alteration


def from_line(place: int) -> tuple[str, int]:
    """The other way: letter and alteration of what stands there.

    Raises:
        TypeError: If place is no whole number.
    """
    arguments.whole("place", place, -arguments.LARGEST)
    return FIFTHS[(place + 1) % 7], (place + 1) // 7


@checked
def tonic_on_line(token: str) -> int:
    """Where the tonic of a token such as ``K:F#`` stands.

    Raises:
        AbcError: If the token is none of a tonic.
    """
    if not re.fullmatch(r"K:[A-G][#b]?", token):
        raise AbcError(f"token must be one of a tonic, such as K:F#, got {token[:40]!r}")
    return on_line_of_fifths(token[2], {"": 0, "#": 1, "b": -1}[token[3:]])


def timeline(bars: Iterable[Bar]) -> list[tuple[Fraction, Fraction, int]]:
    """Onset, length and pitch of each note; the times in whole notes, tied notes made one.

    Raises:
        TypeError: If bars are none.
    """
    bars = [arguments.instance("bars", bar, Bar) for bar in arguments.iterable("bars", bars)]
    result: list[tuple[Fraction, Fraction, int]] = []
    now, held = Fraction(0), None
    for note in (note for bar in bars for note in bar.notes):
        if held is not None and held == note.pitch:
            onset, length, pitch = result[-1]
            result[-1] = (onset, length + note.length, pitch)
        elif note.pitch is not None:
            result.append((now, note.length, note.pitch))
        held = note.pitch if note.tied else None
        now += note.length
    return result
