"""The model to beat: what came next after the last few tokens, counted (Kneser and Ney, 1995)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from rnncourse import arguments


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
        arguments.whole("order", order, most=100)
        arguments.whole("tokens", tokens, most=arguments.MANY)
        if not 0 < arguments.number("discount", discount) < 1:
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

        Raises:
            ValueError: If a token is none, or the clues are not as many as the tokens.
            TypeError: If an argument is of another kind.
        """
        self._check(sequences, clues)
        reach = self.order - 1
        for i, sequence in enumerate(sequences):
            known = clues[i] if len(clues) else None
            for t in range(1, len(sequence)):
                near = sequence[max(0, t - reach) : t]
                clue = None if known is None else known[t]
                context, token = self._seen(near, clue)[:reach], sequence[t]
                for k in range(len(context), -1, -1):
                    seen = self._counts[k].setdefault(context[:k], {})
                    seen[token] = seen.get(token, 0) + 1
                    if seen[token] > 1:
                        break  # nothing new for the shorter contexts
        return self

    def history(self, before: Sequence[int], clue: Hashable = None) -> tuple:
        """What the model looks at: the clue, if any, and the last tokens, the nearest first.

        Raises:
            TypeError: If before is no list, or the clue not hashable.
        """
        arguments.items("before", before)
        return self._seen(before, arguments.instance("clue", clue, Hashable))

    def _seen(self, before: Sequence[int], clue: Hashable) -> tuple:
        near = tuple(before[: -self.order : -1])
        return near if clue is None else (clue, *near)

    @property
    def size(self) -> int:
        """How many counts it holds: what weights are to a network."""
        return sum(len(seen) for level in self._counts for seen in level.values())

    def probabilities(self, history: tuple) -> np.ndarray:
        """What comes next: array of shape (tokens,), summing to 1.

        Args:
            history: As :meth:`history` gives it.

        Raises:
            TypeError: If history is no tuple of hashable things.
        """
        for part in arguments.instance("history", history, tuple):
            arguments.instance("history", part, Hashable)
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
        """Mean of -log p over the tokens behind the first of each sequence.

        Raises:
            ValueError: As :meth:`losses`, or if there is no token to be told.
            TypeError: As :meth:`losses`.
        """
        losses = self.losses(sequences, clues)
        if not len(losses):
            raise ValueError("sequences must hold at least two tokens in one, got no such sequence")
        return float(losses.mean())

    def losses(
        self, sequences: Sequence[Sequence[int]], clues: Sequence[Sequence] = ()
    ) -> np.ndarray:
        """-log p of each token behind the first of its sequence, one sequence after the other.

        Raises:
            ValueError: If a token is none, or the clues are not as many as the tokens.
            TypeError: If an argument is of another kind.
        """
        self._check(sequences, clues)
        losses = []
        for i, sequence in enumerate(sequences):
            for t in range(1, len(sequence)):
                clue = clues[i][t] if len(clues) else None
                near = sequence[max(0, t - self.order + 1) : t]
                losses.append(-np.log(self._of_one(self._seen(near, clue), sequence[t])))
        return np.array(losses)

    def _check(self, sequences, clues) -> None:
        """Tokens from 0 to ``tokens - 1``, and if there are clues, one for each."""
        lengths = []
        for sequence in arguments.items("sequences", sequences):
            lengths.append(len(arguments.items("sequences", sequence)))
            arguments.whole_numbers("sequences", sequence, 0, self.tokens - 1)
        if len(arguments.items("clues", clues)):
            for clue in clues:
                for part in arguments.items("clues", clue):
                    arguments.instance("clues", part, Hashable)
            if [len(clue) for clue in clues] != lengths:
                raise ValueError(f"clues must be as many as sequences have tokens, {lengths}")

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
            ValueError: If temperature is not above 0, or a number out of its range.
            TypeError: If an argument is of another kind.
        """
        arguments.whole("start", start, 0, self.tokens - 1)
        arguments.whole("length", length, 0)
        arguments.generator("rng", rng)
        arguments.number("temperature", temperature, above=0)
        if clue is not None and not callable(clue):
            raise TypeError(f"clue must be a function, got {arguments.what(clue)}")
        drawn = [start]
        for _ in range(length):
            p = self.probabilities(self.history(drawn, clue(drawn) if clue else None))
            p = (p / p.max()) ** (1 / max(temperature, 1e-9))
            drawn.append(int(rng.choice(self.tokens, p=p / p.sum())))
            if drawn[-1] == start:
                break
        return drawn
