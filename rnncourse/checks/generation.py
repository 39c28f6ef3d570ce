"""Exercises of the chapter on text that writes itself."""

import numpy as np

from rnncourse.checks import Exercise


def _softmax(logits):
    p = np.exp(logits - logits.max())
    return p / p.sum()


def _kept(p, keep):
    """The probabilities of those that are kept, shared out anew."""
    return np.where(keep, p, 0) / p[keep].sum()


def _reached(p, share, strict=False):
    """Whether the likelier ones together fall short of the share."""
    order = np.argsort(-p, kind="stable")
    before = np.cumsum(p[order]) - (0 if strict else p[order])
    keep = np.zeros(len(p), bool)
    keep[order] = before < share
    keep[order[0]] = True
    return keep


temperature = Exercise(
    "temperature",
    lambda logits, t: _softmax(logits / t),
    lambda rng: (rng.normal(0, 2, rng.integers(3, 8)), float(rng.choice([0.4, 0.7, 1.5, 3.0]))),
    slips={
        "the logits are multiplied by the temperature: a hot draw would be the careful one.": (
            lambda logits, t: _softmax(logits * t)
        ),
        "the temperature was left out.": lambda logits, t: _softmax(logits),
        "the probabilities do not sum to 1: divide the logits, before the softmax.": (
            lambda logits, t: _softmax(logits) / t
        ),
        "these are still logits: the softmax is missing.": lambda logits, t: logits / t,
    },
)

nucleus = Exercise(
    "nucleus",
    lambda p, share: _kept(p, _reached(p, share)),
    lambda rng: (rng.dirichlet(np.full(rng.integers(4, 9), 0.7)), float(rng.uniform(0.5, 0.9))),
    slips={
        "the kept probabilities must be shared out anew, so that they sum to 1.": (
            lambda p, share: np.where(_reached(p, share), p, 0)
        ),
        "the character that reaches the share belongs to the nucleus too.": (
            lambda p, share: _kept(p, _reached(p, share, strict=True))
        ),
        "keep the likeliest that together reach the share, not those above a threshold.": (
            lambda p, share: _kept(p, p >= min(p.max(), 1 - share))
        ),
        "begin with the likeliest, not with the first of the vocabulary.": (
            lambda p, share: _kept(p, np.cumsum(p) - p < share)
        ),
        "the probabilities must stay where they were, each at its character's place.": (
            lambda p, share: np.sort(_kept(p, _reached(p, share)))[::-1]
        ),
    },
)
