"""Tunes: the loader, tokens, other keys, near-copies; the metronome against the parser."""

import hashlib
import itertools
from fractions import Fraction

import keras
import numpy as np
import pytest

from rnncourse import abc_notation as abc
from rnncourse import datasets, tunes
from rnncourse.metronome import BARS, HALVES, PARTS, Metronome

SLIP_JIG = (
    "X:9\nT:Made for this test\nM:9/8\nL:1/8\nK:A Dorian\nA|e2A ^c>BA (3ABc d|!\n[1 a9:|[2 =g8|]"
)


@pytest.fixture(scope="module")
def made_up():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RNNCOURSE_DATA", raising=False)
        patch.setenv("RNNCOURSE_CACHE", "nowhere")
        patch.setenv("RNNCOURSE_OFFLINE", "1")
        return datasets.load_tunes()


def use(monkeypatch, folder, content):
    (folder / "irish.abc").write_bytes(content)
    entry = datasets.DataFile("http://127.0.0.1:9/irish.abc", hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(datasets.REGISTRY, "irish.abc", entry)
    monkeypatch.setenv("RNNCOURSE_DATA", str(folder))


def test_a_tune_cut_by_a_blank_line_is_joined(tmp_path, monkeypatch):
    content = b"X:1\nT:One\nK:C\n\nA8|\nB8|]\n\n\nX:2\nT:Two\nK:D\nd8|]\n"
    use(monkeypatch, tmp_path, content)
    loaded = datasets.load_tunes()
    assert loaded.texts == ("X:1\nT:One\nK:C\nA8|\nB8|]", "X:2\nT:Two\nK:D\nd8|]")
    assert not loaded.source.stand_in


def test_the_wrong_file_is_refused(tmp_path, monkeypatch):
    use(monkeypatch, tmp_path, b"X:1\nK:C\nA8|]")
    (tmp_path / "irish.abc").write_bytes(b"X:1\nK:C\nB8|]")
    with pytest.raises(datasets.DataError, match=r"irish\.abc"):
        datasets.load_tunes()


def test_the_stand_in_is_made_of_good_tunes_and_the_same_every_time(made_up, monkeypatch):
    assert made_up.source.stand_in
    assert len(set(made_up.texts)) == 400
    assert all(abc.parse(text).faults() == [] for text in made_up.texts)
    assert all(len(abc.parse(text).bars) >= 8 for text in made_up.texts)
    digest = hashlib.sha256("".join(made_up.texts).encode()).hexdigest()
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    again = datasets.load_tunes().texts
    assert hashlib.sha256("".join(again).encode()).hexdigest() == digest


def test_tokens():
    start, *rest = tunes.tokens(SLIP_JIG)
    assert start == tunes.START
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


def test_tokens_are_the_same_music(made_up):
    for text in (SLIP_JIG, *made_up.texts[:50]):
        before, after = abc.parse(text), abc.parse("".join(tunes.tokens(text)))
        assert abc.timeline(after.bars) == abc.timeline(before.bars)
        assert [bar.close for bar in after.bars] == [bar.close for bar in before.bars]


@pytest.mark.parametrize(
    ("written", "out"),
    [
        ("A>B", "A3/2B/"),
        ("A<B", "A/B3/2"),
        ("A2>B2", "A3B"),
        ("A/>B/", "A3/4B/4"),
        ("A>B2", "A3/2B"),
    ],
)
def test_broken_rhythm_is_written_out(written, out):
    header = "M:C\nL:1/8\nK:C\n"
    cut = tunes.tokens(f"{header}{written}|")
    assert "".join(cut[4:]) == f"{out}|\n" or "".join(cut).endswith(f"{out}|\n")


@pytest.mark.parametrize("text", ["M:C\nL:1/16\nK:C Major\nA8|", "M:C\nK:C Major\nA8|"])
def test_another_unit_length_is_refused(text):
    with pytest.raises(abc.AbcError, match="unit length must be 1/8"):
        tunes.tokens(text)


def test_a_sign_without_a_token_is_refused():
    with pytest.raises(abc.AbcError, match="no token for 'H"):
        tunes.tokens("M:C\nL:1/8\nK:C Major\nA H|")


@pytest.mark.parametrize("steps", [-6, -3, -1, 1, 2, 3, 5, 7])
def test_moving_shifts_every_note_by_the_same_interval(made_up, steps):
    for text in (SLIP_JIG, *made_up.texts[:20]):
        cut = tunes.tokens(text)
        moved = tunes.transposed(cut, steps)
        pairs = zip(*(abc.timeline(abc.parse("".join(t)).bars) for t in (cut, moved)), strict=True)
        shifts = {after[1].pitches[0] - before[1].pitches[0] for before, after in pairs}
        assert len(shifts) == 1
        assert abs(shifts.pop() - 12 * steps / 7) < 1.5
        assert tunes.transposed(moved, -steps) == cut
        assert tunes.melody(moved) == tunes.melody(cut)


def test_a_change_of_key_moves_by_the_same_interval():
    cut = tunes.tokens("M:C\nL:1/8\nK:D Major\nd8|\nK:B Minor\nB4^a4|]")
    moved = tunes.transposed(cut, 1)
    assert [token for token in moved if token.startswith("K:")] == ["K:Eb", "K:C"]
    assert [n.pitches[0] for _, n in abc.timeline(abc.parse("".join(moved)).bars)] == [75, 72, 83]


def test_in_tonic():
    for text, up in (("K:A Dorian\nA8|", 3), ("K:G Major\nG8|", -3), ("K:D Major\nD8|", 0)):
        cut = tunes.tokens(f"M:C\nL:1/8\n{text}")
        assert tunes.in_tonic(cut) == tunes.transposed(cut, up)
        assert "K:D" in tunes.in_tonic(cut)
    with pytest.raises(ValueError, match="letter must be one of A to G"):
        tunes.in_tonic(cut, "H")
    with pytest.raises(ValueError, match="'K:', got none"):
        tunes.in_tonic(["A", "|"])


def test_melody():
    cut = tunes.tokens("M:C\nL:1/8\nK:C Major\nC2 c B,/ z|^c3|")
    half = Fraction(1, 2)
    assert tunes.melody(cut) == [(0, 2), (7, 1), (-8, half), (8, 3)]


def test_near_copies():
    assert tunes.near_copies(["abcdefgh", "xyabcdefghz", "hgfedcba", "zzz"], 4, 0.5) == [0, 0, 2, 3]
    assert tunes.near_copies(["abcdxxxx", "abcd", "yyyyabcd", "q"], 4, 1.0) == [0, 0, 0, 3]
    with pytest.raises(ValueError, match="notes must be at least 1"):
        tunes.near_copies(["ab"], 0)
    with pytest.raises(ValueError, match="share must be above 0"):
        tunes.near_copies(["ab"], 2, 0)


def test_longest_common_stretch():
    rng = np.random.default_rng(0)
    corpus = ["".join(rng.choice(list("abc"), 60)) for _ in range(4)]
    for _ in range(20):
        own = "".join(rng.choice(list("abcd"), 40))
        by_hand = max(
            (j - i for i in range(40) for j in range(i, 41) if any(own[i:j] in o for o in corpus)),
        )
        assert tunes.longest_common_stretch(own, corpus) == by_hand
    assert tunes.longest_common_stretch("abcd", ["ab", "cd"]) == 2, "not across two tunes"
    assert tunes.longest_common_stretch("", ["ab"]) == 0


def counts(*cuts):
    """What the metronome says after each token: rows of (left, left if the part ends, bars, parts).

    Times are in halves of an eighth, plus 1.
    """
    vocabulary = sorted({token for cut in cuts for token in cut})
    x = np.zeros((len(cuts), max(map(len, cuts)), len(vocabulary)), "float32")
    for row, cut in zip(x, cuts, strict=True):
        row[np.arange(len(cut)), [vocabulary.index(token) for token in cut]] = 1
    layer = keras.layers.RNN(Metronome(vocabulary), return_sequences=True)
    out = np.asarray(layer(x))
    assert np.array_equal(out[:, :, : len(vocabulary)], x)
    ends = np.cumsum([len(vocabulary), HALVES, HALVES, BARS, PARTS])
    said = np.stack([out[:, :, a:b].argmax(2) for a, b in itertools.pairwise(ends)], 2)
    return [row[: len(cut)] for row, cut in zip(said, cuts, strict=True)]


def test_the_metronome_by_hand():
    cut = tunes.tokens("M:3/4\nL:1/8\nK:C Major\nG|A2 (3Bcd e2|f5:|\ng6|]")
    after = dict(zip(range(len(cut)), counts(cut)[0].tolist(), strict=True))
    at = {i: token for i, token in enumerate(cut)}
    assert [(at[i], after[i][0]) for i in range(4, len(cut))] == [
        *(("G", 11), ("|", 13), ("A", 11), ("2", 9), (" ", 9), ("(3", 9), ("B", 8), ("c", 6)),
        *(("d", 5), (" ", 5), ("e", 3), ("2", 1), ("|", 13), ("f", 11), ("5", 3), (":|", 13)),
        *(("\n", 13), ("g", 11), ("6", 1), ("|]", 13), ("\n", 13)),
    ]
    due = {at[i] + str(i): after[i][1] for i in range(4, len(cut))}
    assert due["|5"] == 11 and due["518"] == 1, "five eighths fill the bar before an upbeat of one"
    assert [after[i][2:] for i in (5, 16, 19)] == [[0, 0], [1, 0], [0, 1]]


def test_the_metronome_agrees_with_the_parser(made_up):
    texts = (SLIP_JIG, *made_up.texts[:40])
    cuts = [tunes.tokens(text) for text in texts]
    for text, cut, after in zip(texts, cuts, counts(*cuts), strict=True):
        bars = abc.parse(text).bars
        ends = [i for i, token in enumerate(cut) if "|" in token and "M:" not in token]
        assert len(ends) == len(bars)
        for i, bar in zip(ends, bars, strict=True):
            left = 8 * (bar.metre - bar.length)
            assert after[i - 1][0] == max(2 * left + 1, 0)
        ended = [bar for bar in bars if bar.ends_part]
        assert after[-1][3] == min(len(ended), 4)


def test_the_metronome_begins_anew_with_each_tune():
    cut = tunes.tokens("M:3/4\nL:1/8\nK:C Major\nG|A6|f5:|\n")
    np.testing.assert_array_equal(counts(cut + cut)[0][len(cut) :], counts(cut)[0])


def test_the_metronome_saves_and_loads(tmp_path):
    vocabulary = [tunes.START, "M:C\n", "A", "|"]
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.RNN(Metronome(vocabulary))])
    model.save(tmp_path / "metronome.keras")
    again = keras.saving.load_model(tmp_path / "metronome.keras")
    x = np.eye(4, dtype="float32")[None, [0, 1, 2, 2, 3, 2]]
    np.testing.assert_array_equal(model(x), again(x))
    with pytest.raises(ValueError, match="vocabulary must hold"):
        Metronome(["A", "|"])
