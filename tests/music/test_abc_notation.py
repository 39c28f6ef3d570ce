"""ABC: literal tunes, what they mean, and what is refused."""

from fractions import Fraction

import pytest

from rnncourse.music import abc_notation as abc

HEAD = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:C Major\n"


def lengths(tune):
    return [bar.length for bar in tune.bars]


def pitches(body, key="C Major"):
    tune = abc.parse(f"M:4/4\nL:1/8\nK:{key}\n{body}")
    return [note.pitch for bar in tune.bars for note in bar.notes]


def test_notes_of_the_scale_and_octaves():
    assert pitches("C, C D c d' z|") == [48, 60, 62, 72, 86, None]


def test_the_key_alters_and_accidentals_hold_to_the_bar_line():
    assert pitches("F ^F F =F F|F f|", "D Major") == [66, 66, 66, 65, 65, 66, 78]
    assert pitches("^F f F'|") == [66, 77, 77], "an accidental holds in its octave only"
    assert pitches("__B ^^C _E|") == [69, 62, 63]


@pytest.mark.parametrize(
    ("key", "scale"),
    [
        ("C Major", "0 2 4 5 7 9 11"),
        ("G Major", "0 2 4 6 7 9 11"),
        ("D Mixolydian", "0 2 4 6 7 9 11"),
        ("A Dorian", "0 2 4 6 7 9 11"),
        ("E Minor", "0 2 4 6 7 9 11"),
        ("F# Minor", "1 2 4 6 8 9 11"),
        ("Bb Major", "0 2 3 5 7 9 10"),
        ("D Dorian", "0 2 4 5 7 9 11"),
        ("G Dorian", "0 2 4 5 7 9 10"),
        ("F Lydian", "0 2 4 5 7 9 11"),
        ("E Phrygian", "0 2 4 5 7 9 11"),
        ("C# Major", "1 3 5 6 8 10 12"),
        ("Cb Major", "-1 1 3 4 6 8 10"),
    ],
)
def test_keys(key, scale):
    assert pitches("CDEFGAB|", key) == [60 + int(step) for step in scale.split()]


@pytest.mark.parametrize(
    ("written", "eighths"),
    [
        ("A", 1),
        ("A2", 2),
        ("A/", "1/2"),
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
        ("(3ABc d", 3),
        ("A>B", 2),
        ("A2<B2", 4),
        ('"Verse"A2 B', 3),
        ("A-A2", 3),
    ],
)
def test_what_takes_how_long(body, eighths):
    assert lengths(abc.parse(HEAD + body + "|")) == [Fraction(eighths, 8)]


def test_broken_rhythm_makes_one_longer_and_one_shorter():
    (bar,) = abc.parse(HEAD + "A>B c<d|").bars
    assert [8 * note.length for note in bar.notes] == [1.5, 0.5, 0.5, 1.5]


def test_the_metre_may_change():
    tune = abc.parse("X: 7\nM: 6/8\nL: 1/8\nK: D Major\nA3 B3|\nM:2/4\nAB cd|\nM:C|\nA8|\n")
    assert [bar.metre for bar in tune.bars] == [Fraction(3, 4), Fraction(1, 2), 1]
    assert tune.faults() == []


def test_repeats_and_endings_are_played():
    tune = abc.parse(HEAD + "A8|[1 B8:|[2 c8||d8|]")
    assert [bar.notes[0].pitch for bar in tune.played()] == [69, 71, 69, 72, 74]
    twice = abc.parse(HEAD + "A8||B8:|c8").played()
    assert [bar.notes[0].pitch for bar in twice] == [69, 71, 71, 72]


def test_endings_come_in_pairs():
    tune = abc.parse(HEAD + "A8|[2 B8:|")
    with pytest.raises(abc.AbcError, match="one ending of two"):
        tune.played()
    assert tune.faults() == ["the part up to bar 2 has one ending of two"]


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


def test_timeline_joins_ties_and_leaves_rests_out():
    tune = abc.parse(HEAD + "A2 z2 B2-B2|B8-|B8|]")
    assert abc.timeline(tune.bars) == [
        (0, Fraction(1, 4), 69),
        (Fraction(1, 2), Fraction(1, 2), 71),
        (1, 2, 71),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unit length must be 1/8"),
        ("L:1/16\nM:C\nK:C Major\nA|", "unit length must be 1/8"),
        ("L:1/8\nA|", "must come before the first bar"),
        ("L:1/8\nM:C\nK:H\nA|", "'K:H"),
        ("L:1/8\nM:C\nK:C Sharp\nA|", "'Sharp"),
        ("L:1/8\nM:4\nK:C Major\nA|", "'4' is not a metre"),
        ("L:1/8\nM:0/4\nK:C Major\nA|", "not a metre"),
        (HEAD, "no notes"),
        (HEAD + "z8|", "no notes"),
        (HEAD + "A8|\nB2 H c|", "'H c|"),
        (HEAD + "A8|2B8|", "'2' makes no sense behind 'a bar line'"),
        (HEAD + "A0|", "'0' is not a length"),
        (HEAD + "A/0|", "not a length"),
        (HEAD + "(3AB|c", "a triplet lacks notes"),
        (HEAD + "(3AB", "a triplet lacks notes"),
        (HEAD + "(3A(3B", "makes no sense"),
        (HEAD + "A>|B", "'>|B"),
        (HEAD + "[CEG]|", "is not read here"),
        (HEAD + "{a}B|", "is not read here"),
        (HEAD + "A4\nM:3/4\nA2|", "must stand between two bars"),
    ],
)
def test_what_is_not_read_is_refused(text, message):
    with pytest.raises(abc.AbcError, match=message.replace("|", r"\|")):
        abc.parse(text)


def test_only_text_is_read():
    with pytest.raises(TypeError, match="text must be a string, got bytes"):
        abc.parse(b"X:1")


def test_tokens(slip_jig):
    start, *rest = abc.tokens(slip_jig)
    assert start == abc.START
    assert rest == [
        *("M:9/8\n", "K:A", " Dorian\n", "A", "|", "e", "2", "A", " ", "^c", "3/2", "B", "/", "A"),
        *(
            " ",
            "(3",
            "A",
            "B",
            "c",
            " ",
            "d",
            "|",
            "\n",
            "[1",
            " ",
            "a",
            "9",
            ":|",
            "[2",
            " ",
            "=g",
        ),
        *("8", "|]", "\n"),
    ]


def test_tokens_are_the_same_music(made_up, slip_jig):
    for text in (slip_jig, *made_up[:50]):
        before, after = abc.parse(text), abc.parse("".join(abc.tokens(text)))
        assert abc.timeline(after.bars) == abc.timeline(before.bars)
        assert [bar.close for bar in after.bars] == [bar.close for bar in before.bars]


@pytest.mark.parametrize(
    ("written", "out"),
    [
        ("A>B", "A3/2B/"),
        ("A<B", "A/B3/2"),
        ("A2>B2", "A3B"),
        ("A/>B/", "A3/4B1/4"),
        ("A>B2", "A3/2B"),
    ],
)
def test_broken_rhythm_is_written_out(written, out):
    assert "".join(abc.tokens(HEAD + written + "|")[4:]) == f"{out}|\n"
