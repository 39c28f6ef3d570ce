"""Exercises of the chapter that reads film reviews."""

from rnncourse.checks import Exercise


def _text(rng):
    """A text that is too long or not, with a tail or without."""
    words = [f"word{i}" for i in range(int(rng.integers(4, 15)))]
    return words, 6, int(rng.choice([0, 2]))


def _long(text, length, cut):
    return text if len(text) <= length else cut


first_and_last = Exercise(
    "first_and_last",
    lambda text, length, tail: _long(
        text, length, text[: length - tail] + text[len(text) - tail :]
    ),
    _text,
    slips={
        "with tail = 0 the slice text[-tail:] is the whole text.": lambda text, length, tail: _long(
            text, length, text[: length - tail] + text[-tail:]
        ),
        "only the first words are kept; the last `tail` are wanted too.": (
            lambda text, length, tail: text[:length]
        ),
        "that keeps `length` first words, and the tail on top of them.": (
            lambda text, length, tail: _long(text, length, text[:length] + text[len(text) - tail :])
        ),
        "a text that is not too long stays as it is, and no word comes twice.": (
            lambda text, length, tail: text[: length - tail] + text[len(text) - tail :]
        ),
    },
)


def _sentence(rng):
    values = rng.choice([0, 0, 0, 0, 0, 0, 1, -1, 2, -2], 20)
    negations = (rng.random(20) < 0.5) & (values == 0)
    return values.tolist(), negations.tolist()


def _opinion(values, negations, *, cancel=True, once=True, expires=False):
    total, sign = 0, 1
    for value, negation in zip(values, negations, strict=True):
        if negation:
            sign = -sign if cancel else -1
        elif value:
            total += sign * value
            sign = 1 if once else sign
        elif expires:
            sign = 1
    return int(total)


opinion = Exercise(
    "opinion",
    _opinion,
    _sentence,
    slips={
        "a 'not' holds for the next word with a value only; afterwards the sign is + again.": (
            lambda values, negations: _opinion(values, negations, once=False)
        ),
        "two of them cancel: turn the sign, do not set it.": (
            lambda values, negations: _opinion(values, negations, cancel=False)
        ),
        "a word without a value must leave the sign as it is: 'not a good film'.": (
            lambda values, negations: _opinion(values, negations, expires=True)
        ),
        "this is the sum without any negation.": lambda values, negations: int(sum(values)),
    },
)
