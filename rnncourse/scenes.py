"""Scenes of handwritten digits on a grid of 3 x 3, and sentences of a small grammar that tell them.

A scene is a **grid** with a digit or nothing in each of its nine cells. What a sentence says of it
is its **meaning**: how many of which digit, in which row or column, and how two groups of digits
lie to each other. The grammar, with the words of :data:`WORDS`:

=============  ==================================================================================
sentence       ``nothing``, ``group in place``, ``group relation group in place`` or ``group in
               place and group in place``, and a full stop
group          ``a seven``, ``an eight``, ``two sevens``, ``three sevens``
place          ``the top row``, ``the middle row``, ``the bottom row``, ``the left column``, ...
relation       ``left of`` or ``right of`` in a row, ``above`` or ``below`` in a column
=============  ==================================================================================

The smaller of two digits is named first. A digit that is alone goes by its row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from rnncourse import arguments

SIDE = 3  # cells
CELL = 28  # pixels

#: Where a group stands, by number.
PLACES = ("top row", "middle row", "bottom row", "left column", "middle column", "right column")
#: How two groups that share a line can lie.
RELATIONS = ("left of", "right of", "above", "below")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
PLURALS = tuple(word + ("es" if word == "six" else "s") for word in DIGITS)
COUNTS = {2: "two", 3: "three"}

PADDING, STOP = 0, 1
#: The vocabulary of the grammar; the number of a word is its place.
WORDS = ("", ".", "nothing", "a", "an", *DIGITS, *PLURALS)
WORDS += ("in", "the", "top", "middle", "bottom", "left", "right", "row", "column")
WORDS += ("and", "of", "above", "below")  # the place of a word is its number
LONGEST = 14  # words, the full stop included


@dataclass(frozen=True)
class Group:
    """Some equal digits in a row or column.

    Attributes:
        count: 1 to 3.
        digit: 0 to 9.
        place: Number of a place in :data:`PLACES`.
    """

    count: int
    digit: int
    place: int


@dataclass(frozen=True)
class Meaning:
    """What a sentence says.

    Attributes:
        groups: None, one or two groups; of two the one with the smaller digit first.
        relation: One of :data:`RELATIONS` if two groups share a line, else the empty string.
    """

    groups: tuple[Group, ...] = ()
    relation: str = ""

    def __post_init__(self):
        object.__setattr__(self, "groups", tuple(arguments.items("groups", self.groups, Group)))
        for group in self.groups:
            for number in (group.count, group.digit, group.place):
                arguments.whole("groups", number, -arguments.LARGEST)
        arguments.text("relation", self.relation)
        fault = _fault(self.groups, self.relation)
        if fault:
            raise ValueError(f"groups must be a scene that the grammar has a sentence for: {fault}")

    @property
    def kind(self) -> str:
        """One of :data:`KINDS`."""
        return KINDS[len(self.groups) + (len(self.groups) == 2 and not self.relation)]


#: Kinds of scene.
KINDS = ("nothing", "one group", "one line", "two rows")


def _fault(groups: tuple[Group, ...], relation: str) -> str:
    """Why there is no sentence for it; empty if there is one."""
    if any(
        not (1 <= g.count <= SIDE and 0 <= g.digit <= 9 and 0 <= g.place < 2 * SIDE) for g in groups
    ):
        return f"counts are 1 to 3, digits 0 to 9, places 0 to 5, got {groups}"
    if len(groups) > 2:
        return f"it has at most two groups, got {len(groups)}"
    if len(groups) < 2:
        if relation:
            return f"a relation needs two groups, got {relation!r}"
        alone_in_a_column = groups and groups[0].count == 1 and groups[0].place >= SIDE
        return "a digit that is alone goes by its row" if alone_in_a_column else ""
    one, other = groups
    if one.digit >= other.digit:
        return f"the smaller digit comes first, got {one.digit} and {other.digit}"
    if relation:
        if one.place != other.place or one.count + other.count > SIDE:
            return f"groups in a relation share a line and have room in it, got {groups}"
        fitting = RELATIONS[:2] if one.place < SIDE else RELATIONS[2:]
        return "" if relation in fitting else f"in this line it is one of {fitting}"
    if one.place == other.place or max(one.place, other.place) >= SIDE:
        return f"groups without a relation lie in two rows, got {groups}"
    return ""


@cache
def all_meanings() -> tuple[Meaning, ...]:
    """Everything that can be said, each once."""
    counts = range(1, SIDE + 1)
    groups = [Group(*g) for g in itertools.product(counts, range(10), range(2 * SIDE))]
    said = [Meaning()]
    said += [Meaning((g,)) for g in groups if not _fault((g,), "")]
    for one, other in itertools.product(groups, groups):
        for relation in ("", *RELATIONS):
            if not _fault((one, other), relation):
                said.append(Meaning((one, other), relation))
    return tuple(said)


PARTS = ("known", "recombined", "strangers")


@arguments.checked
def part(meaning: Meaning) -> str:
    """What a meaning is for: to be trained on, or one of two ways to be tested.

    ================  =============================================================================
    ``"known"``       to be trained on
    ``"recombined"``  two groups whose counts and digits add up to a multiple of ten, such as one
                      three with two fours; one group whose count, digit and place do. Each group
                      is known, and so are the two digits together, in other numbers
    ``"strangers"``   two digits that differ by five: they are never shown together
    ================  =============================================================================

    Raises:
        TypeError: If meaning is none.
    """
    groups = meaning.groups
    if len(groups) == 2 and groups[1].digit - groups[0].digit == 5:
        return "strangers"
    total = sum(group.count + group.digit for group in groups)
    total += groups[0].place if len(groups) == 1 else 0
    return "recombined" if groups and total % 10 == 0 else "known"


# --- sentences -----------------------------------------------------------------------------------


@arguments.checked
def describe(meaning: Meaning) -> str:
    """The sentence with this meaning.

    Raises:
        TypeError: If meaning is none.
    """
    if not meaning.groups:
        return "nothing ."
    parts = [_noun(group) for group in meaning.groups]
    places = [f"in the {PLACES[group.place]}" for group in meaning.groups]
    if meaning.relation:
        return f"{parts[0]} {meaning.relation} {parts[1]} {places[0]} ."
    return " and ".join(map(" ".join, zip(parts, places, strict=True))) + " ."


def _noun(group: Group) -> str:
    if group.count == 1:
        return f"{'an' if group.digit == 8 else 'a'} {DIGITS[group.digit]}"
    return f"{COUNTS[group.count]} {PLURALS[group.digit]}"


def understand(sentence: str) -> Meaning:
    """The meaning of a sentence.

    Raises:
        ValueError: If a word is unknown, or the sentence is not one of the grammar.
        TypeError: If sentence is not a string.
    """
    words = arguments.text("sentence", sentence).split()
    for word in words:
        if word not in WORDS:
            raise ValueError(f"sentence has the unknown word {word!r}")
    meaning = _parse(words)
    if meaning is None:
        raise ValueError(f"sentence must follow the grammar, got {sentence!r}")
    return meaning


def _parse(words: list[str]) -> Meaning | None:
    """A parser that goes from left to right and never back."""
    rest = list(words)

    def take(*options: str) -> str:
        for option in options:
            parts = option.split()
            if rest[: len(parts)] == parts:
                del rest[: len(parts)]
                return option
        raise LookupError

    def noun() -> tuple[int, int]:
        counted = take("a", "an", *COUNTS.values())
        if counted in ("a", "an"):
            digit = DIGITS.index(take(*DIGITS))
            if (counted == "an") != (digit == 8):
                raise LookupError
            return 1, digit
        count = next(n for n, word in COUNTS.items() if word == counted)
        return count, PLURALS.index(take(*PLURALS))

    def place() -> int:
        return PLACES.index(take(*(f"in the {place}" for place in PLACES)).removeprefix("in the "))

    try:
        if rest[:1] == ["nothing"]:
            take("nothing")
            groups, relation = (), ""
        else:
            first = noun()
            relation = ""
            if rest[:1] == ["in"]:
                groups = (Group(*first, place()),)
                if rest[:1] == ["and"]:
                    take("and")
                    groups += (Group(*noun(), place()),)
            else:
                relation = take(*RELATIONS)
                second = noun()
                where = place()
                groups = (Group(*first, where), Group(*second, where))
        take(".")
    except LookupError:
        return None
    return None if rest or _fault(groups, relation) else Meaning(groups, relation)


def encode(sentences: Iterable[str], length: int = LONGEST) -> np.ndarray:
    """Sentences as numbers of words, int32 of shape (sentences, length), padded with 0.

    Raises:
        ValueError: If a word is unknown or a sentence longer than ``length``.
        TypeError: If an argument is of another kind.
    """
    length, rows = arguments.whole("length", length, most=arguments.MANY), []
    for sentence in arguments.iterable("sentences", sentences):
        words = arguments.text("sentences", sentence).split()
        if len(words) > length:
            raise ValueError(f"sentences must have at most {length} words, got {len(words)}")
        for word in words:
            if word not in _NUMBERS:
                raise ValueError(f"sentences has the unknown word {word!r}")
        rows.append([_NUMBERS[word] for word in words] + [PADDING] * (length - len(words)))
    return np.array(rows, "int32").reshape(-1, length)


_NUMBERS = {word: number for number, word in enumerate(WORDS) if word}


def decode(tokens: Sequence[int]) -> str:
    """The sentence up to its full stop, or as far as it goes.

    Raises:
        ValueError: If a token stands for nothing.
        TypeError: If tokens are not whole numbers.
    """
    words = []
    for token in arguments.whole_numbers("tokens", tokens, 0, len(WORDS) - 1).tolist():
        if token == PADDING:
            break
        words.append(WORDS[token])
        if token == STOP:
            break
    return " ".join(words)


# --- grids and pictures --------------------------------------------------------------------------


@arguments.checked
def arrange(meaning: Meaning, rng: np.random.Generator) -> np.ndarray:
    """A grid with this meaning, drawn at random: (3, 3) digits, -1 where a cell is empty.

    Raises:
        TypeError: If an argument is of another kind.
    """
    grid = np.full((SIDE, SIDE), -1)
    if len(meaning.groups) == 2 and not meaning.relation:
        one, other = (rng.permutation(SIDE)[: group.count] for group in meaning.groups)
        while len(one) == len(other) == 1 and one[0] == other[0]:  # that would be a column
            other = rng.permutation(SIDE)[:1]
        for group, cells in zip(meaning.groups, (one, other), strict=True):
            grid[group.place, cells] = group.digit
    elif meaning.groups:
        digits = [digit for g in meaning.groups for digit in [g.digit] * g.count]
        if meaning.relation in ("right of", "below"):
            digits.reverse()
        cells = np.sort(rng.permutation(SIDE)[: len(digits)])
        place = meaning.groups[0].place
        line = grid[place] if place < SIDE else grid[:, place - SIDE]
        line[cells] = digits
    return grid


def see(grid: np.ndarray) -> Meaning:
    """The meaning of a grid.

    Args:
        grid: Integers (3, 3), a digit or -1.

    Raises:
        ValueError: If the grid is no such array, or there is no sentence for it.
        TypeError: If it does not hold whole numbers.
    """
    grid = arguments.integers("grid", grid, SIDE, SIDE, least=-1, most=9)
    where = {int(digit): np.argwhere(grid == digit) for digit in np.unique(grid[grid >= 0])}
    lines = {digit: _lines(cells) for digit, cells in where.items()}
    everything = _lines(np.argwhere(grid >= 0)) if where else []
    counts = {digit: len(cells) for digit, cells in where.items()}
    if len(where) == 2 and everything:
        (place,) = everything[:1]
        axis = 1 if place < SIDE else 0
        first, second = (cells[:, axis] for _, cells in sorted(where.items()))
        before, after = RELATIONS[:2] if place < SIDE else RELATIONS[2:]
        if first.max() < second.min() or second.max() < first.min():
            relation = before if first.max() < second.min() else after
            return Meaning(tuple(Group(counts[d], d, place) for d in sorted(where)), relation)
    elif len(where) < 2 and (everything or not where):
        return Meaning(tuple(Group(counts[d], d, everything[0]) for d in where))
    elif len(where) == 2 and all(lines[d] and lines[d][0] < SIDE for d in where):
        return Meaning(tuple(Group(counts[d], d, lines[d][0]) for d in sorted(where)))
    raise ValueError(f"grid must be a scene that the grammar has a sentence for, got {grid}")


def _lines(cells: np.ndarray) -> list[int]:
    """The places that hold all of these cells, rows first."""
    rows, columns = set(cells[:, 0].tolist()), set(cells[:, 1].tolist())
    return (list(rows) if len(rows) == 1 else []) + (
        [SIDE + column for column in columns] if len(columns) == 1 else []
    )


class Painter:
    """Draws pictures of grids with handwritten digits.

    Args:
        pictures: Handwritten digits, uint8 of shape (n, 28, 28), 255 is ink.
        digits: What they are, of shape (n,); each of 0 to 9 must be there.
        shift: A digit is moved by up to so many pixels from the middle of its cell, at most 28.

    Raises:
        ValueError: If the shapes do not fit, a digit is missing, or a number is out of its range.
        TypeError: If an argument is of another kind.
    """

    def __init__(self, pictures: np.ndarray, digits: np.ndarray, shift: int = 2):
        pictures = arguments.integers("pictures", pictures, None, CELL, CELL, most=255)
        digits = arguments.integers("digits", digits, len(pictures), most=9)
        self.pictures = pictures.astype(np.uint8, copy=False)
        self.shift = arguments.whole("shift", shift, 0, CELL)
        self.of = [np.flatnonzero(digits == digit) for digit in range(10)]
        missing = [digit for digit, places in enumerate(self.of) if not len(places)]
        if missing:
            raise ValueError(f"digits must have each of 0 to 9, got none of {missing}")

    def paint(self, grids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Pictures of grids (batch, 3, 3): uint8 of shape (batch, 84, 84).

        Raises:
            ValueError: If grids are not of this shape, or hold what is neither a digit nor -1.
            TypeError: If an argument is of another kind.
        """
        grids = arguments.integers("grids", grids, ..., least=-1, most=9)
        if grids.shape[1:] != (SIDE, SIDE):
            raise ValueError(f"grids must have the shape (batch, 3, 3), got {grids.shape}")
        arguments.generator("rng", rng)
        size = SIDE * CELL
        canvas = np.zeros((len(grids), size + 2 * self.shift, size + 2 * self.shift), np.uint8)
        which, rows, columns = np.nonzero(grids >= 0)
        moves = rng.integers(0, 2 * self.shift + 1, (len(which), 2))
        tops, lefts = (CELL * np.stack([rows, columns]) + moves.T).tolist()
        luck = rng.random(len(which))
        for i, (scene, top, left) in enumerate(zip(which.tolist(), tops, lefts, strict=True)):
            choices = self.of[grids[scene, rows[i], columns[i]]]
            digit = self.pictures[choices[int(luck[i] * len(choices))]]
            part = canvas[scene, top : top + CELL, left : left + CELL]
            np.maximum(part, digit, out=part)
        inside = slice(self.shift, self.shift + size)
        return np.ascontiguousarray(canvas[:, inside, inside])


@dataclass(frozen=True)
class Scenes:
    """Pictures and what there is to say of them.

    Attributes:
        pictures: uint8 of shape (scenes, 84, 84).
        grids: Integers (scenes, 3, 3).
        meanings: One a scene.
        tokens: The sentences as numbers of words, int32 of shape (scenes, 14).
    """

    pictures: np.ndarray
    grids: np.ndarray
    meanings: tuple[Meaning, ...]
    tokens: np.ndarray

    def __len__(self) -> int:
        return len(self.meanings)


#: How often each kind comes by default.
SHARES = {"nothing": 0.02, "one group": 0.18, "one line": 0.4, "two rows": 0.4}


@arguments.checked
def draw(
    painter: Painter,
    count: int,
    rng: np.random.Generator,
    meanings: Sequence[Meaning] | None = None,
    shares: Mapping[str, float] = SHARES,
) -> Scenes:
    """Draw scenes: first a kind with its share, then one of its meanings.

    Args:
        painter: Where the digits come from.
        count: Number of scenes.
        rng: Where chance comes from.
        meanings: What may be said, by default everything.
        shares: How often each of :data:`KINDS` comes, in proportion.

    Raises:
        ValueError: If there is nothing to choose from, count is negative, or shares are not shares
            of kinds.
        TypeError: If an argument is of another kind.
    """
    count = arguments.whole("count", count, 0, arguments.MANY)
    if meanings is not None:
        arguments.items("meanings", meanings, Meaning)
    for kind, share in shares.items():
        if kind not in KINDS:
            raise ValueError(f"shares must be of {', '.join(KINDS)}, got {arguments.what(kind)}")
        arguments.number("shares", share, least=0, most=1e6)
    by_kind = _by_kind(tuple(all_meanings() if meanings is None else meanings))
    if not by_kind:
        raise ValueError("meanings must hold at least one meaning, got none")
    chances = np.array([shares.get(kind, 0.0) for kind in by_kind])
    if not chances.sum():
        raise ValueError(f"shares must not all be 0 for {', '.join(by_kind)}")
    kinds = rng.choice(len(by_kind), count, p=chances / chances.sum())
    options, luck = list(by_kind.values()), rng.random(count)
    chosen = tuple(
        options[kind][int(u * len(options[kind]))] for kind, u in zip(kinds, luck, strict=True)
    )
    grids = np.array([arrange(meaning, rng) for meaning in chosen], int).reshape(-1, SIDE, SIDE)
    tokens = np.array([_tokens(meaning) for meaning in chosen], "int32").reshape(-1, LONGEST)
    return Scenes(painter.paint(grids, rng), grids, chosen, tokens)


@cache
def _by_kind(meanings: tuple[Meaning, ...]) -> dict[str, list[Meaning]]:
    found = {kind: [m for m in meanings if m.kind == kind] for kind in KINDS}
    return {kind: some for kind, some in found.items() if some}


@cache
def _tokens(meaning: Meaning) -> tuple[int, ...]:
    return tuple(encode([describe(meaning)])[0].tolist())


# --- how much of a sentence is right -------------------------------------------------------------

#: What a sentence says, in order.
SLOTS = (
    "kind",
    "count",
    "digit",
    "place",
    "relation",
    "second count",
    "second digit",
    "second place",
)


@arguments.checked
def slots(meaning: Meaning) -> dict[str, object]:
    """What there is to get right, by name; only those of :data:`SLOTS` that the sentence has.

    Raises:
        TypeError: If meaning is none.
    """
    said: dict[str, object] = {"kind": meaning.kind}
    for group, ordinal in zip(meaning.groups, ("", "second "), strict=False):
        said |= {ordinal + "count": group.count, ordinal + "digit": group.digit}
        if not (ordinal and meaning.relation):
            said[ordinal + "place"] = group.place
    if meaning.relation:
        said["relation"] = meaning.relation
    return said


@dataclass(frozen=True)
class Score:
    """How well sentences fit their scenes.

    Attributes:
        exact: Share of sentences that are right word for word.
        grammatical: Share that follows the grammar.
        slots: Name of a slot -> share of the scenes with this slot in which it is right; a
            sentence outside the grammar has nothing right.
        right: Booleans (scenes,): which are right word for word.
    """

    exact: float
    grammatical: float
    slots: dict[str, float]
    right: np.ndarray


def score(said: Sequence[str], meanings: Sequence[Meaning]) -> Score:
    """Compare sentences with what should have been said.

    Raises:
        ValueError: If there is nothing to compare or the numbers differ.
        TypeError: If an argument is of another kind.
    """
    arguments.texts("said", said)
    arguments.items("meanings", meanings, Meaning)
    if len(said) != len(meanings) or not len(said):
        raise ValueError(f"said must be as many as meanings ({len(meanings)}), got {len(said)}")
    right, of_slots, grammatical = [], {name: [] for name in SLOTS}, 0
    for sentence, meaning in zip(said, meanings, strict=True):
        got = _parse(sentence.split())
        grammatical += got is not None
        right.append(got == meaning)
        given = {} if got is None else slots(got)
        for name, value in slots(meaning).items():
            of_slots[name].append(given.get(name) == value)
    shares = {name: float(np.mean(hits)) for name, hits in of_slots.items() if hits}
    return Score(float(np.mean(right)), grammatical / len(said), shares, np.array(right))
