"""Splitting texts, numbering words, neighbours and analogies."""

import numpy as np
import pytest

from rnncourse import words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Don't panic, it's 1984!", ["do", "n't", "panic", ",", "it", "'s", "1984", "!"]),
        ("Don’t", ["do", "n't"]),
        ("'quoted'", ["'", "quoted", "'"]),
        ("", []),
        (" \t\n", []),
        ("Café", ["café"]),  # the accent a character of its own
        ("ﬁlm ２０", ["film", "20"]),
        ("שלום עולם!", ["שלום", "עולם", "!"]),  # read from the right, kept in reading order
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("well-known", ["well", "-", "known"]),
        ("😀 fine", ["😀", "fine"]),
    ],
)
def test_texts_are_split_as_glove_splits_them(text, wanted):
    assert words.split_words(text) == wanted


@pytest.mark.parametrize("text", [None, 3, b"bytes", ["a", "list"]])
def test_a_text_is_a_string(text):
    with pytest.raises(TypeError, match="text must be a string, got"):
        words.split_words(text)


def test_a_vocabulary_is_ordered_by_frequency_and_then_by_the_alphabet():
    vocabulary = words.WordVocabulary.of([["b", "a"], ["c", "b"]])
    assert vocabulary.words == ("b", "a", "c")
    assert len(vocabulary) == 5
    assert [vocabulary.number(w) for w in ("b", "a", "c", "new")] == [2, 3, 4, words.UNKNOWN]
    assert words.WordVocabulary.of([["b", "a", "b"]], size=1).words == ("b",)
    assert words.WordVocabulary.of([["b", "a", "b"]], at_least=2).words == ("b",)
    assert words.WordVocabulary.of([]).words == ()


def test_a_word_stands_once():
    with pytest.raises(ValueError, match="each word once"):
        words.WordVocabulary(("a", "b", "a"))


VOCABULARY = words.WordVocabulary(("a", "b", "c", "d"))


@pytest.mark.parametrize(
    ("text", "how", "wanted"),
    [
        (["a", "b"], {}, [2, 3, 0]),
        ([], {}, [1, 0, 0]),
        (["new"], {}, [1, 0, 0]),
        (["a", "b", "c", "d"], {}, [2, 3, 4]),
        (["a", "b", "c", "d"], {"tail": 1}, [2, 3, 5]),
        (["a", "b", "c", "d"], {"tail": 3}, [3, 4, 5]),
        (["a", "b", "c"], {"tail": 2}, [2, 3, 4]),
    ],
)
def test_texts_become_rows(text, how, wanted):
    rows = VOCABULARY.encode([text], 3, **how)
    assert rows.dtype == np.int32
    np.testing.assert_array_equal(rows, [wanted])


def test_no_text_is_no_row():
    assert VOCABULARY.encode([], 3).shape == (0, 3)


def test_rows_go_back_to_words():
    row = VOCABULARY.encode([["d", "new", "a"]], 5)[0]
    assert VOCABULARY.decode(row) == ["d", "?", "a"]
    assert VOCABULARY.decode([]) == []
    with pytest.raises(ValueError, match="numbers must be from 0 to 5, got 2 to 6"):
        VOCABULARY.decode([2, 6])


def test_encode_names_what_is_wrong():
    with pytest.raises(ValueError, match="length must be at least 1, got 0"):
        VOCABULARY.encode([["a"]], 0)
    with pytest.raises(ValueError, match=r"tail must be from 0 to length \(3\), got 4"):
        VOCABULARY.encode([["a"]], 3, tail=4)
    with pytest.raises(TypeError, match="use split_words"):
        VOCABULARY.encode(["a b"], 3)


def test_unit_vectors_have_length_one_and_zeros_stay():
    made = words.unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(made, [[0.6, 0.8], [0, 0]])


def test_neighbours_go_by_angle():
    vectors = np.array([[1.0, 0.0], [9.0, 1.0], [1.0, 1.0], [-1.0, 0.0]])
    np.testing.assert_array_equal(words.neighbours(vectors, [0, 3], 3), [[1, 2, 3], [2, 1, 0]])
    with pytest.raises(ValueError, match="count must be from 1 to 3, got 4"):
        words.neighbours(vectors, [0], 4)


def test_analogies_agree_with_one_question_at_a_time():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 5))
    questions = rng.integers(0, 40, (1_100, 3))
    answers = words.analogies(vectors, questions)
    free = words.analogies(vectors, questions, exclude=False)
    for row in range(0, 1_100, 37):
        a, b, c = (vectors[i] / np.sqrt(np.sum(vectors[i] ** 2)) for i in questions[row])
        goal = b - a + c
        angle = {
            i: goal @ v / (np.linalg.norm(goal) * np.linalg.norm(v)) for i, v in enumerate(vectors)
        }
        assert free[row] == max(angle, key=angle.get)
        for i in questions[row]:
            angle.pop(i, None)
        assert answers[row] == max(angle, key=angle.get)


def test_analogies_are_rows_of_three():
    with pytest.raises(ValueError, match=r"shape \(questions, 3\), got \(2, 4\)"):
        words.analogies(np.eye(5), np.zeros((2, 4), int))
    assert words.analogies(np.eye(5), np.zeros((0, 3), int)).shape == (0,)


def by_loops(stream, numbers, window):
    """The table of positive mutual information, pair by pair."""
    counts = np.zeros((numbers, numbers))
    for i, word in enumerate(stream):
        for j, other in enumerate(stream):
            if i != j and abs(i - j) <= window and word > 1 and other > 1:
                counts[word, other] += 1 / abs(i - j)
    table = np.zeros_like(counts)
    powers = counts.sum(1) ** 0.75
    for row, column in np.argwhere(counts):
        chance = counts[row].sum() * powers[column] / powers.sum()
        table[row, column] = max(0, np.log(counts[row, column] / chance))
    return table


def test_counted_vectors_are_those_of_the_table_of_mutual_information():
    stream = np.random.default_rng(0).integers(0, 8, 60)
    table = by_loops(stream, 8, 2)
    left, strength, _ = np.linalg.svd(table)
    made = words.counted_vectors(stream, 8, 3, window=2)
    wanted = left[:, :3] * np.sqrt(strength[:3])
    np.testing.assert_allclose(made @ made.T, wanted @ wanted.T, atol=1e-6)
    np.testing.assert_allclose(made[:2], 0, atol=1e-9)


def test_counted_vectors_of_a_text_that_says_nothing():
    np.testing.assert_array_equal(words.counted_vectors(np.zeros(9, int), 5, 2), 0)
    with pytest.raises(ValueError, match="dimensions must be from 1 to 4, got 5"):
        words.counted_vectors(np.zeros(9, int), 5, 5)
