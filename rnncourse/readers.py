"""Networks that read a text word by word and say what kind of text it is.

A text is an array of whole numbers, one a word, 0 behind its end. The words become vectors, and if
asked a convolution joins neighbours, and of every few steps the strongest results go on. Recurrent
layers read them, and what they kept, at the end or at its strongest, is answered from.

A word may come with **marks**: its first three letters, its last three, and how it is capitalised,
each a number of its own. A word that was never seen before still has an ending.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from rnncourse import arguments
from rnncourse.fast_gru import FastGRU
from rnncourse.training import History, compiled_step, take_steps, warmup_cosine
from rnncourse.words import PADDING, UNKNOWN, WordVocabulary

CELLS = {"simple": keras.layers.SimpleRNN, "gru": FastGRU, "lstm": keras.layers.LSTM}
MARKS = 3  # how many marks a word has
BUCKETS = 4096  # different numbers of a mark; two endings may share one


@arguments.checked
def start_vectors(
    vocabulary: WordVocabulary, known: Sequence[str], vectors: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A first row for every number: a known word's vector, else one drawn of the same size.

    Args:
        vocabulary: The words that will be read.
        known: Words that have a vector.
        vectors: Theirs, (words, dimensions).
        rng: Where the other rows come from.

    Returns:
        float32 of shape (numbers, dimensions); the row of the padding is zero.

    Raises:
        ValueError: If the vectors are not as many as the words, or not finite and below 1e18.
        TypeError: If an argument is of another kind.
    """
    vectors = arguments.reals("vectors", vectors, len(arguments.texts("known", known, 1)), None)
    if float(np.abs(vectors).max()) > 1e18:
        raise ValueError("vectors must hold numbers of at most 1e18")
    place = {word: i for i, word in enumerate(known)}
    table = rng.normal(0, vectors.std() / 4, (len(vocabulary), vectors.shape[1]))
    for number, word in enumerate(vocabulary.words, start=2):
        if word in place:
            table[number] = vectors[place[word]]
    table[PADDING] = 0
    return table.astype(np.float32)


@arguments.checked
def encode(vocabulary: WordVocabulary, texts: Sequence[Sequence[str]], length: int) -> np.ndarray:
    """Texts as rows of words with their marks.

    Args:
        vocabulary: Of lower-case words.
        texts: Each a list of words with their capitals.
        length: Words a row; what is beyond is left out.

    Returns:
        int32 of shape (texts, length, 1 + marks); behind the end of a text all is 0.

    Raises:
        ValueError: If length is not positive.
        TypeError: If an argument is of another kind, such as a text that is no list of words.
    """
    length = arguments.whole("length", length, most=arguments.MANY)
    lower = [[word.lower() for word in arguments.texts("texts", text)] for text in texts]
    rows = np.zeros((len(texts), length, 1 + MARKS), np.int32)
    rows[:, :, 0] = vocabulary.encode(lower, length)
    known: dict[str, tuple[int, ...]] = {}
    for row, text in zip(rows, texts, strict=True):
        for step, word in enumerate(text[:length]):
            if word not in known:
                known[word] = _marks(word)
            row[step, 1:] = known[word]
    return rows


def _marks(word: str) -> tuple[int, ...]:
    """The numbers of a word's beginning, ending and shape, from 1 on."""
    low = word.lower()
    shape = "".join("X" if c.isupper() else "x" if c.islower() else "9" for c in word)
    for c in "Xx9":
        while 2 * c in shape:
            shape = shape.replace(2 * c, c)
    return tuple(
        1 + zlib.crc32(mark.encode(errors="surrogatepass")) % (BUCKETS - 1)
        for mark in (f"<{low[:3]}", f"{low[-3:]}>", f"={shape[:4]}")
    )


@keras.saving.register_keras_serializable(package="rnncourse")
class Reader(keras.Model):
    """A many-to-one network for texts.

    Args:
        words: Numbers of words, padding and unknown included.
        classes: Logits to give.
        dimensions: Size of a word's vector.
        tuned: Whether the words' vectors are trained with the rest.
        marks: Size of the vectors of the marks; 0 for texts without marks.
        stem: Filters of a convolution of width 3 before the cell; 0 for none.
        pool: Of how many steps of the convolution the largest results go on.
        cell: "simple", "gru" or "lstm".
        units: Of the cell, in each direction.
        both: Whether to read in both directions.
        summary: What is answered from: "last", the last output, or "max", the largest output of
            each unit, over all words.
        beside: Whether the mean of the words' vectors, a bag of words that knows which of them are
            alike, stands beside what is answered from.
        dropout: Share left out of the vectors' entries, the same at all steps, and of the summary.

    Raises:
        ValueError: If there is no such cell or summary, or a number is out of its range.
        TypeError: If an argument is of another kind.
    """

    def __init__(
        self,
        words: int,
        classes: int,
        *,
        dimensions: int = 50,
        tuned: bool = True,
        marks: int = 0,
        stem: int = 0,
        pool: int = 2,
        cell: str = "gru",
        units: int = 64,
        both: bool = False,
        summary: str = "last",
        beside: bool = False,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if arguments.text("cell", cell) not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
        if arguments.text("summary", summary) not in ("last", "max"):
            raise ValueError(f"summary must be 'last' or 'max', got {summary!r}")
        words = arguments.whole("words", words, 2, arguments.MANY)  # padding and unknown
        classes = arguments.whole("classes", classes, most=arguments.MANY)
        dimensions = arguments.whole("dimensions", dimensions, most=arguments.MANY)
        marks = arguments.whole("marks", marks, 0, arguments.MANY)
        stem = arguments.whole("stem", stem, 0, arguments.MANY)
        pool = arguments.whole("pool", pool, most=arguments.MANY)
        units = arguments.whole("units", units, most=arguments.MANY)
        arguments.number("dropout", dropout, least=0, most=1)
        for name, value in {"tuned": tuned, "both": both, "beside": beside}.items():
            arguments.yes_or_no(name, value)
        self.settings = {
            "words": words,
            "classes": classes,
            "dimensions": dimensions,
            "tuned": tuned,
            "marks": marks,
            "stem": stem,
            "pool": pool,
            "cell": cell,
            "units": units,
            "both": both,
            "summary": summary,
            "beside": beside,
            "dropout": dropout,
        }
        self.summary_of, self.pool, self.beside = summary, pool, beside
        self.table = keras.layers.Embedding(words, dimensions, trainable=tuned)
        self.marks = [keras.layers.Embedding(BUCKETS, marks) for _ in range(MARKS if marks else 0)]
        self.drop_entries = keras.layers.SpatialDropout1D(dropout)
        self.drop_summary = keras.layers.Dropout(dropout)
        self.stem = (
            keras.layers.Conv1D(stem, 3, padding="same", activation="relu") if stem else None
        )
        kind = CELLS[cell]
        self.directions = [
            kind(units, return_sequences=True, return_state=True, zero_output_for_mask=True)
            for _ in range(2 if both else 1)
        ]
        self.answer = keras.layers.Dense(classes)

    def call(self, numbers, training=False):
        """Logits (texts, classes) from numbers (texts, time) or (texts, time, 1 + marks)."""
        return self.answer(self.drop_summary(self.summarise(numbers, training), training=training))

    @tf.function(jit_compile=True)
    def chances(self, numbers):
        """Chances of the classes (texts, classes); compiled once for each shape of the numbers."""
        return tf.nn.softmax(self(numbers))

    def summarise(self, numbers, training=False):
        """What is answered from, (texts, units or twice as many, and the mean vector)."""
        outputs, last = self.read(numbers, training)
        parts = last if self.summary_of == "last" else [tf.reduce_max(outputs, axis=1)]
        if self.beside:
            vectors, mask = self.vectors(numbers)
            counts = tf.cast(mask, vectors.dtype)[..., None]  # (texts, time, 1)
            mean = tf.reduce_sum(vectors * counts, axis=1) / tf.reduce_sum(counts, axis=1)
            parts = [*parts, mean]
        return tf.concat(parts, axis=-1)

    def read(self, numbers, training=False):
        """Outputs at every step, (texts, steps, units), and the last of each direction."""
        x, mask = self.vectors(numbers)
        x = self.drop_entries(x, training=training)
        if self.stem is not None:
            x = self.stem(x * tf.cast(mask[..., None], x.dtype))
            x, mask = self.strongest(x * tf.cast(mask[..., None], x.dtype), mask)
        outputs, last = [], []
        for layer, backwards in zip(self.directions, (False, True), strict=False):
            seen, seen_mask = (tf.reverse(a, [1]) if backwards else a for a in (x, mask))
            out, state = layer(seen, mask=seen_mask, training=training)[:2]
            outputs.append(tf.reverse(out, [1]) if backwards else out)
            last.append(state)
        return tf.concat(outputs, axis=-1), last

    def strongest(self, x, mask):
        """Every few steps made one: the largest results, (texts, fewer steps, filters)."""
        missing = -x.shape[1] % self.pool
        x, mask = tf.pad(x, [[0, 0], [0, missing], [0, 0]]), tf.pad(mask, [[0, 0], [0, missing]])
        steps = x.shape[1] // self.pool
        x = tf.reduce_max(tf.reshape(x, [-1, steps, self.pool, x.shape[2]]), axis=2)
        return x, tf.reduce_any(tf.reshape(mask, [-1, steps, self.pool]), axis=2)

    def vectors(self, numbers):
        """The words' vectors, (texts, time, dimensions and marks), and where there is a word."""
        if not self.marks:
            return self.table(numbers), numbers != PADDING
        parts = [self.table(numbers[..., 0])]
        parts += [table(numbers[..., i]) for i, table in enumerate(self.marks, start=1)]
        return tf.concat(parts, axis=-1), numbers[..., 0] != PADDING

    def build(self, input_shape=None):
        """Make the weights."""
        self.built = True  # the call below need not build it again
        self(tf.ones((1, 4, 1 + MARKS) if self.marks else (1, 4), tf.int32))

    def get_config(self) -> dict:
        """What :meth:`from_config` needs."""
        return super().get_config() | self.settings


@arguments.checked
def batches(
    numbers: np.ndarray,
    labels: np.ndarray,
    epochs: int,
    batch: int,
    rng: np.random.Generator,
    unknown: float = 0.0,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Mini-batches of one size, in a new order every epoch; what is left over waits for the next.

    Args:
        numbers: (texts, time) or (texts, time, 1 + marks).
        labels: (texts,).
        epochs: Passes over the texts.
        batch: Texts a step.
        rng: Of the order, and of what is hidden.
        unknown: Share of words that are shown as an unknown word, others every time, so that the
            network does not rest on single words and knows what to make of new ones.

    Raises:
        ValueError: If the labels are not as many as the texts, a text has no word, or a number is
            out of its range.
        TypeError: If an argument is of another kind.
    """
    numbers, labels = _labelled(numbers, labels)
    arguments.whole("epochs", epochs, most=arguments.MANY)
    arguments.whole("batch", batch)
    arguments.number("unknown", unknown, least=0, most=1)
    return _batches(numbers, labels, epochs, batch, rng, unknown)


def _batches(numbers, labels, epochs, batch, rng, unknown) -> Iterator:
    order = np.concatenate([rng.permutation(len(labels)) for _ in range(epochs)])
    for start in range(0, len(order) - batch + 1, batch):
        some = order[start : start + batch]
        shown = numbers[some]
        if unknown:
            words = shown[..., 0] if shown.ndim == 3 else shown  # a view
            hidden = (rng.random(words.shape, np.float32) < unknown) & (words != PADDING)
            words[hidden] = UNKNOWN
        yield shown, labels[some]


@arguments.checked
def train(
    model: Reader,
    numbers: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch: int = 64,
    peak: float = 0.003,
    seed: int = 0,
    unknown: float = 0.0,
    smooth: float = 0.0,
    watch: Callable[[int], None] | None = None,
) -> History:
    """Train a reader with Adam, the step compiled by XLA.

    Args:
        model: What to train.
        numbers: As for :func:`batches`.
        labels: As for :func:`batches`.
        epochs: As for :func:`batches`.
        batch: As for :func:`batches`.
        peak: The highest learning rate; it rises for a tenth of the steps and falls to 0.
        seed: Of the order, and of what is hidden.
        unknown: As for :func:`batches`.
        smooth: Share of the target that is spread over all classes (label smoothing).
        watch: Called with the number of steps made, after each; its time is not counted.

    Returns:
        The loss of each step, and the wall-clock time, compiling included.

    Raises:
        ValueError: As for :func:`batches`, or if there is no such word or class.
        TypeError: If an argument is of another kind.
    """
    numbers, labels = _labelled(numbers, labels)
    _check_words(model, numbers)
    arguments.integers("labels", labels, None, most=model.settings["classes"] - 1)
    arguments.whole("epochs", epochs, most=arguments.MANY)
    arguments.whole("seed", seed, 0)
    arguments.number("smooth", smooth, least=0, most=1)
    batch = min(arguments.whole("batch", batch), len(labels))
    steps = epochs * len(labels) // batch
    optimizer = keras.optimizers.Adam(warmup_cosine(peak, steps), global_clipnorm=1.0)
    model.build()
    classes = model.settings["classes"]

    def loss(shown, wanted):
        target = (1 - smooth) * tf.one_hot(wanted, classes) + smooth / classes
        losses = tf.nn.softmax_cross_entropy_with_logits(target, model(shown, training=True))
        return tf.reduce_mean(losses)

    step = compiled_step(loss, model.trainable_variables, optimizer, parts=1)
    rng = np.random.default_rng(seed)
    return take_steps(step, batches(numbers, labels, epochs, batch, rng, unknown), watch)


def probabilities(model: Reader, numbers: np.ndarray, batch: int = 250) -> np.ndarray:
    """The chances of the classes, (texts, classes); any number of texts, also none.

    Args:
        model: A reader.
        numbers: As for :func:`batches`.
        batch: Texts at a time; the last ones are filled up, so that there is one compilation.

    Raises:
        ValueError: If a text has no word, there is no such word, or batch is not positive.
        TypeError: If an argument is of another kind.
    """
    arguments.instance("model", model, Reader)
    arguments.whole("batch", batch)
    numbers = _with_words(numbers)
    _check_words(model, numbers)
    classes = model.settings["classes"]

    found = [np.zeros((0, classes), np.float32)]
    batch = max(1, min(batch, len(numbers)))
    for start in range(0, len(numbers), batch):
        some = numbers[start : start + batch]
        full = np.concatenate([some, np.repeat(some[:1], batch - len(some), axis=0)])
        found.append(model.chances(tf.constant(full)).numpy()[: len(some)])
    return np.concatenate(found)


def _with_words(numbers) -> np.ndarray:
    """Numbers (texts, time) or (texts, time, 1 + marks), a word or more in each text."""
    numbers = arguments.integers("numbers", numbers, ...)
    if numbers.ndim not in (2, 3) or (numbers.ndim == 3 and numbers.shape[2] != 1 + MARKS):
        raise ValueError(
            f"numbers must have the shape (texts, time) or (texts, time, {1 + MARKS}), "
            f"got {numbers.shape}"
        )
    words = numbers if numbers.ndim == 2 else numbers[:, :, 0]
    if not words.any(axis=1).all():
        raise ValueError("numbers must hold a word or more in each text, got a text without")
    return numbers


def _labelled(numbers, labels) -> tuple[np.ndarray, np.ndarray]:
    """Texts, of which there are some, and a label for each."""
    numbers, labels = _with_words(numbers), arguments.integers("labels", labels, ...)
    if len(numbers) == 0 or labels.shape != numbers.shape[:1]:
        raise ValueError(
            f"labels must be one a text ({len(numbers)}, not 0), got shape {labels.shape}"
        )
    return numbers, labels


def _check_words(model: Reader, numbers: np.ndarray) -> None:
    """Refuse words and marks that a reader has no row for."""
    if (numbers.ndim == 3) != bool(model.marks):
        ours = "with" if model.marks else "without"
        raise ValueError(f"numbers must be {ours} marks, got shape {numbers.shape}")
    words, marks = (numbers[..., 0], numbers[..., 1:]) if model.marks else (numbers, numbers[:0])
    for given, rows in ((words, model.settings["words"]), (marks, BUCKETS)):
        arguments.integers("numbers", given, ..., most=rows - 1)
