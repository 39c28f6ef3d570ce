"""Exercises of the chapter on dynamic unrolling."""

import numpy as np

from rnncourse.checks import Exercise


def _outputs_and_lengths(rng):
    batch, time, units = 4, int(rng.integers(3, 6)), 2
    lengths = np.array([0, time, *rng.integers(1, time, batch - 2)])
    outputs = rng.normal(size=(batch, time, units))
    return outputs, lengths


def _last_outputs(outputs, lengths):
    return np.stack(
        [o[n - 1] if n else np.zeros(o.shape[1]) for o, n in zip(outputs, lengths, strict=True)]
    )


last_outputs = Exercise(
    "last_outputs",
    _last_outputs,
    _outputs_and_lengths,
    slips={
        "the last column is padding for the shorter sequences: look at `lengths`.": (
            lambda outputs, lengths: outputs[:, -1]
        ),
        "steps count from 0, so the last valid one is `lengths - 1`.": lambda outputs, lengths: (
            outputs[np.arange(len(outputs)), np.minimum(lengths, outputs.shape[1] - 1)]
        ),
        "a sequence of length 0 has no last step; index -1 takes that of the padding.": (
            lambda outputs, lengths: outputs[np.arange(len(outputs)), lengths - 1]
        ),
        "these are the outputs at the first step.": lambda outputs, lengths: outputs[:, 0],
    },
)


def _tokens(rng):
    tokens = rng.integers(1, 9, (4, 7))
    eos = int(rng.integers(0, 9))
    tokens[tokens == eos] = (eos + 1) % 9
    tokens[0, rng.integers(0, 3)] = tokens[0, 5] = tokens[1, rng.integers(0, 7)] = eos
    return tokens, eos


def _lengths_until(tokens, eos):
    rows = [row.tolist() for row in tokens]
    return np.array([row.index(eos) + 1 if eos in row else len(row) for row in rows])


lengths_until = Exercise(
    "lengths_until",
    _lengths_until,
    _tokens,
    slips={
        "the token itself belongs to the sequence: one more.": lambda tokens, eos: np.array(
            [row.index(eos) if eos in row else len(row) for row in (row.tolist() for row in tokens)]
        ),
        "a row without the token: argmax of nothing is 0, and the whole row counts.": (
            lambda tokens, eos: (tokens == eos).argmax(1) + 1
        ),
        "the *first* token ends the sequence, whatever is written after it.": (
            lambda tokens, eos: np.array(
                [
                    len(row) - row[::-1].index(eos) if eos in row else len(row)
                    for row in (row.tolist() for row in tokens)
                ]
            )
        ),
        "all tokens that are not the end are counted, also those after it.": (
            lambda tokens, eos: (tokens != eos).sum(1)
        ),
    },
)
