"""Exercises of the chapter that says what a text is about."""

import numpy as np

from rnncourse.checks import Exercise


def _outputs(rng):
    """Outputs that are mostly negative, with larger ones behind the end."""
    outputs = rng.normal(-1, 0.5, (6, 4))
    mask = np.arange(6) < rng.integers(2, 5)
    outputs[~mask] = rng.normal(0.5, 0.1, ((~mask).sum(), 4))
    return outputs, mask


strongest = Exercise(
    "strongest",
    lambda outputs, mask: np.where(mask[:, None], outputs, -np.inf).max(axis=0),
    _outputs,
    slips={
        "steps without a word count too: use the mask.": lambda outputs, mask: outputs.max(axis=0),
        "steps without a word count as zero, which is more than a negative output.": (
            lambda outputs, mask: (outputs * mask[:, None]).max(axis=0)
        ),
        "this is the last output, not the largest.": lambda outputs, mask: outputs[mask.sum() - 1],
        "this is the mean; the largest is wanted.": lambda outputs, mask: outputs[mask].mean(0),
        "this is the largest over the units (axis 1), not over time (axis 0).": (
            lambda outputs, mask: outputs[mask].max(axis=1)
        ),
    },
)


def _chances(rng):
    return tuple(rng.dirichlet(np.full(4, 0.7), 6) for _ in range(2))


def _shared(product):
    chances = product / product.sum(axis=1, keepdims=True)
    return chances.argmax(axis=1), chances


both = Exercise(
    "both",
    lambda p, q: _shared(p * q),
    _chances,
    slips={
        "the rows of the product do not sum to 1 yet.": lambda p, q: ((p * q).argmax(1), p * q),
        "this is the mean of the chances; the product is wanted.": lambda p, q: _shared(p + q),
        "the sum runs over the texts (axis 0) instead of over the classes (axis 1).": (
            lambda p, q: (((p * q) / (p * q).sum(0)).argmax(1), (p * q) / (p * q).sum(0))
        ),
    },
)
