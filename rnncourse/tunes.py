"""Tunes in ABC as sequences: cut into tokens, moved to another key, compared with each other."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from rnncourse import abc_notation as abc

START = "X:1\nL:1/8\n"  # every tune begins with this token; the next one's ends a tune

_CUT = re.compile(
    r"""
    M:\S+\n | K:[A-G][#b]?
  | [ ](?:Major|Minor|Dorian|Mixolydian|Lydian|Phrygian|Locrian)\n
  | \n | [ ]
  | :?\|[|\]:]? | ::
  | \[[1-9] | \([2-9]
  | (?:\^\^|\^|__|_|=)?[A-Ga-g][,']* | [xz]
  | [0-9]+/?[0-9]* | /+[0-9]*
  | [<>()-]
    """,
    re.VERBOSE,
)
_PITCH = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)")
_LENGTH = re.compile(r"[0-9]+/?[0-9]*|/+[0-9]*")
_SIGN = {2: "^^", 1: "^", 0: "=", -1: "_", -2: "__"}
_VALUE = {sign: value for value, sign in _SIGN.items()}
_LETTERS = "CDEFGAB"


def tokens(text: str) -> list[str]:
    """Cut a tune into tokens: a pitch, a length other than 1, a bar line, a header field, a blank.

    Number, title, transcriber and unit length are dropped, as are annotations and the marks of line
    breaks; the unit length must be 1/8. A broken rhythm is written out, ``A>B`` as ``A3/2B/``.
    Joined together, the tokens are ABC again.

    Args:
        text: A tune in ABC.

    Returns:
        The tokens, :data:`START` first.

    Raises:
        AbcError: If there is a sign that this vocabulary has no place for.
    """
    if not re.search(r"^L: *1/8 *$", text, re.MULTILINE):
        raise abc.AbcError("the unit length must be 1/8")
    body = re.sub(r"^[XTZLSNRCOBDFHQ]:.*\n", "", text, flags=re.MULTILINE)
    body = re.sub(r'"[^"\n]*"|%.*', "", body)
    body = re.sub(r"!? *$", "", body, flags=re.MULTILINE).strip()
    body = re.sub(r" {2,}", " ", re.sub(r"\n+ *", "\n", body)) + "\n"
    body = re.sub(r"^([MK]): *", r"\1:", body, flags=re.MULTILINE)
    result, position = [START], 0
    while position < len(body):
        match = _CUT.match(body, position)
        if not match:
            raise abc.AbcError(f"no token for {body[position : position + 12]!r}")
        result.append(match[0])
        position = match.end()
    return _unbroken(result)


def length(token: str) -> Fraction | None:
    """How long a length token makes the pitch before it, in eighths; None for any other token."""
    return abc.note_length(token) if _LENGTH.fullmatch(token) else None


def is_note(token: str) -> bool:
    """Whether a token is a pitch or a rest."""
    return token in ("x", "z") or _PITCH.fullmatch(token) is not None


def _unbroken(tune: list[str]) -> list[str]:
    """The tokens without ``>`` and ``<``, the notes beside them made longer and shorter."""
    notes: list[list] = []  # a token and, for a note, how long it is
    factor = Fraction(1)
    for token in tune:
        if token in "<>" and token:
            last = next(pair for pair in reversed(notes) if pair[1])
            last[1] *= Fraction(3, 2) if token == ">" else Fraction(1, 2)
            factor = Fraction(1, 2) if token == ">" else Fraction(3, 2)
        elif lasts := length(token):
            notes[-1][1] *= lasts
        elif is_note(token):
            notes.append([token, factor])
            factor = Fraction(1)
        else:
            notes.append([token, None])
    result = []
    for token, lasts in notes:
        result.append(token)
        if lasts not in (None, 1):
            result.append(_length_written(lasts))
    return result


def _length_written(lasts: Fraction) -> str:
    over = "" if lasts.numerator == 1 else str(lasts.numerator)
    under = {1: "", 2: "/"}.get(lasts.denominator, f"/{lasts.denominator}")
    return over + (under if over == "" or under != "/" else "/2")


def transposed(tune: Sequence[str], steps: int) -> list[str] | None:
    """Move a tune up or down by steps of the scale: every letter and the key, nothing else.

    Args:
        tune: Tokens.
        steps: Letters up, or down if negative.

    Returns:
        The tokens in the new key, or None if the key would need more than five accidentals or a
        note a triple one.
    """
    result = []
    old: dict[str, int] = {}
    new: dict[str, int] = {}
    semitones = None
    for i, token in enumerate(tune):
        if token.startswith("K:"):
            mode = tune[i + 1]
            tonic, semitones = _tonic(token[2:], mode, steps, semitones)
            if tonic is None:
                return None
            old, new = (abc.key_signature(name + mode) for name in (token[2:], tonic))
            token = f"K:{tonic}"
        elif match := _PITCH.fullmatch(token):
            sign, letter, octave = match.groups()
            height = 7 * (letter.islower() + octave.count("'") - octave.count(","))
            place = height + _LETTERS.index(letter.upper()) + steps
            letter_now = _LETTERS[place % 7]
            if sign:
                value = _VALUE[sign] - old.get(letter.upper(), 0) + new.get(letter_now, 0)
                if value not in _SIGN:
                    return None
                sign = _SIGN[value]
            token = (sign or "") + _written(letter_now, place // 7)
        result.append(token)
    return result


def _tonic(tonic: str, mode: str, steps: int, semitones: int | None) -> tuple[str | None, int]:
    """The tonic so many letters away, with the shortest signature, and the semitones to it.

    Where the semitones are given, as they are after the first key of a tune, there is no choice.
    """
    place = _LETTERS.index(tonic[0]) + steps
    start = abc.SEMITONES[tonic[0]] + abc.SHIFTS[tonic[1:]]
    best = []
    for sign, shift in abc.SHIFTS.items():
        letter = _LETTERS[place % 7]
        up = 12 * (place // 7) + abc.SEMITONES[letter] + shift - start
        try:
            count = len(abc.key_signature(letter + sign + mode))
        except abc.AbcError:
            continue
        if count <= 5 and semitones in (None, up):
            best.append((count, letter + sign, up))
    _, name, up = min(best, default=(0, None, 0))
    return name, up


def _written(letter: str, octave: int) -> str:
    """A letter in ABC: octave 0 begins at middle C."""
    if octave > 0:
        return letter.lower() + "'" * (octave - 1)
    return letter + "," * -octave


def melody(tune: Sequence[str]) -> list[tuple[int, Fraction]]:
    """What is left of a tune in whatever key: the steps from note to note, and the lengths.

    Args:
        tune: Tokens.

    Returns:
        One pair a note: letters up from the note before, 0 for the first; the length in eighths.
        Bar lines, rests and accidentals are not looked at.
    """
    result, before = [], None
    for token in tune:
        if match := _PITCH.fullmatch(token):
            _, letter, octave = match.groups()
            height = letter.islower() + octave.count("'") - octave.count(",")
            place = 7 * height + _LETTERS.index(letter.upper())
            result.append((0 if before is None else place - before, Fraction(1)))
            before = place
        elif result and (lasts := length(token)):
            result[-1] = (result[-1][0], lasts)
    return result


def in_tonic(tune: Sequence[str], letter: str = "D") -> list[str] | None:
    """Move a tune the shorter way until its first key has this tonic, as :func:`transposed` does.

    Raises:
        ValueError: If the letter is none of A to G, or the tune has no key.
    """
    if letter not in tuple(_LETTERS):
        raise ValueError(f"letter must be one of A to G, got {letter!r}")
    key = next((token for token in tune if token.startswith("K:")), None)
    if key is None:
        raise ValueError("tune must have a token that begins with 'K:', got none")
    steps = (_LETTERS.index(letter) - _LETTERS.index(key[2])) % 7
    return transposed(tune, steps - 7 if steps > 3 else steps)


def near_copies(melodies: Sequence[Sequence], notes: int = 12, share: float = 0.25) -> list[int]:
    """Group the tunes that have much in common: versions of one tune under two titles, say.

    Two tunes belong together if a ``share`` of the stretches of so many notes in the one with fewer
    is found in the other, and so do those that a chain of such pairs connects.

    Args:
        melodies: One sequence of hashable notes a tune.
        notes: Length of a stretch.
        share: From 0 to 1.

    Returns:
        A group number a tune.

    Raises:
        ValueError: If notes is not positive, or share not between 0 and 1.
    """
    if notes < 1:
        raise ValueError(f"notes must be at least 1, got {notes}")
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {share}")
    stretches = [{tuple(m[i : i + notes]) for i in range(len(m) - notes + 1)} for m in melodies]
    holders = defaultdict(list)
    for tune, own in enumerate(stretches):
        for stretch in own:
            holders[stretch].append(tune)
    common = Counter(
        (a, b) for who in holders.values() for i, a in enumerate(who) for b in who[i + 1 :]
    )
    group = list(range(len(melodies)))

    def root(tune: int) -> int:
        while group[tune] != tune:
            tune = group[tune]
        return tune

    for (a, b), count in common.items():
        if count >= share * min(len(stretches[a]), len(stretches[b])):
            group[max(root(a), root(b))] = min(root(a), root(b))
    return [root(tune) for tune in range(len(melodies))]


def longest_common_stretch(melody: Sequence, others: Iterable[Sequence]) -> int:
    """The length of the longest stretch of a melody that stands, note for note, in another.

    Args:
        melody: Hashable notes.
        others: The melodies to search.
    """
    codes: dict = {}
    written = "\0".join(
        "".join(chr(codes.setdefault(n, len(codes) + 1)) for n in o) for o in others
    )
    own = "".join(chr(codes.get(note, 0x10FFFF)) for note in melody)
    longest = 0
    for end in range(1, len(own) + 1):
        if own[end - longest - 1 : end] in written:
            longest += 1
    return longest
