"""Scenes: grammar, grids and pictures, each against an independent account of it."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncourse import scenes
from rnncourse.scenes import Group, Meaning

GROUP = (
    r"(?:a (?:zero|one|two|three|four|five|six|seven|nine)|an eight"
    r"|(?:two|three) (?:zeros|ones|twos|threes|fours|fives|sixes|sevens|eights|nines))"
)
ROW = r"in the (?:top|middle|bottom) row"
PLACE = rf"(?:{ROW}|in the (?:left|middle|right) column)"
SENTENCE = re.compile(
    rf"nothing \.|{GROUP} {PLACE} \.|{GROUP} (?:left of|right of|above|below) {GROUP} {PLACE} \."
    rf"|{GROUP} {ROW} and {GROUP} {ROW} \."
)

meanings = st.sampled_from(scenes.all_meanings())
seeds = st.integers(0, 2**32 - 1)


def numbers(seed=0):
    return np.random.default_rng(seed)


@given(meanings)
def test_what_is_described_is_understood(meaning):
    sentence = scenes.describe(meaning)
    assert SENTENCE.fullmatch(sentence)
    assert scenes.understand(sentence) == meaning
    tokens = scenes.encode([sentence])
    assert tokens.shape == (1, scenes.LONGEST)
    assert scenes.decode(tokens[0]) == sentence


@given(st.lists(st.sampled_from(scenes.WORDS[1:]), max_size=15))
def test_no_other_sentence_is_understood(words):
    sentence = " ".join(words)
    try:
        meaning = scenes.understand(sentence)
    except ValueError:
        return
    assert scenes.describe(meaning) == sentence


@given(meanings, st.integers(0, 13), st.sampled_from(scenes.WORDS[1:]))
def test_one_wrong_word_is_another_meaning_or_none(meaning, place, word):
    words = scenes.describe(meaning).split()
    place %= len(words)
    if words[place] == word:
        return
    words[place] = word
    try:
        other = scenes.understand(" ".join(words))
    except ValueError:
        return
    assert other != meaning


@given(meanings, seeds)
def test_a_grid_has_the_meaning_it_was_drawn_for(meaning, seed):
    grid = scenes.arrange(meaning, numbers(seed))
    assert scenes.see(grid) == meaning
    counted = {g.digit: g.count for g in meaning.groups}
    digits, counts = np.unique(grid[grid >= 0], return_counts=True)
    assert dict(zip(digits.tolist(), counts.tolist(), strict=True)) == counted


def test_there_is_one_meaning_a_sentence_and_all_are_there():
    everything = scenes.all_meanings()
    assert len(everything) == len(set(everything)) == len(set(map(scenes.describe, everything)))
    pairs = 45
    one = 10 * 3 + 2 * 10 * 6  # alone in a row, or two or three in any of six places
    line = 3 * pairs * 6 * 2  # 1 and 1, 1 and 2, 2 and 1; six lines; two orders
    rows = 9 * pairs * 6  # any counts; two different rows, in order
    assert len(everything) == 1 + one + line + rows


def test_a_grid_that_is_seen_can_be_drawn_again():
    """Every way to put up to three digits on the grid: seen, or refused."""
    seen = 0
    for cells in itertools.combinations(range(9), 3):
        for digits in itertools.product((2, 7, 8), repeat=3):
            grid = np.full(9, -1)
            grid[list(cells)] = digits
            try:
                meaning = scenes.see(grid.reshape(3, 3))
            except ValueError:
                continue
            seen += 1
            again = [scenes.arrange(meaning, numbers(k)) for k in range(60)]
            assert any((a.ravel() == grid).all() for a in again)
    assert seen > 50


def test_parts_keep_what_they_promise():
    by_part = {part: [] for part in scenes.PARTS}
    for meaning in scenes.all_meanings():
        by_part[scenes.part(meaning)].append(meaning)
    known, recombined, strangers = by_part.values()
    shares = [len(some) / len(scenes.all_meanings()) for some in (known, recombined, strangers)]
    assert shares == pytest.approx([0.8, 0.09, 0.11], abs=0.02)

    def digits(some):
        return {tuple(g.digit for g in m.groups) for m in some if len(m.groups) == 2}

    def groups(some):
        return {(g.count, g.digit) for m in some for g in m.groups}

    def pairs(some):
        return {tuple((g.count, g.digit) for g in m.groups) for m in some if len(m.groups) == 2}

    assert digits(strangers) == {(0, 5), (1, 6), (2, 7), (3, 8), (4, 9)}
    assert not digits(known) & digits(strangers)
    assert digits(recombined) <= digits(known), "the two digits have been seen together"
    assert not pairs(known) & pairs(recombined), "but not in these numbers"
    assert groups(known) == set(itertools.product((1, 2, 3), range(10)))
    alone, new = (
        {m.groups[0] for m in some if m.kind == "one group"} for some in (known, recombined)
    )
    places = {(g.digit, g.place) for g in alone}
    assert places == set(itertools.product(range(10), range(6))), "each digit alone in each place"
    assert len(new) / len(alone | new) == pytest.approx(0.1, abs=0.03)
    assert Meaning() in known


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("", "follow the grammar"),
        ("a cat in the top row .", "unknown word 'cat'"),
        ("a eight in the top row .", "follow the grammar"),
        ("an seven in the top row .", "follow the grammar"),
        ("two seven in the top row .", "follow the grammar"),
        ("a seven in the top row", "follow the grammar"),
        ("a seven in the top row . .", "follow the grammar"),
        ("a seven in the left column .", "follow the grammar"),
        ("an eight left of a two in the top row .", "follow the grammar"),
        ("a two above an eight in the top row .", "follow the grammar"),
        ("two twos left of two eights in the top row .", "follow the grammar"),
        ("a two in the top row and an eight in the top row .", "follow the grammar"),
        ("nothing in the top row .", "follow the grammar"),
    ],
)
def test_what_is_no_sentence_is_refused(sentence, fault):
    with pytest.raises(ValueError, match=fault):
        scenes.understand(sentence)


@pytest.mark.parametrize(
    ("groups", "relation", "fault"),
    [
        ((Group(4, 1, 0),), "", "counts are 1 to 3"),
        ((Group(1, 10, 0),), "", "digits 0 to 9"),
        ((Group(1, 1, 0),), "above", "needs two groups"),
        ((Group(1, 1, 4),), "", "goes by its row"),
        ((Group(1, 2, 0), Group(1, 1, 1)), "", "smaller digit comes first"),
        ((Group(1, 1, 0), Group(1, 2, 0)), "above", "one of"),
        ((Group(1, 1, 0), Group(1, 2, 0)), "", "two rows"),
        ((Group(1, 1, 0),) * 3, "", "at most two groups"),
    ],
)
def test_what_has_no_sentence_is_refused(groups, relation, fault):
    with pytest.raises(ValueError, match=fault):
        Meaning(groups, relation)


@pytest.mark.parametrize(
    ("grid", "fault"),
    [
        (np.zeros((2, 2), int), r"the shape \(3, 3\), got \(2, 2\)"),
        (np.full((3, 3), 10), "lie between -1 and 9, got 10"),
        (np.full((3, 3), -2), "lie between -1 and 9, got -2"),
        (np.full((3, 3), 4), "sentence"),
        (np.array([[1, 2, 1], [-1, -1, -1], [-1, -1, -1]]), "sentence"),
        (np.array([[1, -1, -1], [2, -1, -1], [-1, 3, -1]]), "sentence"),
        (np.array([[1, -1, -1], [1, 2, -1], [-1, -1, -1]]), "sentence"),
    ],
)
def test_what_cannot_be_told_is_refused(grid, fault):
    with pytest.raises(ValueError, match=fault):
        scenes.see(grid)


def test_fractions_are_no_digits():
    with pytest.raises(TypeError, match="grid must hold whole numbers, got float64"):
        scenes.see(np.zeros((3, 3)))


def test_a_token_that_stands_for_nothing_is_refused():
    for token in (-1, len(scenes.WORDS)):
        with pytest.raises(ValueError, match=f"tokens must lie between 0 and .* got {token}"):
            scenes.decode([token])


def test_nothing_is_a_scene():
    assert scenes.describe(scenes.see(np.full((3, 3), -1))) == "nothing ."


def test_long_and_unknown_are_refused_and_nothing_is_encoded_as_nothing():
    assert scenes.encode([]).shape == (0, scenes.LONGEST)
    with pytest.raises(ValueError, match="at most 3 words, got 4"):
        scenes.encode(["a seven in the"], length=3)
    with pytest.raises(ValueError, match="unknown word 'ten'"):
        scenes.encode(["a ten ."])
    assert scenes.decode([3, 12]) == "a seven"
    assert scenes.decode([3, 12, 1, 1, 5]) == "a seven ."


def painter(shift=0):
    """Digits as plain squares, with the digit's own grey."""
    pictures = np.zeros((10, 28, 28), np.uint8)
    pictures[:, 8:20, 8:20] = 25 * np.arange(1, 11)[:, None, None]
    return scenes.Painter(pictures, np.arange(10), shift)


def test_a_picture_shows_its_grid():
    grids = np.array([scenes.arrange(m, numbers(1)) for m in scenes.all_meanings()[::97]])
    pictures = painter().paint(grids, numbers())
    assert pictures.dtype == np.uint8
    centres = pictures[:, 14::28, 14::28].astype(int)  # (scenes, 3, 3)
    assert (centres // 25 - 1 == grids).all()
    moved = painter(3).paint(grids, numbers())
    np.testing.assert_array_equal(moved.sum((1, 2)), pictures.sum((1, 2)))
    assert (moved != pictures).any()
    assert (moved[:, 14::28, 14::28].astype(int) // 25 - 1 == grids).all()


def test_scenes_come_in_their_shares_and_twice_the_same():
    allowed = tuple(m for m in scenes.all_meanings() if scenes.part(m) == "known")
    many = scenes.draw(painter(), 3000, numbers(), allowed)
    assert len(many) == 3000
    assert many.pictures.shape == (3000, 84, 84)
    assert {scenes.part(m) for m in many.meanings} == {"known"}
    for kind, share in scenes.SHARES.items():
        assert np.mean([m.kind == kind for m in many.meanings]) == pytest.approx(share, abs=0.03)
    again = scenes.draw(painter(), 3000, numbers(), allowed)
    assert (again.pictures == many.pictures).all()
    for row, meaning, grid in zip(many.tokens[:50], many.meanings, many.grids, strict=False):
        assert scenes.decode(row) == scenes.describe(meaning)
        assert scenes.see(grid) == meaning
    assert len(scenes.draw(painter(), 0, numbers())) == 0
    one = scenes.draw(painter(), 1, numbers(), [Meaning()])
    assert one.pictures.max() == 0


def test_drawing_needs_meanings_and_all_digits():
    with pytest.raises(ValueError, match="at least one meaning"):
        scenes.draw(painter(), 3, numbers(), [])
    with pytest.raises(ValueError, match="none of \\[9\\]"):
        scenes.Painter(np.zeros((9, 28, 28), np.uint8), np.arange(9))
    with pytest.raises(ValueError, match="shape"):
        scenes.Painter(np.zeros((10, 8, 8), np.uint8), np.arange(10))


def test_scores_by_hand():
    truth = [
        Meaning((Group(2, 2, 0), Group(1, 8, 0)), "left of"),
        Meaning((Group(1, 2, 0), Group(3, 8, 2))),
        Meaning((Group(3, 7, 4),)),
        Meaning(),
    ]
    said = [
        "two twos right of an eight in the top row .",  # the relation is wrong
        "a two in the top row and three nines in the bottom row .",  # the second digit
        "three seven in the middle column .",  # no sentence
        "nothing .",
    ]
    score = scenes.score(said, truth)
    assert score.exact == 0.25
    assert score.right.tolist() == [False, False, False, True]
    assert score.grammatical == 0.75
    assert score.slots == {
        "kind": 3 / 4,
        "count": 2 / 3,
        "digit": 2 / 3,
        "place": 2 / 3,
        "relation": 0,
        "second count": 1,
        "second digit": 1 / 2,
        "second place": 1,
    }
    with pytest.raises(ValueError, match="as many as"):
        scenes.score(said[:2], truth)
    with pytest.raises(ValueError, match="as many as"):
        scenes.score([], [])
