"""Melodies: other keys, near-copies, stretches in common."""

from fractions import Fraction

import numpy as np
import pytest

from rnncourse.music import abc_notation as abc
from rnncourse.music import melodies


@pytest.mark.parametrize("letter", "ABCDEFG")
def test_every_note_moves_by_the_same_interval_to_the_same_place_in_the_scale(
    made_up, slip_jig, letter
):
    for text in (slip_jig, *made_up[:20]):
        cut = abc.tokens(text)
        moved = melodies.in_tonic(cut, letter)
        before, after = (abc.timeline(abc.parse("".join(t)).bars) for t in (cut, moved))
        assert [note[:2] for note in before] == [note[:2] for note in after]
        (shift,) = {b[2] - a[2] for a, b in zip(before, after, strict=True)}
        tonic = cut[2][2]
        assert (shift - abc.SEMITONES[letter] + abc.SEMITONES[tonic]) % 12 == 0
        assert abs(shift) <= 6, "the shorter way"
        assert melodies.in_tonic(moved, tonic) == cut
        assert melodies.melody(moved) == melodies.melody(cut)


def test_keys_inside_a_tune_and_accidentals_move_along():
    cut = abc.tokens("M:C\nL:1/8\nK:D Major\nd8|\nK:B Minor\nB4^a4|]")
    moved = melodies.in_tonic(cut, "E")
    assert [token for token in moved if token.startswith("K:")] == ["K:E", "K:C#"]
    assert [pitch for *_, pitch in abc.timeline(abc.parse("".join(moved)).bars)] == [76, 73, 84]
    assert "^b" in moved
    flat = melodies.in_tonic(abc.tokens("M:C\nL:1/8\nK:Bb Major\n=B_B_d|"), "D")
    assert flat == abc.tokens("M:C\nL:1/8\nK:D Major\n^d=d=f|")


def test_what_cannot_be_moved_is_refused():
    cut = abc.tokens("M:C\nL:1/8\nK:C Major\n^^E8|]")
    with pytest.raises(abc.AbcError, match="would get 3 accidentals"):
        melodies.in_tonic(cut, "B")
    with pytest.raises(abc.AbcError, match="K:Db would get -2 accidentals"):
        melodies.in_tonic(abc.tokens("M:C\nL:1/8\nK:B Major\nd8|\nK:Db Major\nd8|"), "F")
    with pytest.raises(ValueError, match="letter must be one of A to G"):
        melodies.in_tonic(cut, "H")
    with pytest.raises(ValueError, match="'K:', got none"):
        melodies.in_tonic(["A", "|"])


def test_melody():
    cut = abc.tokens("M:C\nL:1/8\nK:C Major\nC2 c B,/ z2|^c3|")
    half = Fraction(1, 2)
    assert melodies.melody(cut) == [(0, 2), (7, 1), (-8, half), (8, 3)], "rests do not count"


def test_near_copies():
    assert melodies.near_copies(["abcdefgh", "xyabcdefghz", "hgfedcba", "z"], 4, 0.5) == [
        0,
        0,
        1,
        2,
    ]
    assert melodies.near_copies(["abcdxxxx", "abcd", "yyyyabcd", "q"], 4, 1.0) == [0, 0, 0, 1]


def test_longest_common_stretches():
    rng = np.random.default_rng(0)
    corpus = ["".join(rng.choice(list("abc"), 60)) for _ in range(4)]
    new = ["".join(rng.choice(list("abcd"), 40)) for _ in range(20)]
    by_hand = [
        max(j - i for i in range(40) for j in range(i, 41) if any(own[i:j] in o for o in corpus))
        for own in new
    ]
    assert melodies.longest_common_stretches(new, corpus) == by_hand
    across_two = melodies.longest_common_stretches(["abcd", ""], ["ab", "cd"])
    assert across_two == [2, 0], "two tunes do not make one"
    assert melodies.longest_common_stretches([], ["ab"]) == []
