"""The model to beat: what came next after the last few tokens, counted (Kneser and Ney, 1995)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np


class NGram:
    """An n-gram model, interpolated and smoothed after Kneser and Ney.

    A context that was seen gives a little of its probability, ``discount`` of a count for each
    token seen in it, to what the next shorter context says; the shortest gives it to all tokens
    alike. A shorter context counts in how many longer ones a token was seen, not how often.

    Args:
        order: Tokens looked at, the one to be told included: 3 is a trigram model.
        tokens: Size of the vocabulary.
        discount: From 0 to 1.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(self, order: int, tokens: int, discount: float = 0.75):
        if order < 1:
            raise ValueError(f"order must be at least 1, got {order}")
        if tokens < 1:
            raise ValueError(f"tokens must be at least 1, got {tokens}")
        if not 0 < discount < 1:
            raise ValueError(f"discount must be between 0 and 1, got {discount}")
        self.order, self.tokens, self.discount = order, tokens, discount
        self._counts: list[dict[tuple, dict[int, int]]] = [{} for _ in range(order)]

    def fit(self, sequences: Sequence[Sequence[int]], clues: Sequence[Sequence] = ()) -> NGram:
        """Count.

        Args:
            sequences: Tokens, from 0 to ``tokens - 1``; the first of each is only looked back at.
            clues: Something hashable known before each token, as many as there are tokens, a
                sequence each; the shortest context but one is this clue alone. None by default.

        Returns:
            The model itself.
        """
        reach = self.order - 1
        for i, sequence in enumerate(sequences):
            known = clues[i] if len(clues) else None
            for t in range(1, len(sequence)):
                near = sequence[max(0, t - reach) : t]
                history = self.history(near, None if known is None else known[t])
                context, token = history[: self.order - 1], sequence[t]
                for k in range(len(context), -1, -1):
                    seen = self._counts[k].setdefault(context[:k], {})
                    seen[token] = seen.get(token, 0) + 1
                    if seen[token] > 1:
                        break  # nothing new for the shorter contexts
        return self

    def history(self, before: Sequence[int], clue: Hashable = None) -> tuple:
        """What the model looks at: the clue, if any, and the last tokens, the nearest first."""
        reach = self.order - 1
        near = tuple(before[: -reach - 1 : -1]) if reach else ()
        return near if clue is None else (clue, *near)

    @property
    def size(self) -> int:
        """How many counts it holds: what weights are to a network."""
        return sum(len(seen) for level in self._counts for seen in level.values())

    def probabilities(self, history: tuple) -> np.ndarray:
        """What comes next: array of shape (tokens,), summing to 1.

        Args:
            history: As :meth:`history` gives it.
        """
        result = np.full(self.tokens, 1 / self.tokens)
        for k in range(min(self.order - 1, len(history)) + 1):
            seen = self._counts[k].get(tuple(history[:k]))
            if not seen:
                break
            total = sum(seen.values())
            result *= self.discount * len(seen) / total
            for token, count in seen.items():
                result[token] += (count - self.discount) / total
        return result

    def _of_one(self, history: tuple, token: int) -> float:
        """The probability of one token: its entry in :meth:`probabilities`, without the others."""
        result = 1 / self.tokens
        for k in range(min(self.order - 1, len(history)) + 1):
            seen = self._counts[k].get(tuple(history[:k]))
            if not seen:
                break
            own = max(seen.get(token, 0) - self.discount, 0.0)
            result = (result * self.discount * len(seen) + own) / sum(seen.values())
        return result

    def nats(self, sequences: Sequence[Sequence[int]], clues: Sequence[Sequence] = ()) -> float:
        """Mean of -log p over the tokens behind the first of each sequence."""
        return float(self.losses(sequences, clues).mean())

    def losses(
        self, sequences: Sequence[Sequence[int]], clues: Sequence[Sequence] = ()
    ) -> np.ndarray:
        """-log p of each token behind the first of its sequence, one sequence after the other."""
        losses = []
        for i, sequence in enumerate(sequences):
            for t in range(1, len(sequence)):
                clue = clues[i][t] if len(clues) else None
                near = sequence[max(0, t - self.order + 1) : t]
                losses.append(-np.log(self._of_one(self.history(near, clue), sequence[t])))
        return np.array(losses)

    def draw(
        self,
        start: int,
        length: int,
        rng: np.random.Generator,
        temperature: float = 1.0,
        clue: Callable[[list[int]], Hashable] | None = None,
    ) -> list[int]:
        """Draw a sequence, up to and with the next ``start`` or the limit.

        Args:
            start: The token that begins and ends a sequence.
            length: Most tokens to draw.
            rng: Where chance comes from.
            temperature: Probabilities are raised to one over it.
            clue: Gives the clue for what follows the tokens so far.

        Raises:
            ValueError: If temperature is not above 0.
        """
        if not temperature > 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        drawn = [start]
        for _ in range(length):
            p = self.probabilities(self.history(drawn, clue(drawn) if clue else None))
            p **= 1 / temperature
            drawn.append(int(rng.choice(self.tokens, p=p / p.sum())))
            if drawn[-1] == start:
                break
        return drawn
