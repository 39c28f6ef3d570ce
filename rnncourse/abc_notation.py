"""ABC, the notation in which tunes are handed on as text: read it, check it, play it in order.

The part of the standard (abc 2.1, 2011) that single-voice tunes need: header and inline fields,
notes, rests, chords, accidentals, octaves, lengths, tuplets, broken rhythm, ties, slurs, grace
notes, ornaments, annotations, bar lines, repeats and endings. Chord symbols, ornaments and grace
notes are read and take no time. An exclamation mark that ends a line is the old sign for a line
break.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

BORDERS = ("||", "|]", ":|")  # the bar lines that end a part


class AbcError(ValueError):
    """A text is not ABC; the message says where and why."""


@dataclass(frozen=True)
class Note:
    """A note, a chord or a rest.

    Attributes:
        pitches: MIDI numbers, 60 is middle C; none for a rest.
        length: In whole notes.
        tied: True if it is held on into the next note.
    """

    pitches: tuple[int, ...]
    length: Fraction
    tied: bool = False


@dataclass(frozen=True)
class Bar:
    """What stands between two bar lines.

    Attributes:
        notes: In order.
        metre: The length that a bar should have, in whole notes; None in free metre.
        close: The bar line that ends it, one of ``|``, ``||``, ``|]``, ``:|``, or ``""`` at the end
            of a tune that has none.
        repeats: True if a repeat begins at its left bar line, ``|:``.
        ending: The endings it belongs to: ``(1,)`` for the first time, and so on; ``()`` for none.
    """

    notes: tuple[Note, ...]
    metre: Fraction | None
    close: str
    repeats: bool = False
    ending: tuple[int, ...] = ()

    @property
    def length(self) -> Fraction:
        """The sum of its notes, in whole notes."""
        return sum((note.length for note in self.notes), Fraction(0))

    @property
    def ends_part(self) -> bool:
        """Whether a part of the tune ends with this bar."""
        return self.close in BORDERS or self.close == ""


@dataclass(frozen=True)
class Tune:
    """A tune that has been read.

    Attributes:
        fields: The header, letter -> text: ``T`` title, ``M`` metre, ``L`` unit length, ``K`` key.
        bars: As written; none is empty.
    """

    fields: dict[str, str] = field(hash=False)
    bars: tuple[Bar, ...]

    def played(self) -> list[Bar]:
        """The bars in the order in which they are played, repeats and endings taken.

        Raises:
            AbcError: If the endings of a part are not numbered from 1.
        """
        order: list[Bar] = []
        for part in _parts(self.bars):
            endings = {number for bar in part for number in bar.ending}
            if endings - set(range(1, len(endings) + 1)):
                raise AbcError(f"a part has the endings {sorted(endings)}")
            times = len(endings) or (2 if part[-1].close == ":|" else 1)
            for time in range(1, times + 1):
                order += [bar for bar in part if not bar.ending or time in bar.ending]
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
        faults = []
        for i, bar in enumerate(order):
            before = order[i - 1] if i else None
            after = order[i + 1] if i + 1 < len(order) else None
            if bar.metre is None or bar.length == bar.metre:
                continue
            short = bar.length < bar.metre
            opens = before is None or _make_one(before, bar)
            closes = after is None or _make_one(bar, after)
            if not (short and (opens or closes)):
                number = next(n for n, b in enumerate(self.bars, 1) if b is bar)
                faults.append(f"bar {number} lasts {bar.length} instead of {bar.metre}")
        return list(dict.fromkeys(faults))


# What may stand in a tune's body, tried in this order.
_SIGNS = re.compile(
    r"""
    (?P<blank>[ \t\n`\\]+|!(?=[ \t]*(?:\n|$))|%.*)
  | (?P<field>^[A-Za-z]:.*$|\[[A-Za-z]:[^\]\n]*\])
  | (?P<ending>\[[1-9](?:[,-][1-9])*(?![\w:]))
  | (?P<line>:*\|[\]|:]*:*(?P<next>[1-9](?:[,-][1-9])*(?=[^\w/]|\s|[A-Ga-gxz]|$))?|::+|\[\|)
  | (?P<text>"[^"\n]*"|!\w[^!\n]*!|\+\w[^+\n]*\+|[.~HLMOPSTuv](?=[\[(^_=A-Ga-gxz.~HLMOPSTuv"!]))
  | (?P<grace>\{[^{}\n]*\})
  | (?P<tuplet>\([2-9](?::[1-9]?(?::[1-9]?)?)?)
  | (?P<slur>[()])
  | (?P<chord>\[(?P<inside>[^\[\]|:\n]+)\](?P<chord_length>[0-9]*/*[0-9]*))
  | (?P<note>(?P<accidental>\^\^|\^|__|_|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)
      (?P<length>[0-9]*/*[0-9]*))
  | (?P<rest>[xz](?P<rest_length>[0-9]*/*[0-9]*))
  | (?P<tie>-)
  | (?P<broken><{1,3}|>{1,3})
    """,
    re.VERBOSE | re.MULTILINE,
)
_NOTE = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)([0-9]*/*[0-9]*)")

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHIFTS = {"": 0, "#": 1, "b": -1}
_ALTERATIONS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_SHARPS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1}
_MODES = {"maj": 0, "ion": 0, "mix": -1, "dor": -2, "min": -3, "m": -3, "aeo": -3, "phr": -4}
_MODES |= {"loc": -5, "lyd": 1, "": 0}
_FIFTHS = "FCGDAEB"  # the order in which sharps are added; flats come from the other end


def parse(text: str) -> Tune:
    """Read a tune.

    Args:
        text: Header lines up to ``K:``, then the body.

    Returns:
        The tune.

    Raises:
        AbcError: If a field is missing or makes no sense, or the body has a sign that is not ABC, a
            tuplet or broken rhythm without its notes, or no note at all.
        TypeError: If text is not a string.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {type(text).__name__}")
    fields, body, offset = _header(text)
    reader = _Reader(fields)
    position = 0
    while position < len(body):
        sign = _SIGNS.match(body, position)
        if not sign:
            line = offset + body.count("\n", 0, position)
            rest = body[position:].split("\n")[0][:12]
            raise AbcError(f"line {line + 1}: {rest!r} is not ABC")
        reader.take(sign)
        position = sign.end()
    bars = reader.finish()
    if not any(note.pitches for bar in bars for note in bar.notes):
        raise AbcError("the tune has no notes")
    return Tune(fields, tuple(bars))


def _make_one(before: Bar, after: Bar) -> bool:
    """Whether two bars are the halves of one, parted where a part or an ending ends or begins."""
    parted = before.ends_part or before.ending != after.ending
    return parted and before.length + after.length == after.metre


def timeline(bars: Iterable[Bar]) -> list[tuple[Fraction, Note]]:
    """When each note begins, in whole notes from the start; tied notes made one, rests left out.

    Args:
        bars: As written (``tune.bars``) or as played (``tune.played()``).
    """
    result: list[tuple[Fraction, Note]] = []
    now = Fraction(0)
    held: Note | None = None
    for note in (note for bar in bars for note in bar.notes):
        if held and held.pitches == note.pitches:
            onset, first = result[-1]
            result[-1] = (onset, Note(first.pitches, first.length + note.length))
        elif note.pitches:
            result.append((now, Note(note.pitches, note.length)))
        held = note if note.tied else None
        now += note.length
    return result


def key_signature(key: str) -> dict[str, int]:
    """What a key alters: letter -> +1 for a sharp, -1 for a flat.

    Args:
        key: Tonic and mode, such as ``"D Mixolydian"``, ``"Am"`` or ``"F# minor"``.

    Raises:
        AbcError: If it is not a key.
    """
    match = re.fullmatch(r"([A-G])([#b]?) *([A-Za-z]*)", key.strip())
    mode = match[3].lower() if match else ""
    mode = mode if mode == "m" else mode[:3]
    if not match or mode not in _MODES:
        raise AbcError(f"{key!r} is not a key")
    count = _SHARPS[match[1]] + 7 * SHIFTS[match[2]] + _MODES[mode]
    if abs(count) > 7:
        raise AbcError(f"{key!r} would need {abs(count)} accidentals")
    letters = _FIFTHS[:count] if count >= 0 else _FIFTHS[count:]
    return dict.fromkeys(letters, 1 if count > 0 else -1)


def metre(text: str) -> Fraction | None:
    """The length of a bar in whole notes: 1 for ``C``, 3/4 for ``6/8``; None for ``none``.

    Raises:
        AbcError: If it is not a metre.
    """
    text = text.strip()
    if text.lower() == "none":
        return None
    return Fraction(1) if text in ("C", "C|") else _fraction(text, "metre")


def _fraction(text: str, what: str) -> Fraction:
    match = re.fullmatch(r"([1-9][0-9]?)/([1-9][0-9]?)", text.strip())
    if not match:
        raise AbcError(f"{text!r} is not a {what}")
    return Fraction(int(match[1]), int(match[2]))


def _header(text: str) -> tuple[dict[str, str], str, int]:
    """Fields, body, and the number of lines before the body."""
    fields: dict[str, str] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = re.match(r"([A-Za-z]):\s*(.*?)\s*$", line)
        if match:
            fields.setdefault(match[1], match[2])
            if match[1] == "K":
                return fields, "\n".join(lines[number:]), number
        elif line.strip() and not line.startswith("%"):
            raise AbcError(f"line {number}: expected a header field, got {line[:20]!r}")
    raise AbcError("the header has no key (K:)")


class _Reader:
    """Takes one sign after another and makes bars of them."""

    def __init__(self, fields: dict[str, str]):
        self.metre = metre(fields.get("M", "none"))
        default = Fraction(1, 8) if self.metre is None or self.metre >= Fraction(3, 4) else None
        self.unit = (
            _fraction(fields["L"], "length") if "L" in fields else default or Fraction(1, 16)
        )
        self.key = key_signature(fields["K"])
        self.bars: list[Bar] = []
        self.notes: list[Note] = []
        self.repeats = False
        self.ending: tuple[int, ...] = ()
        self.altered: dict[str, int] = {}  # accidentals hold to the end of the bar
        self.tuplet: tuple[Fraction, int] = (Fraction(1), 0)  # factor, notes still to come
        self.broken = Fraction(0)  # factor for the next note, 0 for none

    def take(self, sign: re.Match) -> None:
        """Take one sign, a match of ``_SIGNS``."""
        kind = next(name for name in _TAKERS if sign[name] is not None)
        if taker := _TAKERS[kind]:
            taker(self, sign)

    def take_field(self, sign: re.Match) -> None:
        letter, _, value = sign[0].strip("[]").partition(":")
        if letter == "K":
            self.key = key_signature(value)
        elif letter == "L":
            self.unit = _fraction(value, "length")
        elif letter == "M":
            self.metre = metre(value)

    def take_line(self, sign: re.Match) -> None:
        text = sign[0].removesuffix(sign["next"] or "")
        bare = text.strip(":")
        if bare not in ("", "|", "||", "|]", "[|"):
            raise AbcError(f"{sign[0]!r} is not a bar line")
        begins = text.endswith(":")
        if text.startswith(":"):
            self.close(":|")
        elif begins and bare == "|":
            self.close("||")  # a repeat can only begin where a part ends
        else:
            self.close("|" if bare == "[|" else bare)
        self.repeats = self.repeats or begins
        if sign["next"]:
            self.ending = _numbers(sign["next"])

    def take_ending(self, sign: re.Match) -> None:
        self.close("|")
        self.ending = _numbers(sign[0][1:])

    def take_tuplet(self, sign: re.Match) -> None:
        self.whole("a tuplet")
        parts = (sign[0][1:] + "::").split(":")
        p = int(parts[0])
        compound = self.metre is not None and self.metre.numerator % 3 == 0
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if compound else 2)
        q = int(parts[1]) if parts[1] else usual
        self.tuplet = (Fraction(q, p), int(parts[2]) if parts[2] else p)

    def take_note(self, sign: re.Match) -> None:
        pitch = self.pitch(sign["accidental"], sign["letter"], sign["octave"])
        self.add((pitch,), sign["length"])

    def take_rest(self, sign: re.Match) -> None:
        self.add((), sign["rest_length"])

    def take_chord(self, sign: re.Match) -> None:
        inside, length = sign["inside"], None
        pitches, position = [], 0
        while position < len(inside):
            note = _NOTE.match(inside, position)
            if not note:
                raise AbcError(f"{sign[0]!r} is not a chord")
            pitches.append(self.pitch(*note.group(1, 2, 3)))
            length = length or note[4]
            position = note.end()
        inner = note_length(length or "")
        self.add(tuple(pitches), sign["chord_length"], inner)

    def take_tie(self, sign: re.Match) -> None:
        if not self.notes:
            return  # held over the bar line that came first
        last = self.notes[-1]
        self.notes[-1] = Note(last.pitches, last.length, tied=True)

    def take_broken(self, sign: re.Match) -> None:
        if not self.notes or self.broken:
            raise AbcError(f"{sign[0]!r} must stand between two notes")
        short = Fraction(1, 2 ** len(sign[0]))
        long = 2 - short
        first, second = (long, short) if ">" in sign[0] else (short, long)
        last = self.notes[-1]
        self.notes[-1] = Note(last.pitches, last.length * first, last.tied)
        self.broken = second

    def pitch(self, accidental: str | None, letter: str, octave: str) -> int:
        name = letter.upper()
        height = (5 if letter.isupper() else 6) + octave.count("'") - octave.count(",")
        place = f"{name}{height}"
        if accidental:
            self.altered[place] = _ALTERATIONS[accidental]
        by = self.altered.get(place, self.key.get(name, 0))
        return 12 * height + SEMITONES[name] + by

    def add(self, pitches: tuple[int, ...], length: str, more: Fraction = Fraction(1)) -> None:
        factor, left = self.tuplet
        lasts = self.unit * note_length(length) * more
        if left:
            lasts *= factor
            self.tuplet = (factor, left - 1)
        if self.broken:
            lasts *= self.broken
            self.broken = Fraction(0)
        self.notes.append(Note(pitches, lasts))

    def whole(self, what: str) -> None:
        if self.tuplet[1]:
            raise AbcError(f"{what} comes before the tuplet has its notes")
        if self.broken:
            raise AbcError(f"{what} comes before the second note of a broken rhythm")

    def close(self, line: str) -> None:
        """End the bar; of two lines with nothing between, the stronger stays."""
        self.whole("a bar line")
        self.altered = {}
        if self.notes:
            bar = Bar(tuple(self.notes), self.metre, line, self.repeats, self.ending)
            self.bars.append(bar)
            self.notes, self.repeats = [], False
        elif self.bars and line in BORDERS:
            last = self.bars[-1]
            if last.close not in BORDERS:
                self.bars[-1] = Bar(last.notes, last.metre, line, last.repeats, last.ending)
        if line in BORDERS:
            self.ending = ()

    def finish(self) -> list[Bar]:
        self.whole("the end")
        if self.notes:
            self.close("")
        return self.bars


_TAKERS = {
    "blank": None,
    "field": _Reader.take_field,
    "ending": _Reader.take_ending,
    "line": _Reader.take_line,
    "text": None,
    "grace": None,
    "tuplet": _Reader.take_tuplet,
    "slur": None,
    "chord": _Reader.take_chord,
    "note": _Reader.take_note,
    "rest": _Reader.take_rest,
    "tie": _Reader.take_tie,
    "broken": _Reader.take_broken,
}


def _numbers(text: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return tuple(numbers)


def note_length(text: str) -> Fraction:
    """A note's length in units: ``3`` is 3, ``/`` a half, ``//`` a quarter, nothing is 1."""
    over, slashes, under = re.fullmatch(r"([0-9]*)(/*)([0-9]*)", text).groups()
    divisor = (int(under) if under else 2 ** len(slashes)) if slashes else 1
    if over == "0" or divisor == 0 or (under and len(slashes) > 1):
        raise AbcError(f"{text!r} is not a length")
    return Fraction(int(over or 1), divisor)


def _parts(bars: tuple[Bar, ...]) -> Iterator[list[Bar]]:
    """What is repeated as one: up to a border, with the further endings that follow it."""
    part: list[Bar] = []
    for i, bar in enumerate(bars):
        part.append(bar)
        after = bars[i + 1] if i + 1 < len(bars) else None
        goes_on = after is not None and after.ending and max(after.ending) > 1
        turns = after is not None and after.repeats
        if (bar.close in BORDERS and not goes_on) or after is None or turns:
            yield part
            part = []
