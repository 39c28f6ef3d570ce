"""Vector to sequence: a small convolutional network sees a picture, a GRU writes what it saw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from rnncourse import arguments, scenes
from rnncourse.fast_gru import FastGRU
from rnncourse.training import History, compiled_step, take_steps, warmup_cosine

SLOWEST = 4.0  # bias of the update gate: a unit that keeps 98 % of itself from word to word
PIXELS = scenes.SIDE * scenes.CELL
LAST_WORD = len(scenes.WORDS) - 1
KINDS = 11  # of cells: ten digits, and nothing
SEEN = (scenes.SIDE + 1) ** 2 * KINDS  # chances of each cell, and their sums


def eye() -> keras.Model:
    """A network from pictures (batch, height, width), 0 to 255, to what is in each of their cells.

    Height and width are multiples of 28. The second convolution looks at each cell once.

    Returns:
        A model whose outputs are logits (batch, rows, columns, 11), the last one for nothing.
    """
    pictures = keras.Input((None, None))
    x = keras.layers.Rescaling(1 / 255)(ops.expand_dims(pictures, -1))
    x = keras.layers.AveragePooling2D(2)(x)
    x = keras.layers.Conv2D(24, 5, padding="same", use_bias=False)(x)
    x = _scaled(keras.layers.MaxPooling2D(2)(x))  # (batch, 7 * rows, 7 * columns, 24)
    x = _scaled(keras.layers.Conv2D(96, 7, 7, use_bias=False)(x))  # (batch, rows, columns, 96)
    return keras.Model(pictures, keras.layers.Dense(KINDS)(x), name="eye")


def _scaled(x):
    """Each feature brought to mean 0 and variance 1 over the batch; then ReLU."""
    return keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))


@arguments.checked
def teach(
    model: keras.Model,
    painter: scenes.Painter,
    steps: int,
    rng: np.random.Generator,
    batch_size: int = 64,
    rate: float = 0.006,
) -> History:
    """Teach an eye to read cells, on grids in which every cell has a digit or nothing by chance.

    Args:
        model: Of :func:`eye`.
        painter: Where the digits come from.
        steps: Number of mini-batches.
        rng: Where chance comes from.
        batch_size: Grids in each.
        rate: Highest learning rate.

    Returns:
        Loss over the cells, and the wall-clock time.

    Raises:
        ValueError: If the model is no eye, or a number out of its range.
        TypeError: If an argument is of another kind.
    """
    _check_eye("model", model)
    arguments.whole("steps", steps)
    arguments.whole("batch_size", batch_size, most=arguments.MANY)
    arguments.number("rate", rate, least=0, most=1e6)
    model.compile(
        keras.optimizers.Adam(warmup_cosine(rate, steps, 0.05)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )

    def pictures_and_grids():
        for _ in range(steps):
            grids = rng.integers(0, KINDS, (batch_size, scenes.SIDE, scenes.SIDE))
            yield painter.paint(np.where(grids < 10, grids, -1), rng), grids

    return take_steps(model.train_on_batch, pictures_and_grids())


def _check_eye(name: str, model: keras.Model) -> None:
    arguments.instance(name, model, keras.Model)
    if getattr(model, "output_shape", None) != (None, None, None, KINDS):
        raise ValueError(f"{name} must be an eye, with {KINDS} logits a cell, got another model")


@keras.saving.register_keras_serializable(package="rnncourse")
class Captioner(keras.Model):
    """Sees a picture and writes a sentence, word by word.

    The eye says for each cell what it may be, with chances. The vector is made of these, cell by
    cell, and of their sums over each row, each column and the grid, which tell how many there are.

    Args:
        units: Size of the vector between the two, and of the GRU's state.
        every_step: Whether the vector is given at every step, beside the word, to a GRU that begins
            with zeros; otherwise the GRU begins with it and is not told again.
        features: Numbers a word is looked up as.
        dropout: Share of the vector that is left out in training, which keeps the writer from
            leaning on any one conjunction of what it sees.

    Raises:
        ValueError: If a number is out of its range.
        TypeError: If an argument is of another kind.
    """

    def __init__(
        self,
        units: int = 192,
        every_step: bool = False,
        features: int = 32,
        dropout: float = 0.1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        units = arguments.whole("units", units, most=arguments.MANY)
        features = arguments.whole("features", features, most=arguments.MANY)
        arguments.yes_or_no("every_step", every_step)
        arguments.number("dropout", dropout, least=0, most=1)
        self.units, self.every_step, self.features = units, every_step, features
        self.eye, self.gather = eye(), keras.layers.Dense(units, "tanh")
        self.thin = keras.layers.Dropout(dropout)
        self.words = keras.layers.Embedding(len(scenes.WORDS), features)
        self.writer = FastGRU(units, return_sequences=True, return_state=True)
        self.answer = keras.layers.Dense(len(scenes.WORDS))

    def adopt(self, taught: keras.Model) -> None:
        """Take over an eye that can read, and leave it as it is while the rest is trained.

        Raises:
            ValueError: If the model is no eye.
            TypeError: If it is no model.
        """
        _check_eye("taught", taught)
        self.eye.set_weights(taught.get_weights())
        self.eye.trainable = False

    def vectors(self, pictures, training=False):
        """What is known of pictures (batch, 84, 84): (batch, units)."""
        vectors = self.gather(sums(self.eye(pictures, training=training)))
        return self.thin(vectors, training=training)

    def start(self, vectors):
        """The GRU's first state, (batch, units), for vectors of that shape."""
        return ops.zeros_like(vectors) if self.every_step else vectors

    def inputs(self, vectors, before):
        """What the GRU is given: (batch, time, features), for words (batch, time)."""
        x = self.words(before)
        if not self.every_step:
            return x
        seen = ops.repeat(vectors[:, None], ops.shape(before)[1], axis=1)
        return ops.concatenate([x, seen], axis=-1)

    def call(self, given, training=False):
        """Logits (batch, time, words), for a pair of pictures and sentences.

        Args:
            given: Pictures (batch, 84, 84), and numbers of words (batch, time). What is said of a
                word does not depend on it and on those after it.
            training: Whether a part of the vectors is left out.
        """
        pictures, sentences = given
        vectors = self.vectors(pictures, training)
        before = ops.pad(sentences[:, :-1], [(0, 0), (1, 0)])
        y, _ = self.writer(self.inputs(vectors, before), initial_state=self.start(vectors))
        return self.answer(y)

    def step(self, vectors, before, state):
        """One word further: logits (batch, words) and states, for words (batch,)."""
        x = self.inputs(vectors, before[:, None])[:, 0]
        _, (state,) = self.writer.cell(x, [state])
        return self.answer(state), state

    def build(self, input_shape=None):
        """Make the weights."""
        if self.built:
            return
        self.gather.build((None, SEEN))
        self.words.build((None, None))
        features = self.features + (self.units if self.every_step else 0)
        self.writer.build((None, None, features))
        self.answer.build((None, None, self.units))
        bias = np.zeros(self.writer.cell.bias.shape, "float32")  # (2, gates * units)
        bias[0, : self.units] = np.linspace(0, SLOWEST, self.units)
        self.writer.cell.bias.assign(bias)

    def get_config(self) -> dict:
        """What the constructor needs to make the model again."""
        mine = {"units": self.units, "every_step": self.every_step, "features": self.features}
        return {"name": self.name, "dropout": self.thin.rate, **mine}


def sums(logits):
    """Chances of the cells, and their sums over rows, columns and all: (batch, 176)."""
    cells = ops.softmax(logits)  # (batch, 3, 3, 11)
    lines = ops.concatenate([cells, ops.sum(cells, axis=1, keepdims=True)], axis=1)
    table = ops.concatenate([lines, ops.sum(lines, axis=2, keepdims=True)], axis=2)
    return ops.reshape(table, (-1, SEEN))  # (batch, 4, 4, 11) in a row


@dataclass(frozen=True)
class Written:
    """What has been written.

    Attributes:
        tokens: Numbers of words, (pictures, time), 0 behind the full stop.
        chances: Of the word that was written, float32 (pictures, time), 1 behind the full stop.
        states: Of the GRU after each word, (pictures, time, units).
    """

    tokens: np.ndarray
    chances: np.ndarray
    states: np.ndarray

    def sentences(self) -> list[str]:
        """As text; without a full stop where there was no room for one."""
        return [scenes.decode(row) for row in self.tokens]


@arguments.checked
def write(
    captioner: Captioner,
    pictures: np.ndarray,
    longest: int = scenes.LONGEST,
    batch_size: int = 500,
) -> Written:
    """Write a sentence for each picture, always the likeliest word.

    The loop over the words is in the graph.

    Args:
        captioner: The network.
        pictures: Of shape (pictures, 84, 84), 0 is paper and 255 is ink.
        longest: Words at most.
        batch_size: Pictures at a time.

    Raises:
        ValueError: If there is no picture, the shape is another, or a count is not positive.
        TypeError: If an argument is of another kind.
    """
    pictures = arguments.floats("pictures", pictures, None, PIXELS, PIXELS)
    longest = arguments.whole("longest", longest, most=arguments.MANY)
    batch_size = arguments.whole("batch_size", batch_size)
    parts = []
    for start in range(0, len(pictures), batch_size):
        some = tf.constant(pictures[start : start + batch_size], "float32")
        vectors = captioner.vectors(some)
        parts.append(_written(captioner, vectors, captioner.start(vectors), longest))
    return Written(*(np.concatenate([np.asarray(p[k]) for p in parts]) for k in range(3)))


@tf.function(reduce_retracing=True)
def _written(captioner, vectors, state, longest):
    count = tf.shape(vectors)[0]
    before = tf.zeros([count], tf.int32)
    going = tf.ones([count], tf.bool)
    tokens = tf.TensorArray(tf.int32, longest, element_shape=(None,))
    chances = tf.TensorArray(tf.float32, longest, element_shape=(None,))
    states = tf.TensorArray(tf.float32, longest, element_shape=(None, captioner.units))
    for t in tf.range(longest):
        logits, state = captioner.step(vectors, before, state)
        before = tf.argmax(logits, axis=-1, output_type=tf.int32) * tf.cast(going, tf.int32)
        largest = tf.reduce_max(tf.nn.softmax(logits), axis=-1)
        tokens = tokens.write(t, before)
        chances = chances.write(t, tf.where(going, largest, 1.0))
        states = states.write(t, state)
        going &= before > scenes.STOP
    return (
        tf.transpose(tokens.stack()),
        tf.transpose(chances.stack()),
        tf.transpose(states.stack(), [1, 0, 2]),
    )


@arguments.checked
def batches(
    painter: scenes.Painter,
    steps: int,
    batch_size: int,
    rng: np.random.Generator,
    meanings: Sequence[scenes.Meaning],
    easy: float = 0.2,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Mini-batches of new scenes, easy ones first.

    At first nearly all scenes have one group; their share falls in a line to that of
    :data:`rnncourse.scenes.SHARES`.

    Args:
        painter: Where the digits come from.
        steps: Number of mini-batches.
        batch_size: Scenes in each.
        rng: Where chance comes from.
        meanings: What may be said.
        easy: Share of the steps over which the share falls.

    Returns:
        An iterator over pictures (batch, 84, 84) and numbers of words (batch, 14).

    Raises:
        ValueError: If there is nothing to say, or a number is out of its range.
        TypeError: If an argument is of another kind.
    """
    steps = arguments.whole("steps", steps)
    batch_size = arguments.whole("batch_size", batch_size, most=arguments.MANY)
    arguments.items("meanings", meanings, scenes.Meaning, 1)
    arguments.number("easy", easy, least=0, most=1)
    return _batches(painter, steps, batch_size, rng, meanings, easy)


def _batches(painter, steps, batch_size, rng, meanings, easy) -> Iterator:
    at_once = 8  # mini-batches drawn together
    for done in range(0, steps, at_once):
        more = max(0.0, 1 - done / (easy * steps)) if easy else 0.0
        shares = {kind: (1 - more) * share for kind, share in scenes.SHARES.items()}
        shares["one group"] += more
        count = min(at_once, steps - done) * batch_size
        drawn = scenes.draw(painter, count, rng, meanings, shares)
        for start in range(0, count, batch_size):
            some = slice(start, start + batch_size)
            yield drawn.pictures[some], drawn.tokens[some]


def loss(model: keras.Model, pictures, sentences):
    """The cross-entropy, averaged over the words of all sentences; padding does not count.

    Args:
        model: Called with pictures and sentences, gives logits (batch, time, words).
        pictures: Of shape (batch, 84, 84).
        sentences: Integers (batch, time), 0 behind the full stop.
    """
    counts = tf.cast(sentences > 0, tf.float32)
    logits = model((tf.cast(pictures, tf.float32), sentences), training=True)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(sentences, logits)
    return tf.reduce_sum(counts * losses) / tf.reduce_sum(counts)


@arguments.checked
def train(
    model: keras.Model,
    optimizer,
    batches: Iterable[tuple],
    watch: Callable[[int], None] | None = None,
) -> History:
    """Train a network that writes sentences for pictures.

    Args:
        model: A :class:`Captioner`, or any model that is called with pictures and sentences.
        optimizer: A Keras optimiser.
        batches: Pairs of pictures (batch, 84, 84) and numbers of words (batch, time).
        watch: Called with the number of steps made, after each; its time is not counted.

    Returns:
        The loss of each step, and the wall-clock time.

    Raises:
        ValueError: If a batch is no such pair, or has no word in it.
        TypeError: If an argument is of another kind.
    """

    def pairs():
        for batch in batches:
            if len(arguments.items("batches", batch)) != 2:
                raise ValueError(f"batches must be pairs, got {len(batch)} arrays")
            pictures = arguments.floats("batches", batch[0], None, PIXELS, PIXELS)
            tokens = arguments.integers("batches", batch[1], len(pictures), None, most=LAST_WORD)
            if not tokens.any():
                raise ValueError("batches must hold words, got padding alone")
            yield pictures, tokens

    model.build()
    step = compiled_step(
        partial(loss, model), model.trainable_variables, optimizer, parts=1, jit_compile=False
    )
    return take_steps(step, pairs(), watch)
