"""Drawing sequences from a model, one token at a time, each fed back as the next input.

The whole loop is one compiled graph: the state stays in it, and Python is asked once a sequence,
not once a token. Chance comes from NumPy's generator, so that the same seed draws the same tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnncourse import arguments

Step = Callable[[tf.Tensor, Any], tuple[tf.Tensor, Any]]


@dataclass(frozen=True)
class Drawn:
    """Sequences that have been drawn.

    Attributes:
        tokens: Integers of shape (count, time), the primer included; past its end a sequence
            repeats its last token.
        lengths: Integers of shape (count,): tokens up to and with what stopped it.
        stopped: Booleans of shape (count,): False where the limit came first.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    stopped: np.ndarray

    def sequences(self) -> list[np.ndarray]:
        """One array a sequence, cut at its end."""
        return [row[:length] for row, length in zip(self.tokens, self.lengths, strict=True)]


class Sampler:
    """Draws from a model that says, token by token, what may come next.

    Args:
        model: A ``keras.Sequential`` from integers (batch, time) to logits (batch, time, tokens),
            of recurrent layers that read forwards and of layers that treat every step alike; or a
            pair ``(step, initial_state)``, where ``step(tokens, state) -> (logits, state)`` with
            tokens of shape (batch,) and logits (batch, tokens), and ``initial_state(batch)``; or a
            list of either, whose probabilities are averaged.
        vocabulary: What each token stands for in a text, in the order of their numbers; needed for
            primers, stops and results in text only.
        jit_compile: Let XLA compile the loop. That takes a second or two for each new shape, and
            makes small models several times as fast.

    Raises:
        TypeError: If the model is none of these, or another argument of another kind.
        ValueError: If the list is empty, a model has a layer that cannot be taken one step at a
            time, or the vocabulary has no name or one twice.
    """

    def __init__(self, model, vocabulary: Iterable[str] | None = None, jit_compile: bool = True):
        self._step, self._initial_state = _stepper(model)
        self.vocabulary = None if vocabulary is None else _names(vocabulary)
        self._number = {name: i for i, name in enumerate(self.vocabulary or ())}
        if len(self._number) != len(self.vocabulary or ()):
            raise ValueError("vocabulary must name each token once")
        self._last = _last_token(model)
        if self.vocabulary is not None:
            self._last = min(self._last, len(self.vocabulary) - 1)
        arguments.yes_or_no("jit_compile", jit_compile)
        self._draw = tf.function(self._loop, jit_compile=jit_compile)

    def draw(
        self,
        primer,
        length: int,
        *,
        count: int = 1,
        temperature: float = 1.0,
        top_k: int | None = None,
        nucleus: float | None = None,
        stop: Sequence = (),
        seed: int = 0,
    ) -> Drawn:
        """Draw sequences that go on from a primer.

        Args:
            primer: Tokens to begin with, of shape (time,), the same for all sequences, or
                (count, time); or a text or list of names, if there is a vocabulary.
            length: Most tokens to draw behind the primer.
            count: Number of sequences; given by the primer if that has one row a sequence.
            temperature: Logits are divided by it: below 1 likely tokens become likelier. From 1e-20
                to 1e20.
            top_k: Draw among so many of the likeliest tokens only; 1 always takes the likeliest.
            nucleus: Draw among the likeliest tokens that together reach this share only (Holtzman
                et al., 2020); looked at after temperature and top_k.
            stop: Where to stop: strings, or lists of tokens; a sequence ends with the first that
                appears behind the primer.
            seed: A non-negative integer. The same seed draws the same, and a longer sequence begins
                like a shorter one.

        Returns:
            The sequences.

        Raises:
            ValueError: If an argument is out of its range, or a text is not in the vocabulary.
            TypeError: If tokens are not integers, or an argument is of another kind.
        """
        primer = self._tokens(primer, "primer")
        length = arguments.whole("length", length, 1, arguments.MANY)
        count = arguments.whole("count", count, 1, arguments.MANY)
        if primer.ndim == 1:
            primer = np.tile(primer, (count, 1))
        elif primer.ndim != 2 or count not in (1, len(primer)):
            raise ValueError(
                f"primer must have the shape (time,) or (count, time) with count {count}, "
                f"got {primer.shape}"
            )
        if 0 in primer.shape:
            raise ValueError(f"primer must hold at least one token, got shape {primer.shape}")
        if not 1e-20 <= arguments.number("temperature", temperature) <= 1e20:
            raise ValueError(
                f"temperature must be above 0, from 1e-20 to 1e20, got {temperature}; "
                "top_k=1 takes the likeliest"
            )
        if top_k is not None:
            top_k = arguments.whole("top_k", top_k)
        if nucleus is not None:
            arguments.number("nucleus", nucleus, above=0, most=1)
        stops = [stop] if isinstance(stop, str) else arguments.iterable("stop", stop)
        stops = tuple(tuple(self._tokens(one, "stop").ravel().tolist()) for one in stops)
        if () in stops:
            raise ValueError("stop must not hold an empty sequence")
        rng = np.random.default_rng(arguments.whole("seed", seed, 0))
        uniform = rng.random((length, len(primer), 1), np.float32)  # (time, count, 1)
        tokens, lengths, stopped = self._draw(
            tf.constant(primer, tf.int32),
            tf.constant(temperature, tf.float32),
            tf.constant(1.0 if nucleus is None else nucleus, tf.float32),
            tf.constant(uniform),
            top_k=top_k,
            sort=top_k is not None or nucleus is not None,
            stops=stops,
        )
        return Drawn(tokens.numpy(), lengths.numpy(), stopped.numpy())

    def text(self, primer, length: int, **options) -> list[str]:
        """Draw texts; everything as for :meth:`draw`.

        Returns:
            One text a sequence: the primer, what was drawn, and what stopped it, if anything did.

        Raises:
            ValueError: As for :meth:`draw`, or if the vocabulary has no name for a token.
            TypeError: As for :meth:`draw`.
        """
        if self.vocabulary is None:
            raise ValueError("vocabulary is needed to draw texts, and the sampler has none")
        sequences = self.draw(primer, length, **options).sequences()
        last, names = max(tokens.max() for tokens in sequences), len(self.vocabulary)
        if last >= names:
            raise ValueError(f"vocabulary must name every token, got {names} names and {last}")
        return ["".join(self.vocabulary[token] for token in tokens) for tokens in sequences]

    def _tokens(self, given, what: str) -> np.ndarray:
        """Tokens as integers, looked up in the vocabulary if they are names."""
        names = [given] if isinstance(given, str) and given in self._number else given
        if isinstance(names, str | list | tuple) and all(isinstance(n, str) for n in names):
            unknown = [name for name in names if name not in self._number]
            if unknown:
                raise ValueError(f"{what} has {unknown[0]!r}, which is not in the vocabulary")
            return np.array([self._number[name] for name in names], np.int32)
        return arguments.integers(what, given, ..., most=self._last).astype(np.int32)

    def _loop(self, primer, temperature, nucleus, uniform, *, top_k, sort, stops):
        """Read the primer, then draw; all of it in the graph."""
        count, known = primer.shape
        length = uniform.shape[0]
        limit = known + length
        state = self._initial_state(count)
        dtypes = tf.nest.map_structure(lambda s: s.dtype, state)
        tokens = tf.concat([tf.transpose(primer), tf.zeros((length, count), tf.int32)], axis=0)

        def read(t, state):
            _, state = self._step(tokens[t], state)
            return t + 1, tf.nest.map_structure(tf.cast, state, dtypes)

        def draw(t, state, tokens, lengths, stopped):
            logits, state = self._step(tokens[t - 1], state)
            drawn = _choose(logits / temperature, uniform[t - known], nucleus, top_k, sort)
            drawn = tf.where(stopped, tokens[t - 1], drawn)
            tokens = tf.tensor_scatter_nd_update(tokens, [[t]], drawn[None])
            lengths += tf.cast(~stopped, tf.int32)
            for stop in stops:
                latest = tf.gather(tokens, tf.maximum(t + 1 - len(stop) + tf.range(len(stop)), 0))
                fits = tf.reduce_all(latest == tf.constant(stop)[:, None], axis=0)
                stopped |= fits & (t + 1 >= known + len(stop))
            return t + 1, tf.nest.map_structure(tf.cast, state, dtypes), tokens, lengths, stopped

        _, state = tf.while_loop(lambda t, _: t < known - 1, read, (0, state))
        _, _, tokens, lengths, stopped = tf.while_loop(
            lambda t, _s, _t, _l, stopped: (t < limit) & ~tf.reduce_all(stopped),
            draw,
            (known, state, tokens, tf.fill([count], known), tf.zeros([count], tf.bool)),
        )
        tokens = tf.transpose(tokens)  # (count, time)
        last = tf.gather(tokens, lengths - 1, axis=1, batch_dims=1)[:, None]
        return tf.where(tf.range(limit) < lengths[:, None], tokens, last), lengths, stopped


def _choose(logits, uniform, nucleus, top_k, sort: bool):
    """One token a row: where the running sum of the probabilities passes a uniform number."""
    order = None
    if sort:
        size = logits.shape[-1]
        logits, order = tf.math.top_k(logits, k=min(top_k or size, size))
    probabilities = tf.nn.softmax(logits)
    if sort:
        before = tf.cumsum(probabilities, axis=-1, exclusive=True)
        probabilities = tf.where(before < nucleus, probabilities, 0.0)  # the likeliest always stays
    running = tf.cumsum(probabilities, axis=-1)
    place = tf.argmax(running > uniform * running[:, -1:], axis=-1, output_type=tf.int32)
    return place if order is None else tf.gather(order, place, batch_dims=1)


def _stepper(model) -> tuple[Step, Callable[[int], Any]]:
    """One step of a model, and its state before the first."""
    if isinstance(model, list):
        return _together([_stepper(one) for one in model])
    if isinstance(model, tuple) and len(model) == 2 and all(map(callable, model)):
        return model
    if not isinstance(model, keras.Sequential):
        raise TypeError(
            "model must be a keras.Sequential or a pair (step, initial_state), "
            f"got {type(model).__name__}"
        )
    for layer in model.layers:
        if isinstance(layer, keras.layers.RNN):
            if layer.go_backwards:
                raise ValueError(f"layer {layer.name} reads backwards: it needs the end first")
            if not layer.return_sequences:
                raise ValueError(f"layer {layer.name} must have return_sequences=True")
        elif not isinstance(layer, STEPWISE):
            raise ValueError(
                f"layer {layer.name} ({type(layer).__name__}) cannot be taken one step at a time"
            )

    def step(tokens, state):
        x, new = tokens, []
        for layer in model.layers:
            if isinstance(layer, keras.layers.RNN):
                before = state[len(new)]
                x, after = layer.cell(x, before, training=False)
                new.append(tf.nest.pack_sequence_as(before, tf.nest.flatten(after)))
            elif not isinstance(layer, keras.layers.Dropout):
                x = layer(x)
        return x, new

    def initial_state(batch: int):
        recurrent = [layer for layer in model.layers if isinstance(layer, keras.layers.RNN)]
        return [layer.cell.get_initial_state(batch_size=batch) for layer in recurrent]

    return step, initial_state


def _together(steppers: list) -> tuple[Step, Callable[[int], Any]]:
    """One step of several models: the logarithm of the mean of their probabilities."""
    if not steppers:
        raise ValueError("model must be at least one, got an empty list")

    def step(tokens, states):
        said = [one(tokens, state) for (one, _), state in zip(steppers, states, strict=True)]
        each = tf.stack([tf.nn.log_softmax(logits) for logits, _ in said])
        return tf.reduce_logsumexp(each, axis=0), [state for _, state in said]

    return step, lambda batch: [initial_state(batch) for _, initial_state in steppers]


STEPWISE = (
    keras.layers.Embedding,
    keras.layers.Dense,
    keras.layers.Dropout,
    keras.layers.Activation,
    keras.layers.LayerNormalization,
)


def _names(vocabulary: Iterable[str]) -> list[str]:
    """The names in a vocabulary; a string names its characters."""
    if not isinstance(vocabulary, str):
        arguments.iterable("vocabulary", vocabulary)
    return arguments.texts("vocabulary", list(vocabulary), 1)


def _last_token(model) -> int:
    """The largest token that can be looked up, as far as that can be told."""
    if isinstance(model, list):
        return min(map(_last_token, model))
    layers = getattr(model, "layers", ())
    sizes = [one.input_dim for one in layers if isinstance(one, keras.layers.Embedding)]
    return min(sizes, default=arguments.LARGEST) - 1
