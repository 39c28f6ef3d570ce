"""Words, pieces of words, and back."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse import subwords
from rnncourse.subwords import END, UNKNOWN, Subwords

TEXTS = ["Tu l'as vu, n'est-ce pas ?", "Il est vu.", "Tu es vu !", "Elle lit, elle relit."]


def slow_merges(counts, merges):
    """Byte-pair encoding as the paper has it: count everything anew each time."""
    pieces = {word: list(word) for word in counts}
    made = []
    while len(made) < merges:
        pairs = Counter()
        for word, times in counts.items():
            for pair in zip(pieces[word], pieces[word][1:], strict=False):
                pairs[pair] += times
        if not pairs or max(pairs.values()) < 2:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        made.append(best)
        for word, parts in pieces.items():
            new = []
            while parts:
                take = 2 if tuple(parts[:2]) == best else 1
                new.append("".join(parts[:take]))
                parts = parts[take:]
            pieces[word] = new
    return made


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=7), st.integers(1, 9), max_size=8),
    st.integers(0, 12),
)
def test_merges_are_those_of_counting_anew(counts, merges):
    assert subwords.learn_merges(counts, merges) == slow_merges(counts, merges)


def test_the_example_of_the_paper():
    counts = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
    first = subwords.learn_merges(counts, 3)
    assert first[0] == ("e", "s")  # nine times, as are s-t and t-end, later in the alphabet
    assert first[1] == ("es", "t")
    assert first[2] == ("l", "o")


def test_negative_merges_are_refused():
    with pytest.raises(ValueError, match="merges must not be negative, got -1"):
        subwords.learn_merges({"a": 1}, -1)


@pytest.mark.parametrize(
    "text",
    [
        "tu l'as vu, n'est-ce pas ?",
        "rends-le-moi !",
        "c'est tout : rien (ou presque).",
        "« va ! » dit-il.",
        "il est 8 h 30.",
    ],
)
def test_french_is_taken_apart_and_put_together(text):
    assert subwords.sentence(subwords.words(text)) == text


def test_words_are_lower_case_and_elision_is_a_word():
    assert subwords.words("L'ami d'Éva, rock'n'roll'") == [
        *("l'", "ami", "d'", "éva", ",", "rock'", "n'", "roll", "'")
    ]
    assert subwords.words("") == subwords.words("  ") == []
    assert subwords.sentence([]) == ""


@pytest.mark.parametrize("merges", [0, 3, 100])
def test_every_training_sentence_comes_back(merges):
    vocabulary = Subwords.learnt(TEXTS, merges)
    for text in TEXTS:
        numbers = vocabulary.encode(text)
        assert numbers[-1] == END
        assert min(numbers) >= END
        assert vocabulary.decode(numbers) == text.lower()
    assert len(set(vocabulary.pieces)) == len(vocabulary)


def test_new_words_are_made_of_known_pieces_and_letters_may_be_unknown():
    vocabulary = Subwords.learnt(TEXTS, 100)
    assert vocabulary.decode(vocabulary.encode("Il relut.")) == "il relut."
    assert vocabulary.encode("") == [END]
    assert vocabulary.encode("שלום") == [UNKNOWN, END]
    assert vocabulary.encode("vu שלום 你好") == [*vocabulary.encode("vu")[:-1], UNKNOWN, END]
    assert vocabulary.decode([UNKNOWN, END]) == ""


def test_decoding_ends_at_the_end():
    vocabulary = Subwords.learnt(TEXTS, 100)
    numbers = vocabulary.encode("tu es vu !")
    assert vocabulary.decode([*numbers, *numbers]) == "tu es vu !"
    assert vocabulary.decode([0, 2, *numbers]) == "tu es vu !"
    with pytest.raises(ValueError, match=f"from 0 to {len(vocabulary) - 1}, got 999"):
        vocabulary.decode([999])


def test_a_vocabulary_needs_a_word():
    with pytest.raises(ValueError, match="at least one word"):
        Subwords.learnt(["", " "], 10)


def test_padding():
    assert subwords.padded([[5, 3], [3]]).tolist() == [[5, 3], [3, 0]]
    assert subwords.padded([[5, 3]], 4).tolist() == [[5, 3, 0, 0]]
    assert subwords.padded([]).shape == (0, 0)
    assert subwords.padded([[1]]).dtype == np.int32
    with pytest.raises(ValueError, match="longest row, 2, got 1"):
        subwords.padded([[5, 3]], 1)
