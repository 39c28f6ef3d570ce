"""The metronome by hand, and against the parser."""

import itertools

import keras
import numpy as np
import pytest

from rnncourse.music import abc_notation as abc
from rnncourse.music.metronome import BARS, HALVES, PARTS, Metronome


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
    cut = abc.tokens("M:3/4\nL:1/8\nK:C Major\nG|A2 (3Bcd e2|f5:|\ng6|]")
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


def test_the_metronome_agrees_with_the_parser(made_up, slip_jig):
    texts = (slip_jig, *made_up[:40])
    cuts = [abc.tokens(text) for text in texts]
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
    cut = abc.tokens("M:3/4\nL:1/8\nK:C Major\nG|A6|f5:|\n")
    np.testing.assert_array_equal(counts(cut + cut)[0][len(cut) :], counts(cut)[0])


def test_the_metronome_saves_and_loads(tmp_path):
    vocabulary = [abc.START, "M:C\n", "A", "|"]
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.RNN(Metronome(vocabulary))])
    model.save(tmp_path / "metronome.keras")
    again = keras.saving.load_model(tmp_path / "metronome.keras")
    x = np.eye(4, dtype="float32")[None, [0, 1, 2, 2, 3, 2]]
    np.testing.assert_array_equal(model(x), again(x))
    with pytest.raises(ValueError, match="vocabulary must hold"):
        Metronome(["A", "|"])
