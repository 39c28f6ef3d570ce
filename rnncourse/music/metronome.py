"""A recurrent cell without a weight: it counts the beats of a tune while the tokens go by."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from rnncourse.music import abc_notation as abc

HALVES, BARS, PARTS = 20, 17, 5  # sizes of the counts: times are told in halves of an eighth


@keras.saving.register_keras_serializable(package="rnncourse")
class Metronome(keras.layers.Layer):
    """Counts beats, bars and parts of tunes in ABC, as a musician's foot does.

    The cell is handed one token after another, one-hot, and hands it on together with four counts,
    one-hot too: the time that is left in this bar (0 for gone by, else 1 more than the halves of an
    eighth); the time that is left if the part ends with this bar, which makes room for the upbeat;
    the whole bars of the part so far; the parts so far. All of it follows from the tokens read.

    Its state is, in this order: the length of a bar, the time gone by in this one and the part's
    upbeat, in eighths; 1 in the first bar of a part; notes still to come in a triplet; how long an
    eighth lasts now (2/3 in a triplet); whole bars; parts.

    Args:
        vocabulary: The tokens, in the order of their numbers.

    Raises:
        ValueError: If the vocabulary lacks the token that begins a tune.
    """

    state_size = 8

    def __init__(self, vocabulary: Sequence[str], **kwargs):
        super().__init__(**kwargs)
        self.vocabulary = list(vocabulary)
        if abc.START not in self.vocabulary:
            raise ValueError(f"vocabulary must hold {abc.START!r}, which begins a tune")
        self.table = np.array([_meaning(token) for token in self.vocabulary], "float32")

    @property
    def output_size(self) -> int:
        """Tokens, two times, bars and parts."""
        return len(self.vocabulary) + 2 * HALVES + BARS + PARTS

    def get_initial_state(self, batch_size=None):
        """Nothing has been counted."""
        return [ops.zeros((batch_size, self.state_size))]

    def call(self, inputs, states, training: bool = False):
        """One token.

        Args:
            inputs: One-hot tokens of shape (batch, tokens).
            states: A list of one tensor of shape (batch, 8).
            training: Of no importance here.

        Returns:
            Tensor of shape (batch, output_size), and the list of the new state.
        """
        metre, gone, upbeat, first, triplet, eighth, bars, parts = ops.unstack(states[0], axis=1)
        start, new_metre, note, more, opens, line, border, ending = ops.unstack(
            ops.matmul(inputs, self.table), axis=1
        )
        eighth = _where(note, _where(triplet, 2 / 3, 1.0), eighth)
        triplet = _where(opens, 3.0, ops.maximum(triplet - note, 0.0))
        gone = gone + eighth * (note + more)

        ends = line * ops.cast(gone > 0, "float32")  # of two bar lines in a row one counts
        short = ops.cast(gone < metre - 0.01, "float32")
        upbeat = _where(ends * first, short * gone, upbeat)
        bars = bars + ends * ops.cast(gone + upbeat > metre - 0.01, "float32") * (1 - first * short)
        parts = parts + ends * border
        gone = gone * (1 - line)
        first = _where(ends, border, first) * (1 - ending)
        bars = bars * (1 - border)

        metre = _where(new_metre, new_metre, metre)
        metre, gone, upbeat, bars, parts = (
            count * (1 - start) for count in (metre, gone, upbeat, bars, parts)
        )
        first = _where(start, 1.0, first)
        told = [
            inputs,
            _one_hot(2 * (metre - gone) + 1, HALVES),
            _one_hot(2 * (metre - upbeat - gone) + 1, HALVES),
            _one_hot(bars, BARS),
            _one_hot(parts, PARTS),
        ]
        state = ops.stack([metre, gone, upbeat, first, triplet, eighth, bars, parts], axis=1)
        return ops.concatenate(told, axis=1), [state]

    def get_config(self) -> dict:
        """What the constructor needs to make the cell again."""
        return super().get_config() | {"vocabulary": self.vocabulary}


def _meaning(token: str) -> tuple[float, ...]:
    """What a token says to the counter, in the order in which ``call`` reads it."""
    what = abc.kind(token)
    return (
        what == "start",
        8 * abc.bar_length(token[2:-1]) if what == "metre" else 0,
        what in ("note", "rest"),
        abc.eighths(token) - 1 if what == "length" else 0,
        what == "triplet",
        what in ("line", "ending"),
        token in abc.BORDERS,
        what == "ending",
    )


def _where(condition, yes, no):
    return ops.where(condition != 0, yes, no)


def _one_hot(number, size: int):
    return ops.one_hot(ops.cast(ops.round(ops.clip(number, 0, size - 1)), "int32"), size)
