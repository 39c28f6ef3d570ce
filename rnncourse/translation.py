"""Translating: an encoder reads a sentence, a decoder writes it in another language.

Sentences are integers (batch, time) as :mod:`rnncourse.subwords` makes them: each ends in END, and
behind it there is PADDING. The network of 2014 hands a single vector from one to the other
(Cho et al.; Sutskever et al.); that of 2015 lets the decoder look back at every word
(Bahdanau et al.; Luong et al.).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from rnncourse import arguments, training
from rnncourse.datasets import Sentence, normalised
from rnncourse.fast_gru import FastGRU
from rnncourse.subwords import BEGIN, END, PADDING, Subwords, padded

NEVER = -1e9  # a logit, or the logarithm of a probability


@keras.saving.register_keras_serializable(package="rnncourse")
class Translator(keras.Model):
    """Sequence to vector to sequence, with or without a look back.

    Args:
        source: Size of the vocabulary that is read.
        target: Size of the vocabulary that is written.
        units: Size of the vector between the two, and of what the encoder keeps of each word.
        embedding: Size of the vectors that stand for words.
        bidirectional: Two encoders of ``units / 2``, one in either direction. Otherwise there is
            one of ``units``, and it begins at the end of the sentence.
        attention: Whether the decoder looks at the states of the encoder.
        dropout: Share of the numbers that are zeroed while it learns.

    Raises:
        ValueError: If a size is not positive, ``units`` is odd, or ``dropout`` not in [0, 1).
        TypeError: If an argument is of another kind.
    """

    encodes = True  # whether a network of its own reads the sentence

    def __init__(
        self,
        source: int,
        target: int,
        units: int = 256,
        embedding: int = 128,
        bidirectional: bool = True,
        attention: bool = True,
        dropout: float = 0.2,
        **kwargs,
    ):
        super().__init__(**kwargs)
        source = arguments.whole("source", source, most=arguments.MANY)
        target = arguments.whole("target", target, most=arguments.MANY)
        units = arguments.whole("units", units, most=arguments.MANY)
        embedding = arguments.whole("embedding", embedding, most=arguments.MANY)
        if units % 2:
            raise ValueError(f"units must be even, got {units}")
        arguments.yes_or_no("bidirectional", bidirectional)
        arguments.yes_or_no("attention", attention)
        arguments.number("dropout", dropout, least=0, below=1)
        self.sizes = {"source": source, "target": target, "units": units, "embedding": embedding}
        self.bidirectional, self.attention, self.dropout = bidirectional, attention, dropout
        self.read = keras.layers.Embedding(source, embedding, name="read")
        self.write = keras.layers.Embedding(target, embedding, name="write")
        each = units // 2 if bidirectional else units
        both = {"return_sequences": True, "return_state": True}
        if self.encodes:
            self.backward = FastGRU(each, go_backwards=True, name="backward", **both)
        self.forward = FastGRU(each, name="forward", **both) if bidirectional else None
        self.decoder = FastGRU(units, name="decoder", **both)
        if attention:
            self.query = keras.layers.Dense(units, use_bias=False, name="query")
            self.key = keras.layers.Dense(units, name="key")
            self.score = keras.layers.Dense(1, use_bias=False, name="score")
        self.combine = keras.layers.Dense(embedding, "tanh", name="combine")

    def encode(self, sentences, drop=lambda x: x):
        """Read sentences (batch, read).

        Returns:
            What the decoder may look at, and the vector (batch, units) that it begins with.
        """
        mask = sentences > PADDING
        x = drop(self.read(sentences))  # (batch, read, embedding)
        states, vector = self.backward(x, mask=mask)
        states = ops.flip(states, axis=1)  # back in the order of the words
        if self.bidirectional:
            ahead, last = self.forward(x, mask=mask)
            states = ops.concatenate([ahead, states], axis=-1)  # (batch, read, units)
            vector = ops.concatenate([last, vector], axis=-1)
        if not self.attention:
            return (), vector
        states = drop(states)
        return (states, self.key(states), mask), vector

    def attend(self, state, memory):
        """Look back at what was read, from states of the decoder (batch, written, units).

        Returns:
            The mean of the encoder's states (batch, written, units), weighted by (batch, written,
            read).
        """
        states, keys, mask = memory
        together = ops.tanh(self.query(state)[:, :, None] + keys[:, None])
        # self.score(together), which may crash where Keras 3.12 leaves it to TensorFlow 2.21
        scores = ops.tensordot(together, self.score.kernel, axes=1)
        scores = ops.squeeze(scores, axis=-1)  # (batch, written, read)
        weights = tf.nn.softmax(ops.where(mask[:, None], scores, NEVER))
        return ops.matmul(weights, states), weights

    def decode(self, words, vector, memory, drop=lambda x: x):
        """Say what follows each of some words (batch, written).

        Returns:
            Logits (batch, written, target), the last state (batch, units), and the weights of the
            look back, or None.
        """
        states, last = self.decoder(drop(self.write(words)), initial_state=vector)
        states, weights = drop(states), None
        if self.attention:
            context, weights = self.attend(states, memory)
            states = ops.concatenate([context, states], axis=-1)
        return self.answer(states, drop), last, weights

    def answer(self, states, drop=lambda x: x):
        """Logits (batch, written, target): how well each word's own vector fits."""
        said = drop(self.combine(states))  # (batch, written, embedding)
        return ops.matmul(said, ops.transpose(self.write.embeddings)) + self.bias

    def call(self, sentences, words, noise=None):
        """Logits for what follows each of the words, which are given; see :func:`dropper`."""
        drop = dropper(self.dropout, noise)
        memory, vector = self.encode(sentences, drop)
        return self.decode(words, vector, memory, drop)[0]

    def chances(self, read: int, written: int) -> int:
        """How many numbers of a sentence may be zeroed.

        Raises:
            ValueError: If a length is negative.
            TypeError: If it is no whole number.
        """
        read, written = arguments.whole("read", read, 0), arguments.whole("written", written, 0)
        units, embedding = self.sizes["units"], self.sizes["embedding"]
        states = read * units if self.attention else 0
        return read * embedding + states + written * (2 * embedding + units)

    def build(self, input_shape=None):
        """Make the weights; they are the same for sentences of any length."""
        if not self.built:
            self._build(inputs=self.sizes["embedding"])

    def _build(self, inputs: int) -> None:
        units, embedding = self.sizes["units"], self.sizes["embedding"]
        self.read.build((None, None))
        self.write.build((None, None))
        if self.encodes:
            self.backward.build((None, None, embedding))
        if self.bidirectional:
            self.forward.build((None, None, embedding))
        self.decoder.build((None, None, inputs))
        if self.attention:
            for layer in (self.query, self.key, self.score):
                layer.build((None, None, units))
        self.combine.build((None, None, 2 * units if self.attention else units))
        self.bias = self.add_weight(shape=(self.sizes["target"],), initializer="zeros", name="bias")

    def get_config(self) -> dict:
        """What the constructor needs to make the model again."""
        kinds = {"bidirectional": self.bidirectional, "attention": self.attention}
        return {"name": self.name, **self.sizes, **kinds, "dropout": self.dropout}


@keras.saving.register_keras_serializable(package="rnncourse")
class OnTheFly(Translator):
    """One recurrent layer that reads a word and writes a word at each step.

    Args:
        source: Size of the vocabulary that is read.
        target: Size of the vocabulary that is written.
        delay: Words that are read before the first is written.
        kwargs: As for :class:`Translator`, which has the other two arguments of its own.

    Raises:
        ValueError: As for :class:`Translator`, or if delay is negative.
        TypeError: If an argument is of another kind.
    """

    encodes = False

    def __init__(self, source: int, target: int, delay: int = 0, **kwargs):
        super().__init__(source, target, **kwargs | {"bidirectional": False, "attention": False})
        self.delay = arguments.whole("delay", delay, 0, arguments.MANY)

    def encode(self, sentences, drop=lambda x: x):
        """Read the words of the delay; the others are left for :meth:`decode`.

        Returns:
            The words' vectors, a row of zeros behind them, and the state with the place reached.
        """
        x = drop(self.read(sentences)) * ops.cast(sentences > PADDING, "float32")[..., None]
        x = ops.pad(x, [(0, 0), (0, 1 + self.delay), (0, 0)])
        state = self.decoder.cell.get_initial_state(batch_size=ops.shape(x)[0])[0]
        if self.delay:
            first = x[:, : self.delay]
            _, state = self.decoder(ops.concatenate([first, 0 * first], -1), initial_state=state)
        return (x,), ops.pad(state, [(0, 0), (0, 1)])

    def decode(self, words, vector, memory, drop=lambda x: x):
        """As that of :class:`Translator`; each step also reads the next word."""
        (x,), written = memory, ops.shape(words)[1]
        place = ops.cast(vector[0, -1], "int32") + self.delay + ops.arange(written)
        read = ops.take(x, ops.minimum(place, ops.shape(x)[1] - 1), axis=1)
        inputs = ops.concatenate([read, drop(self.write(words))], axis=-1)
        states, last = self.decoder(inputs, initial_state=vector[:, :-1])
        vector = ops.concatenate([last, vector[:, -1:] + ops.cast(written, "float32")], axis=-1)
        return self.answer(drop(states), drop), vector, None

    def build(self, input_shape=None):
        """Make the weights."""
        if not self.built:
            self._build(inputs=2 * self.sizes["embedding"])

    def get_config(self) -> dict:
        """What the constructor needs to make the model again."""
        mine = {"name": self.name, **self.sizes, "dropout": self.dropout}
        return mine | {"delay": self.delay}


def dropper(rate: float, noise=None) -> Callable:
    """Dropout whose chance comes from outside: a function that zeroes a share of its argument.

    XLA draws random numbers slowly, so they are drawn before.

    Args:
        rate: Share to be zeroed; the others grow, so that the mean stays.
        noise: Numbers from 0 to 1, (batch, many), used up from the left. None zeroes nothing.
    """
    used = 0

    def drop(x):
        nonlocal used
        size = int(np.prod(x.shape[1:]))
        mine = tf.reshape(noise[:, used : used + size], x.shape)
        used += size
        return tf.where(mine >= rate, x / (1 - rate), 0.0)

    return drop if noise is not None and rate else lambda x: x


@dataclass(frozen=True)
class Batches:
    """Mini-batches of pairs that are about equally long, in a few shapes.

    Each shape is compiled once, and in none there is much padding.

    Attributes:
        sentences: What is read, a row of numbers a sentence.
        wanted: What is to be written, likewise.
        size: Pairs a mini-batch.
        seed: Of their order.
        shapes: Longest sentence and longest translation of each shape, increasing.
    """

    sentences: Sequence[Sequence[int]]
    wanted: Sequence[Sequence[int]]
    size: int = 128
    seed: int = 0
    shapes: tuple[tuple[int, int], ...] = ()

    def __post_init__(self):
        _check_pairs(self.sentences, self.wanted)
        arguments.whole("size", self.size, most=arguments.MANY)
        arguments.whole("seed", self.seed, 0, arguments.MANY)
        lengths = np.array(
            [[len(s), len(w)] for s, w in zip(self.sentences, self.wanted, strict=True)]
        )
        if not len(arguments.items("shapes", self.shapes)):
            edges = np.stack([np.quantile(lengths, q, axis=0) for q in (0.6, 0.9, 1.0)])
            shapes = dict.fromkeys(tuple(map(int, np.ceil(edge))) for edge in edges)
            object.__setattr__(self, "shapes", tuple(shapes))
        arguments.integers("shapes", self.shapes, None, 2, least=1, most=arguments.MANY)
        fits = (lengths[:, None] <= np.array(self.shapes)).all(axis=-1)  # (pairs, shapes)
        if not fits.any(axis=1).all():
            raise ValueError(f"shapes must hold every pair, got {self.shapes}")
        object.__setattr__(self, "_shape", fits.argmax(axis=1))

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Without end; in each pass every pair comes once, but for less than a batch a shape."""
        rng = np.random.default_rng(self.seed)
        while True:
            batches = []
            for number in range(len(self.shapes)):
                mine = rng.permutation(np.flatnonzero(self._shape == number))
                if 0 < len(mine) < self.size:
                    mine = np.resize(mine, self.size)
                whole = len(mine) // self.size
                batches += list(mine[: whole * self.size].reshape(whole, self.size))
            for i in rng.permutation(len(batches)):
                read, written = self.shapes[self._shape[batches[i][0]]]
                yield (
                    padded([self.sentences[j] for j in batches[i]], read),
                    padded([self.wanted[j] for j in batches[i]], written),
                )


def _check_pairs(sentences, wanted, source: int | None = None, target: int | None = None) -> None:
    """Refuse what are no rows of numbers, or not as many rows in both, or none."""
    most = {"sentences": source, "wanted": target}
    for name, rows in (("sentences", sentences), ("wanted", wanted)):
        for row in arguments.items(name, rows):
            arguments.items(name, row)
        if everything := list(chain.from_iterable(rows)):
            arguments.integers(name, everything, None, most=(most[name] or arguments.LARGEST) - 1)
        if not all(map(any, rows)):
            raise ValueError(f"{name} must be one number or more each, got a row without")
    if len(sentences) != len(wanted) or not len(sentences):
        raise ValueError(
            "wanted must be as many as sentences, and not none, "
            f"got {len(wanted)} and {len(sentences)}"
        )


def begun(wanted):
    """What the decoder is given, (batch, time): BEGIN, and then each right word but the last."""
    return tf.concat([tf.fill([tf.shape(wanted)[0], 1], BEGIN), wanted[:, :-1]], axis=1)


def loss(model: keras.Model, sentences, wanted, noise, smoothing: float = 0.1):
    """The cross-entropy, averaged over all words that count.

    Args:
        model: The network, called with sentences, words and noise.
        sentences: Integers (batch, read).
        wanted: Integers (batch, written).
        noise: As for :func:`dropper`.
        smoothing: Share of the probability that is asked for from all words alike.
    """
    counts = tf.cast(wanted > PADDING, "float32")  # (batch, written)
    logits = model(sentences, begun(wanted), noise=noise)
    floor = smoothing / logits.shape[-1]
    asked = tf.one_hot(wanted, logits.shape[-1], 1 - smoothing + floor, floor)
    losses = tf.nn.softmax_cross_entropy_with_logits(asked, logits)
    return tf.reduce_sum(counts * losses) / tf.reduce_sum(counts)


@arguments.checked
def train(
    model: keras.Model,
    optimizer,
    batches: Batches,
    steps: int,
    *,
    smoothing: float = 0.1,
    watch: Callable[[int], None] | None = None,
    **how,
) -> training.History:
    """Train on pairs of sentences; the step is compiled once a shape.

    Args:
        model: The network.
        optimizer: A Keras optimiser.
        batches: The pairs; their size must be divisible by the number of parts.
        steps: Number of mini-batches.
        smoothing: As for :func:`loss`.
        watch: Called with the number of steps made, after each; its time is not counted.
        how: As for :func:`rnncourse.training.compiled_step`.

    Returns:
        The loss of each step, and the wall-clock time, compiling included.

    Raises:
        ValueError: If the network does not know a number in the pairs, a mini-batch cannot be taken
            in parts, or a number is out of its range.
        TypeError: If an argument is of another kind.
    """
    arguments.whole("steps", steps)
    arguments.number("smoothing", smoothing, least=0, most=1)
    sizes = arguments.instance("model", model, Translator).sizes
    try:
        _check_pairs(batches.sentences, batches.wanted, sizes["source"], sizes["target"])
    except ValueError as error:
        raise ValueError(f"batches must be of words that the model knows: {error}") from error
    if batches.size % arguments.whole("parts", how.get("parts", 2)):
        raise ValueError(f"batches must be of a size that parts divide, got {batches.size}")
    model.build()

    def with_noise():
        for number, (sentences, wanted) in zip(range(1, steps + 1), batches, strict=False):
            (size, read), written = sentences.shape, wanted.shape[1]
            seed = (1000 * batches.seed + number, 0)
            shape = (size, model.chances(read, written))
            yield sentences, wanted, tf.random.stateless_uniform(shape, seed)

    step = training.compiled_step(
        partial(loss, model, smoothing=smoothing), model.trainable_variables, optimizer, **how
    )
    return training.take_steps(step, with_noise(), watch)


@tf.function(reduce_retracing=True)
def search(model: Translator, sentences, steps: int, width: int = 1, power: float = 1.0):
    """Write translations word by word, keeping the best beginnings.

    Args:
        model: The network.
        sentences: Integers (batch, read).
        steps: The most that is written.
        width: How many beginnings of each translation are kept; 1 takes the likeliest word each
            time.
        power: In the end the translation with the largest ``log p / length ** power`` is taken.

    Returns:
        Integers (batch, at most ``steps``), 0 behind the end, and their ``log p``, (batch,).
    """
    memory, vector = model.encode(sentences)
    memory, state = tf.nest.map_structure(lambda x: tf.repeat(x, width, axis=0), (memory, vector))
    batch, words = tf.shape(sentences)[0], model.sizes["target"]
    # all beginnings are the same at first, so only one may be gone on with
    logs = tf.tile(tf.constant([[0.0] + [NEVER] * (width - 1)]), [batch, 1])  # (batch, width)
    last, ended = tf.fill([batch * width], BEGIN), tf.fill([batch * width], False)
    written = tf.zeros([batch, width, 0], tf.int32)
    number = tf.range(words)
    unwritable = NEVER * tf.cast(number < END, "float32")
    nothing = tf.where(number == PADDING, 0.0, NEVER)  # after the end
    for _ in tf.range(steps):
        tf.autograph.experimental.set_loop_options(
            shape_invariants=[
                (written, tf.TensorShape([None, width, None])),
                (logs, tf.TensorShape([None, width])),
                (state, tf.TensorShape([None, None])),
                (last, tf.TensorShape([None])),
                (ended, tf.TensorShape([None])),
            ]
        )
        logits, state, _ = model.decode(last[:, None], state, memory)
        ahead = tf.nn.log_softmax(logits[:, 0]) + unwritable  # (batch * width, words)
        ahead = tf.where(ended[:, None], nothing, ahead)
        both = tf.reshape(tf.reshape(logs, [-1, 1]) + ahead, [batch, width * words])
        logs, place = tf.math.top_k(both, width)
        of, new = place // words, place % words
        written = tf.concat([tf.gather(written, of, batch_dims=1), new[:, :, None]], axis=2)
        row = tf.reshape(of + width * tf.range(batch)[:, None], [-1])
        last = tf.reshape(new, [-1])
        state, ended = tf.gather(state, row), tf.gather(ended, row) | (last == END)
        if tf.reduce_all(ended):
            break
    lengths = tf.reduce_sum(tf.cast(written > PADDING, "float32"), axis=2)
    best = tf.argmax(logs / tf.maximum(lengths, 1.0) ** power, axis=1)
    return tf.gather(written, best, batch_dims=1), tf.gather(logs, best, batch_dims=1)


@dataclass(frozen=True)
class Interpreter:
    """A network together with the words it reads and writes.

    Attributes:
        model: The network.
        source: What it reads.
        target: What it writes.
        longest: Pieces of the longest sentence that it takes.
    """

    model: Translator
    source: Subwords
    target: Subwords
    longest: int = 60

    def translate(
        self, texts: Sequence[str], width: int = 1, power: float = 1.0, batch_size: int = 250
    ) -> list[str]:
        """Translate sentences.

        What has no word in it is translated by nothing. Letters that were never seen are read as
        unknown, and something is written all the same. Sentences that are equally long are
        translated together, so that none depends on which others there are.

        Args:
            texts: The sentences.
            width: As for :func:`search`.
            power: As for :func:`search`.
            batch_size: Sentences at a time.

        Raises:
            TypeError: If the texts are one string, or one of them is none, or another argument is
                of another kind.
            ValueError: If a sentence is too long, or a number out of its range.
        """
        width = arguments.whole("width", width, most=1000)
        power = arguments.number("power", power, least=0, most=100)
        batch_size = arguments.whole("batch_size", batch_size)
        rows = self.encoded(texts)
        said = [""] * len(rows)
        lengths = np.array([len(row) for row in rows], int)
        for length in sorted({*lengths.tolist()} - {1}):  # the end alone is translated by nothing
            same = np.flatnonzero(lengths == length)
            steps = tf.constant(2 * length + 5)
            for some in np.split(same, range(batch_size, len(same), batch_size)):
                sentences = tf.constant(padded([rows[i] for i in some]))
                written, _ = search(self.model, sentences, steps, width, power)
                for i, row in zip(some, written.numpy(), strict=True):
                    said[i] = self.target.decode(row)
        return said

    def encoded(self, texts: Sequence[str]) -> list[list[int]]:
        """The numbers of sentences.

        Raises:
            TypeError: If texts are no list of strings.
            ValueError: If one is too long.
        """
        rows = [self.source.encode(normalised(text)) for text in arguments.texts("texts", texts)]
        for text, row in zip(texts, rows, strict=True):
            if len(row) > self.longest:
                raise ValueError(
                    f"texts must have at most {self.longest} pieces each, "
                    f"got {len(row)}: {text[:40]!r}"
                )
        return rows

    def looks(self, text: str, width: int = 1) -> tuple[list[str], list[str], np.ndarray]:
        """What is read, what is written, and where the decoder looks: (written, read).

        Raises:
            TypeError: If an argument is of another kind.
            ValueError: If the text is too long, width out of its range, or the network does not
                look back.
        """
        width = arguments.whole("width", width, most=1000)
        if not self.model.attention:
            raise ValueError("model must have attention, got one that does not look back")
        (row,) = self.encoded([arguments.text("text", text)])
        sentences = tf.constant([row])
        written, _ = search(self.model, sentences, tf.constant(2 * len(row) + 5), width)
        memory, vector = self.model.encode(sentences)
        _, _, weights = self.model.decode(begun(written), vector, memory)
        named = [
            [v.pieces[i] for i in r] for v, r in ((self.source, row), (self.target, written[0]))
        ]
        return *named, weights[0].numpy()


@dataclass(frozen=True)
class Scores:
    """How good translations are.

    Attributes:
        all: BLEU against all translations of a sentence that are known.
        one: BLEU against the first of them.
        exact: Share of sentences that are one of them, letter for letter, but for capitals.
        signature: What sacrebleu says of how it counted, for ``one``.
    """

    all: float
    one: float
    exact: float
    signature: str


def scores(said: Sequence[str], sentences: Sequence[Sentence]) -> Scores:
    """Compare translations with what people wrote, by sacrebleu (Post, 2018), in lower case.

    Raises:
        ValueError: If there are none, or not one for each sentence, or nobody translated one.
        TypeError: If an argument is of another kind.
    """
    import sacrebleu

    arguments.texts("said", said)
    for sentence in arguments.items("sentences", sentences, Sentence):
        arguments.texts("sentences", sentence.french, 1)
    if not len(said) or len(said) != len(sentences):
        raise ValueError(f"said must be {len(sentences)} translations, got {len(said)}")
    most = max(len(s.french) for s in sentences)
    references = [
        [s.french[k] if k < len(s.french) else None for s in sentences] for k in range(most)
    ]
    bleu = sacrebleu.BLEU(lowercase=True)
    of_all = bleu.corpus_score(list(said), references).score
    of_one = bleu.corpus_score(list(said), references[:1]).score
    exact = [
        text.lower() in {f.lower() for f in s.french}
        for text, s in zip(said, sentences, strict=True)
    ]
    return Scores(of_all, of_one, float(np.mean(exact)), str(bleu.get_signature()))


def token_accuracy(
    model: Translator, sentences: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]
) -> float:
    """Share of the pieces that are the likeliest where all before them is given; no padding.

    Raises:
        ValueError: If there are no pairs, a row is empty, or the network does not know a number.
        TypeError: If an argument is of another kind.
    """
    sizes = arguments.instance("model", model, Translator).sizes
    _check_pairs(sentences, wanted, sizes["source"], sizes["target"])
    right = count = 0
    for start in range(0, len(wanted), 250):
        read, asked = padded(sentences[start : start + 250]), padded(wanted[start : start + 250])
        said = np.asarray(_likeliest(model, tf.constant(read), tf.constant(asked)))
        right += int(((said == asked) & (asked > PADDING)).sum())
        count += int((asked > PADDING).sum())
    return right / count


@tf.function(reduce_retracing=True)
def _likeliest(model, sentences, wanted):
    return tf.argmax(model(sentences, begun(wanted)), axis=-1, output_type=tf.int32)
