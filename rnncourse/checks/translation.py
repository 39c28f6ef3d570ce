"""Exercises of the chapter on translation: the look back, BLEU's shares, a step of a search."""

from collections import Counter

import numpy as np

from rnncourse.checks import Exercise


def _look_case(rng):
    time, units = int(rng.integers(4, 7)), 3
    counts = np.arange(time) < rng.integers(2, time)
    state, v = rng.normal(size=(2, units))
    states = rng.normal(size=(time, units))
    w_query, w_key = rng.normal(size=(2, units, units))
    return state, states, counts, w_query, w_key, v


def _weights(scores, counts):
    weights = np.where(counts, np.exp(scores - scores.max()), 0)
    return weights / weights.sum()


def _look_back(state, states, counts, w_query, w_key, v):
    weights = _weights(np.tanh(state @ w_query + states @ w_key) @ v, counts)
    return weights, weights @ states


def _without_tanh(state, states, counts, w_query, w_key, v):
    weights = _weights((state @ w_query + states @ w_key) @ v, counts)
    return weights, weights @ states


def _mean_of_keys(state, states, counts, w_query, w_key, v):
    weights, _ = _look_back(state, states, counts, w_query, w_key, v)
    return weights, weights @ (states @ w_key)


def _exchanged(state, states, counts, w_query, w_key, v):
    return _look_back(state, states, counts, w_key, w_query, v)


def _zero_scores(state, states, counts, w_query, w_key, v):
    scores = np.where(counts, np.tanh(state @ w_query + states @ w_key) @ v, 0)
    weights = _weights(scores, np.ones_like(counts))
    return weights, weights @ states


look_back = Exercise(
    "look_back",
    _look_back,
    _look_case,
    slips={
        "padding is looked at: where counts is False the weight must be 0, and the others add up "
        "to 1.": lambda state, states, counts, *w: _look_back(
            state, states, np.ones_like(counts), *w
        ),
        "a score of 0 for padding is not enough: e to the power of 0 is 1. The weight must be 0.": (
            _zero_scores
        ),
        "the tanh is missing.": _without_tanh,
        "the weights are right. The mean is one of the states themselves, not of what the score is "
        "computed from.": _mean_of_keys,
        "w_query belongs to the decoder's state, w_key to those of the encoder.": _exchanged,
    },
)


def _words_case(rng):
    words = list("abcde")
    said = [words[i] for i in rng.integers(0, 4, int(rng.integers(7, 11)))]
    wanted = [words[i] for i in rng.integers(0, 5, int(rng.integers(5, 9)))]
    said[:3], wanted[:3] = ["a", "a", "a"], ["a", "a", "b"]
    return said, wanted, int(rng.integers(1, 3))


def _runs(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _clipped_share(said, wanted, n):
    mine = _runs(said, n)
    return sum((mine & _runs(wanted, n)).values()) / sum(mine.values())


clipped_share = Exercise(
    "clipped_share",
    _clipped_share,
    _words_case,
    slips={
        "a run counts at most as often as wanted has it; here it counts every time it is said.": (
            lambda said, wanted, n: (
                sum(k for run, k in _runs(said, n).items() if run in _runs(wanted, n))
                / sum(_runs(said, n).values())
            )
        ),
        "this is the share of what is wanted (the recall); BLEU takes the share of what is said.": (
            lambda said, wanted, n: _clipped_share(wanted, said, n)
        ),
        "each different run counts once here; it may count as often as wanted has it.": (
            lambda said, wanted, n: (
                len(set(_runs(said, n)) & set(_runs(wanted, n))) / len(_runs(said, n))
            )
        ),
        "there are len(said) - n + 1 runs of n words, not len(said).": lambda said, wanted, n: (
            _clipped_share(said, wanted, n) * (len(said) - n + 1) / len(said)
        ),
    },
)


def _beam_case(rng):
    width, words = int(rng.integers(2, 5)), int(rng.integers(5, 8))
    logs = np.sort(np.log(rng.dirichlet(np.ones(width))))[::-1].copy()
    return logs, np.log(rng.dirichlet(np.ones(words), width))


def _best(both, width):
    best = np.argsort(-both.ravel(), kind="stable")[:width]
    return best // both.shape[1], best % both.shape[1], both.ravel()[best]


def _beam_step(logs, ahead):
    return _best(logs[:, None] + ahead, len(logs))


def _each_its_best(logs, ahead):
    both = logs[:, None] + ahead
    return np.arange(len(logs)), both.argmax(axis=1), both.max(axis=1)


beam_step = Exercise(
    "beam_step",
    _beam_step,
    _beam_case,
    slips={
        "the beginnings' own log p is left out: add it to that of the next word.": (
            lambda logs, ahead: _best(ahead, len(logs))
        ),
        "each beginning goes on with its best word here. Take the best of all: one beginning may "
        "go on twice, and another not at all.": _each_its_best,
        "these are logarithms: chances are multiplied by adding them up.": (
            lambda logs, ahead: _best(-logs[:, None] * ahead, len(logs))
        ),
        "the right ones, the worst first; begin with the best.": (
            lambda logs, ahead: tuple(part[::-1] for part in _beam_step(logs, ahead))
        ),
        "beginning and word are exchanged: the place in the flat array is beginning * words + "
        "word.": lambda logs, ahead: (*_beam_step(logs, ahead)[1::-1], _beam_step(logs, ahead)[2]),
    },
)
