"""Exercises of the chapter on more than one worker."""

import numpy as np

from rnncourse.checks import Exercise


def _gradients_and_sizes(rng):
    workers = int(rng.integers(2, 5))
    sizes = rng.permutation(np.arange(1, 7))[:workers]
    return rng.normal(size=(workers, 3)), sizes


def _gradient_of_all(gradients, sizes):
    return np.average(gradients, axis=0, weights=sizes)


gradient_of_all = Exercise(
    "gradient_of_all",
    _gradient_of_all,
    _gradients_and_sizes,
    slips={
        "every worker counts the same here, whatever the size of its shard.": (
            lambda gradients, sizes: gradients.mean(0)
        ),
        "the gradients are means already: their sum grows with the number of workers.": (
            lambda gradients, sizes: gradients.sum(0)
        ),
        "weighted by the sizes, but not yet divided by the number of all examples.": (
            lambda gradients, sizes: sizes @ gradients
        ),
        "divide by the number of examples, not by the number of workers.": (
            lambda gradients, sizes: sizes @ gradients / len(sizes)
        ),
        "these are divided by the number of examples, but not weighted by the sizes.": (
            lambda gradients, sizes: gradients.sum(0) / sizes.sum()
        ),
        "a larger shard weighs more, not less.": lambda gradients, sizes: np.average(
            gradients, axis=0, weights=1 / sizes
        ),
        "all workers are asked for: the sum runs over the first axis, that of the workers.": (
            lambda gradients, sizes: gradients[0]
        ),
    },
)
