"""Text as numbers, and streams that a carried state can follow."""

import itertools

import numpy as np
import pytest

from rnncourse.text import Vocabulary, printable, streams, windows


def test_printable_is_ascii_and_keeps_its_lines():
    given = "caf\u00e9\u2026 \u201cOh\u201d \u2014 it\u2019s\r\none\rtwo\tthree\x00\x7f\U0001f600"
    assert printable(given) == 'caf ... "Oh" - it\'s\none\ntwo three   '
    ours = "".join(map(chr, range(0x2100)))
    assert {c for c in printable(ours)} == {"\n", *map(chr, range(32, 127))}
    assert printable("") == ""


def test_a_text_comes_back():
    text = "to be, or not\nto be"
    vocabulary = Vocabulary.of(text)
    assert list(vocabulary) == sorted(set(text))
    tokens = vocabulary.encode(text)
    assert tokens.dtype == np.int32
    assert [vocabulary.characters[t] for t in tokens] == list(text)
    assert vocabulary.decode(tokens) == text
    assert vocabulary.encode("").shape == (0,)
    assert vocabulary.decode([]) == ""


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, "text has 'x' at 2, which is not in", lambda: Vocabulary("ab").encode("abx")),
        (ValueError, "from 0 to 1, got 0 to 2", lambda: Vocabulary("ab").decode([0, 2])),
        (ValueError, "from 0 to 1, got -1 to 0", lambda: Vocabulary("ab").decode([-1, 0])),
        (ValueError, "at least one character", lambda: Vocabulary.of("")),
        (ValueError, "each character once", lambda: Vocabulary("aba")),
        (TypeError, "a string, got list", lambda: Vocabulary(["a", "b"])),
        (ValueError, "count must be at least 1, got 0", lambda: streams(np.arange(9), 0)),
        (ValueError, r"more than count \(9\), got 9", lambda: streams(np.arange(9), 9)),
        (
            ValueError,
            "from 1 to that of a stream, 4, got 5",
            lambda: next(windows(np.arange(9), 2, 5, np.random.default_rng(0))),
        ),
        (
            ValueError,
            "got 0",
            lambda: next(windows(np.arange(9), 2, 0, np.random.default_rng(0))),
        ),
    ],
)
def test_bad_arguments_are_named(error, message, call):
    with pytest.raises(error, match=message):
        call()


def test_streams_are_rows_of_the_text_and_targets_one_further():
    inputs, targets = streams(np.arange(12), 3)
    assert inputs.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert targets.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    inputs, targets = streams(np.arange(7), 2, start=5)
    assert inputs.tolist() == [[5, 6, 0], [1, 2, 3]]
    assert targets.tolist() == [[6, 0, 1], [2, 3, 4]]


def test_a_window_goes_on_where_the_one_before_it_ended():
    rng = np.random.default_rng(3)
    seen = list(itertools.islice(windows(np.arange(100), 4, 5, rng), 13))  # 4 windows a pass
    starts = [i for i, (_, _, begins) in enumerate(seen) if begins]
    assert starts == [0, 4, 8, 12]
    firsts = set()
    for i, (inputs, targets, begins) in enumerate(seen):
        assert inputs.shape == targets.shape == (4, 5)
        assert ((inputs + 1) % 100).tolist() == targets.tolist()
        if begins:
            firsts.add(int(inputs[0, 0]))
        else:
            assert inputs[:, 0].tolist() == seen[i - 1][1][:, -1].tolist()
    assert len(firsts) > 1, "every pass cuts the text elsewhere"
