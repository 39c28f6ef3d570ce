"""N-grams: sums to one, agrees with counting by hand, draws what it says."""

import numpy as np
import pytest

from rnncourse.ngrams import NGram

TEXT = [[0, 1, 2, 1, 2, 1, 3, 0], [0, 1, 2, 2, 1, 0]]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_sum_to_one_in_every_context(order):
    model = NGram(order, 5).fit(TEXT)
    for history in [(), (1,), (2, 1), (4,), (4, 4, 4, 4), (1, 2, 1, 0)]:
        p = model.probabilities(history)
        assert p.shape == (5,)
        assert p.min() > 0
        assert p.sum() == pytest.approx(1)


def test_a_bigram_by_hand():
    p = NGram(2, 4, discount=0.5).fit([[0, 1, 2, 1, 1]]).probabilities((1,))
    # After 1 came 2 and 1, once each. Bigrams 01, 12, 21, 11: three kinds end in 1, one in 2.
    shorter = np.array([0, 2.5, 0.5, 0]) / 4 + 0.5 * 2 / 4 / 4
    assert p == pytest.approx(np.array([0, 0.5, 0.5, 0]) / 2 + 0.5 * 2 / 2 * shorter)


def test_nats_are_those_of_the_probabilities_far_into_a_long_sequence():
    rng = np.random.default_rng(4)
    text = rng.integers(0, 4, 300).tolist()
    model = NGram(4, 5).fit([text[:200]])
    given = [
        -np.log(model.probabilities(model.history(text[:t]))[text[t]]) for t in range(1, len(text))
    ]
    assert model.losses([text]) == pytest.approx(np.array(given))
    assert model.nats([text]) == pytest.approx(np.mean(given))


def test_size_counts_what_is_kept():
    assert NGram(1, 4).fit([[0, 1, 2, 1]]).size == 2
    assert NGram(2, 4).fit([[0, 1, 2, 1]]).size == 2 + 3


def test_a_longer_memory_knows_its_own_text_better():
    nats = [NGram(order, 4).fit(TEXT).nats(TEXT) for order in (1, 2, 3, 4)]
    assert nats == sorted(nats, reverse=True)


def test_clues_help_if_they_tell_something():
    rng = np.random.default_rng(0)
    clues = [[None, *rng.integers(0, 3, 50).tolist()] for _ in range(20)]
    text = [[0, *own[1:]] for own in clues]  # the clue is the token
    assert NGram(2, 3).fit(text, clues).nats(text, clues) < 0.1 < NGram(2, 3).fit(text).nats(text)


def test_draws_follow_the_probabilities():
    model = NGram(2, 4).fit(TEXT)
    rng = np.random.default_rng(1)
    firsts = np.array([model.draw(0, 1, rng)[1] for _ in range(4000)])
    p = model.probabilities((0,))
    expected = 4000 * p
    chi_square = ((np.bincount(firsts, minlength=4) - expected) ** 2 / expected).sum()
    assert chi_square < 16.3  # 3 degrees of freedom, one in a thousand


def test_draws_end_with_the_start_or_the_limit():
    model = NGram(3, 4).fit(TEXT)
    for seed in range(20):
        drawn = model.draw(0, 12, np.random.default_rng(seed), temperature=0.7)
        assert drawn[0] == 0
        assert 0 not in drawn[1:-1]
        assert drawn[-1] == 0 or len(drawn) == 13
    assert model.draw(0, 5, np.random.default_rng(3)) == model.draw(0, 5, np.random.default_rng(3))


def test_a_clue_is_asked_for_before_every_token():
    asked = []
    model = NGram(2, 4).fit(TEXT, [[None] + [7] * 7, [None] + [7] * 5])
    drawn = model.draw(0, 4, np.random.default_rng(0), clue=lambda so_far: asked.append(7) or 7)
    assert len(asked) == len(drawn) - 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0, 4), "order"), ((2, 0), "tokens"), ((2, 4, 0.0), "discount"), ((2, 4, 1.0), "discount")],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        NGram(*arguments)
    with pytest.raises(ValueError, match="temperature must be above 0"):
        NGram(1, 4).fit(TEXT).draw(0, 3, np.random.default_rng(0), temperature=0)
