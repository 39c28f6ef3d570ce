"""Exercises of the chapter that composes tunes."""

import numpy as np

from rnncourse.checks import Exercise


def _distribution(rng):
    p = rng.dirichlet(np.ones(rng.integers(3, 7)))
    return p, float(rng.uniform(0.3, 2.0))


def _cooled(p, temperature):
    powered = np.asarray(p) ** (1 / temperature)
    return powered / powered.sum()


def _of_logits(p, temperature):
    weights = np.exp(np.asarray(p) / temperature)
    return weights / weights.sum()


cooled = Exercise(
    "cooled",
    _cooled,
    _distribution,
    slips={
        "the probabilities do not sum to 1 any more: divide by their sum.": (
            lambda p, temperature: np.asarray(p) ** (1 / temperature)
        ),
        "that is the temperature turned round: the exponent is one over it.": (
            lambda p, temperature: _cooled(p, 1 / temperature)
        ),
        "these are divided by the temperature and scaled back, which changes nothing: "
        "it is the logarithms that are divided.": lambda p, temperature: np.asarray(p),
        "softmax wants logits; these are probabilities, so take their logarithm.": _of_logits,
    },
)


def _choice(rng):
    p = np.round(rng.dirichlet(np.ones(rng.integers(3, 7))), 3)
    p[-1] = 1 - p[:-1].sum()
    return p, float(rng.uniform(0.05, 0.95))


def _drawn(p, u):
    return int(np.argmax(np.cumsum(p) > u))


drawn = Exercise(
    "drawn",
    _drawn,
    lambda rng: _choice(rng),
    slips={
        "that is the likeliest token every time: u plays no part.": lambda p, u: int(np.argmax(p)),
        "this is the number of the token after it: the first running sum above u counts.": (
            lambda p, u: _drawn(p, u) + 1
        ),
        "this is the first token whose own probability is above u; sum them up as you go.": (
            lambda p, u: int(np.argmax(np.asarray(p) > u))
        ),
    },
    tolerance=0.01,
)


def _bar(rng):
    pairs = []
    for _ in range(rng.integers(3, 7)):
        pairs.append((float(rng.choice([0.5, 1, 1, 2, 3])), bool(rng.random() < 0.3)))
    return (pairs,)


def _bar_length(notes):
    return sum(length * (2 / 3 if triplet else 1) for length, triplet in notes)


bar_length = Exercise(
    "bar_length",
    _bar_length,
    _bar,
    slips={
        "the triplets count in full: three of them take the time of two.": (
            lambda notes: sum(length for length, _ in notes)
        ),
        "a note of a triplet lasts 2/3 of what is written, not 1/3.": (
            lambda notes: sum(length * (1 / 3 if triplet else 1) for length, triplet in notes)
        ),
        "that is the number of notes; add up how long they last.": lambda notes: len(notes),
    },
)
