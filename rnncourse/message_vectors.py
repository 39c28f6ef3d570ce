"""A message to a vector and back: an auto-encoder of letters.

What the handout of 2017 calls the Tweet2Vec auto-encoder (section 2.1): one GRU reads a message
letter by letter, and another writes it down from the vector that the first has arrived at.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from rnncourse import arguments
from rnncourse.fast_gru import FastGRU

LETTERS = "\0 " + "abcdefghijklmnopqrstuvwxyz0123456789" + ".,:;!?'\"()-&@#/_"
OTHER = "_"  # stands for what is not among the letters
LONGEST = 32  # letters of a message


def plain(text: str) -> str:
    """The text in lower case without accents, with single blanks, other signs as ``_``.

    Raises:
        TypeError: If text is not a string.
    """
    text = unicodedata.normalize("NFKD", arguments.text("text", text).lower())
    text = "".join(c for c in text if unicodedata.category(c)[0] != "M")
    return " ".join(
        "".join(c if c in LETTERS[1:] else OTHER for c in part) for part in text.split()
    )


@arguments.checked
def encode(texts: Sequence[str], longest: int = LONGEST) -> np.ndarray:
    """The letters of texts as numbers, int32 of shape (texts, longest), 0 behind the end.

    A text that is longer is cut, at a blank if there is one in its second half.

    Raises:
        ValueError: If a text is empty, or ``longest`` not positive.
        TypeError: If an argument is of another kind.
    """
    longest = arguments.whole("longest", longest, most=arguments.MANY)
    numbers = np.zeros((len(texts), longest), "int32")
    for row, text in zip(numbers, texts, strict=True):
        letters = plain(text)
        if not letters:
            raise ValueError("texts must hold at least one letter each, got an empty one")
        if len(letters) > longest:
            blank = letters.rfind(" ", longest // 2, longest + 1)
            letters = letters[: blank if blank > 0 else longest]
        row[: len(letters)] = [LETTERS.index(c) for c in letters]
    return numbers


def decode(numbers: np.ndarray) -> str:
    """The text up to its first 0.

    Raises:
        ValueError: If a number stands for no letter.
        TypeError: If they are no whole numbers.
    """
    numbers = arguments.whole_numbers("numbers", numbers, 0, len(LETTERS) - 1)
    end = np.flatnonzero(numbers == 0)
    return "".join(LETTERS[n] for n in numbers[: end[0] if len(end) else len(numbers)])


@keras.saving.register_keras_serializable(package="rnncourse")
class MessageVectors(keras.Model):
    """Reads a message into a vector, and writes it down from the vector.

    Args:
        units: Size of the vector.
        features: Numbers a letter is looked up as.

    Raises:
        ValueError: If a number is not positive, or very large.
        TypeError: If it is none.
    """

    def __init__(self, units: int = 256, features: int = 32, **kwargs):
        super().__init__(**kwargs)
        units = arguments.whole("units", units, most=arguments.MANY)
        features = arguments.whole("features", features, most=arguments.MANY)
        self.units, self.features = units, features
        self.letters = keras.layers.Embedding(len(LETTERS), features)
        self.reader = FastGRU(units, return_state=True)
        self.writer = FastGRU(units, return_sequences=True)
        self.answer = keras.layers.Dense(len(LETTERS))

    def encode(self, messages):
        """What is left of messages (batch, time) when they have been read: (batch, units)."""
        _, vectors = self.reader(self.letters(messages), mask=messages > 0)
        return vectors

    def call(self, messages):
        """Logits (batch, time + 1, letters) of each letter and the end, given those before it."""
        before = ops.pad(messages, [(0, 0), (1, 0)])
        counts = ops.pad(messages > 0, [(0, 0), (1, 0)], constant_values=True)
        x = self.letters(before)
        y = self.writer(x, initial_state=self.encode(messages), mask=counts)
        return self.answer(y)

    def build(self, input_shape=None):
        """Make the weights."""
        if self.built:
            return
        self.letters.build((None, None))
        self.reader.build((None, None, self.features))
        self.writer.build((None, None, self.features))
        self.answer.build((None, None, self.units))

    def get_config(self) -> dict:
        """What the constructor needs to make the model again."""
        return {"name": self.name, "units": self.units, "features": self.features}


def write(model: MessageVectors, vectors, longest: int = LONGEST) -> tf.Tensor:
    """Letters from vectors (batch, units), the likeliest each time: int32 (batch, longest).

    Raises:
        ValueError: If the vectors are of another shape, or longest is not positive.
        TypeError: If an argument is of another kind.
    """
    arguments.instance("model", model, MessageVectors).build()
    vectors = tf.constant(arguments.floats("vectors", vectors, None, model.units))
    return _written(model, vectors, arguments.whole("longest", longest, most=arguments.MANY))


@tf.function(reduce_retracing=True)
def _written(model, vectors, longest):
    count = tf.shape(vectors)[0]
    letter, going, state = tf.zeros([count], tf.int32), tf.ones([count], tf.int32), vectors
    written = tf.TensorArray(tf.int32, longest, element_shape=(None,))
    for t in tf.range(longest):
        _, (state,) = model.writer.cell(model.letters(letter), [state])
        letter = going * tf.argmax(model.answer(state), axis=-1, output_type=tf.int32)
        going = tf.cast(letter > 0, tf.int32)
        written = written.write(t, letter)
    return tf.transpose(written.stack())


def accuracy(written: np.ndarray, messages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of the letters and whether all of them came back in place, a number a message.

    Raises:
        ValueError: If the shapes differ, or a message has no letter.
        TypeError: If an argument does not hold whole numbers.
    """
    written = arguments.integers("written", written, None, None)
    messages = arguments.integers("messages", messages, *written.shape)
    if not messages.any(axis=1).all():
        raise ValueError("messages must have one letter each or more, got one without")
    counts = messages > 0
    right = (written == messages) & counts
    return right.sum(axis=1) / counts.sum(axis=1), (written == messages).all(axis=1)
