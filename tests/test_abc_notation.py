"""ABC: literal tunes, what they mean, and what is refused."""

from fractions import Fraction

import pytest

from rnncourse import abc_notation as abc

HEAD = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:C\n"


def lengths(tune):
    return [bar.length for bar in tune.bars]


def pitches(body, key="C"):
    tune = abc.parse(f"M:4/4\nL:1/8\nK:{key}\n{body}")
    return [note.pitches for bar in tune.bars for note in bar.notes]


def test_notes_of_the_scale_and_octaves():
    assert pitches("C, C D c d' z|") == [(48,), (60,), (62,), (72,), (86,), ()]


def test_the_key_alters_and_accidentals_hold_to_the_bar_line():
    assert pitches("F ^F F =F F|F f|", "D") == [(66,), (66,), (66,), (65,), (65,), (66,), (78,)]
    assert pitches("^F f F'|") == [(66,), (77,), (77,)], "an accidental holds in its octave only"
    assert pitches("__B ^^C _E|") == [(69,), (62,), (63,)]


@pytest.mark.parametrize(
    ("key", "altered"),
    [
        ("C", ""),
        ("G Major", "F"),
        ("D Mixolydian", "F"),
        ("A Dorian", "F"),
        ("E minor", "F"),
        ("Em", "F"),
        ("F# Minor", "FCG"),
        ("Bb", "BE"),
        ("D Dorian", ""),
        ("G Dor", "B"),
        ("C#", "FCGDAEB"),
    ],
)
def test_keys(key, altered):
    signature = abc.key_signature(key)
    assert set(signature) == set(altered)
    assert set(signature.values()) <= {-1 if key in ("Bb", "G Dor") else 1}


@pytest.mark.parametrize(
    ("written", "eighths"),
    [
        ("A", 1),
        ("A2", 2),
        ("A/", "1/2"),
        ("A//", "1/4"),
        ("A3/2", "3/2"),
        ("A/4", "1/4"),
        ("z3", 3),
    ],
)
def test_lengths(written, eighths):
    assert lengths(abc.parse(HEAD + "B" + written + "|")) == [(1 + Fraction(eighths)) / 8]


@pytest.mark.parametrize(
    ("body", "eighths"),
    [
        ("(3ABc", 2),
        ("(3A2B2c2", 4),
        ("(3A2B", None),
        ("(2AB", 3),
        ("(5:4:5ABcde", 4),
        ("(3ABc d", 3),
        ("A>B", 2),
        ("A2<B2", 4),
        ("A>>B", 2),
        ("[CEG]2", 2),
        ("[C2E2G2]", 2),
        ("{ag}A2", 2),
        ('"Am"A2 ~B !trill!c .d', 5),
        ("(A B) c-c", 4),
    ],
)
def test_what_takes_how_long(body, eighths):
    if eighths is None:
        with pytest.raises(abc.AbcError, match="before the tuplet has its notes"):
            abc.parse(HEAD + body + "|")
    else:
        assert lengths(abc.parse(HEAD + body + "|")) == [Fraction(eighths, 8)]


def test_broken_rhythm_makes_one_longer_and_one_shorter():
    (bar,) = abc.parse(HEAD + "A>B c<d|").bars
    assert [8 * note.length for note in bar.notes] == [1.5, 0.5, 0.5, 1.5]


def test_the_header_and_fields_in_the_body():
    tune = abc.parse("X: 7\nT: Two metres\nM: 6/8\nL: 1/8\nK: D\nA3 B3|\nM:2/4\nAB cd|[M:3/4]A6|")
    assert tune.fields == {"X": "7", "T": "Two metres", "M": "6/8", "L": "1/8", "K": "D"}
    assert [bar.metre for bar in tune.bars] == [Fraction(3, 4), Fraction(1, 2), Fraction(3, 4)]
    assert tune.faults() == []


def test_the_usual_unit_length_depends_on_the_metre():
    assert lengths(abc.parse("M:2/4\nK:C\nA8|")) == [Fraction(1, 2)]
    assert lengths(abc.parse("M:6/8\nK:C\nA6|")) == [Fraction(3, 4)]


def test_repeats_and_endings_are_played():
    tune = abc.parse(HEAD + "A8|[1 B8:|[2 c8||d8|]")
    order = [bar.notes[0].pitches[0] for bar in tune.played()]
    assert order == [69, 71, 69, 72, 74]
    assert [b.close for b in abc.parse(HEAD + "A8|:B8:|:c8::d8:|").bars] == ["||", ":|", ":|", ":|"]
    twice = abc.parse(HEAD + "A8|:B8:|c8|]").played()
    assert [bar.notes[0].pitches[0] for bar in twice] == [69, 71, 71, 72]


def test_endings_must_begin_with_the_first():
    tune = abc.parse(HEAD + "A8|[2 B8:|")
    with pytest.raises(abc.AbcError, match=r"the endings \[2\]"):
        tune.played()
    assert tune.faults() == ["a part has the endings [2]"]


@pytest.mark.parametrize(
    "body",
    [
        "ABcd efga|ABcd efga|]",
        "GA|ABcd efga|ABcd ef:|",  # upbeat and last bar make one
        "GA|ABcd efga|ABcd ef:|GA|B8|c6:|",
        "GA|ABcd efga|ABcd ef:|G|B8|c7:|",  # the last bar may be short; but see the faults
        "GA|c8|B6|[1 cd|e6:|[2 ef|g6|]",  # parted where an ending begins
        "GA|ABcd efga|A2",
    ],
)
def test_bars_that_add_up(body):
    faults = abc.parse(HEAD + body).faults()
    if "G|B8" in body:
        assert faults == ["bar 3 lasts 3/4 instead of 1", "bar 4 lasts 1/8 instead of 1"]
    else:
        assert faults == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("ABcd efg|ABcd efga|ABcd efga|]", None),  # a short first bar is an upbeat
        ("ABcd efga|ABcd efg|ABcd efga|]", "bar 2 lasts 7/8 instead of 1"),
        ("ABcd efga|ABcd efgab|ABcd efga|]", "bar 2 lasts 9/8 instead of 1"),
        ("ABcd efgab|A8|]", "bar 1 lasts 9/8 instead of 1"),
        ("A8|B8b|]", "bar 2 lasts 9/8 instead of 1"),
        ("GA|A8|B7:|", "bar 3 lasts 7/8 instead of 1; bar 1 lasts 1/4 instead of 1"),
        ("A4|B4|c8|]", "bar 2 lasts 1/2 instead of 1"),
    ],
)
def test_bars_that_do_not(body, fault):
    assert "; ".join(abc.parse(HEAD + body).faults()) == (fault or "")


def test_free_metre_has_no_faults():
    assert abc.parse("M:none\nK:C\nA|B7|c3|").faults() == []


def test_timeline_joins_ties_and_leaves_rests_out():
    tune = abc.parse(HEAD + "A2 z2 B2-B2|B8-|B8|]")
    assert [(o, n.length, n.pitches) for o, n in abc.timeline(tune.bars)] == [
        (0, Fraction(1, 4), (69,)),
        (Fraction(1, 2), Fraction(1, 2), (71,)),
        (1, 2, (71,)),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no key"),
        ("A B c|", "line 1: expected a header field"),
        ("M:4/4\nK:H\nA|", "'H' is not a key"),
        ("K:C Sharp\nA|", "'C Sharp' is not a key"),
        ("K:G# Major\nA|", "8 accidentals"),
        ("M:4\nK:C\nA|", "'4' is not a metre"),
        ("M:0/4\nK:C\nA|", "not a metre"),
        ("L:8\nK:C\nA|", "not a length"),
        (HEAD, "no notes"),
        (HEAD + "z8|", "no notes"),
        (HEAD + "A8|\nB2 H c|", "line 7: 'H c|' is not ABC"),
        (HEAD + "A 3 B|", "not ABC"),
        (HEAD + "A0|", "'0' is not a length"),
        (HEAD + "A/0|", "not a length"),
        (HEAD + "(3AB|c", "before the tuplet has its notes"),
        (HEAD + "(3AB", "before the tuplet has its notes"),
        (HEAD + "A>|B", "second note of a broken rhythm"),
        (HEAD + ">A|", "must stand between two notes"),
        (HEAD + "[CxG]|", "is not a chord"),
        (HEAD + "A8|||B8|", "is not a bar line"),
    ],
)
def test_what_is_not_abc_is_refused(text, message):
    with pytest.raises(abc.AbcError, match=message.replace("|", r"\|")):
        abc.parse(text)


def test_only_text_is_read():
    with pytest.raises(TypeError, match="text must be a string, got bytes"):
        abc.parse(b"X:1")
