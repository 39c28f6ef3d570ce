"""Messages as numbers, and networks that read them and tell the attitude.

Two ways to read. By **character**, as the 2017 handout does: each is a number below 128, and the
network sees it one-hot. By **piece**: a word is known by the runs of characters in it, each of
which has a row in a table; the row is found by hashing, so there is no vocabulary (Bojanowski et
al., 2017).
"""

from __future__ import annotations

import codecs
import functools
import os
import re
import time
import unicodedata
import zlib
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from rnncourse import arguments, training
from rnncourse.datasets.messages import ATTITUDES, Tweets
from rnncourse.fast_gru import FastGRU
from rnncourse.muon import Muon
from rnncourse.text import printable

LENGTH, CHARACTERS = 256, 128
#: The number of what ASCII has no sign for.
OTHER = 1

WORDS, MOST, BUCKETS = 40, 12, 2**16


@arguments.checked
def characters(texts: Sequence[str], length: int = LENGTH) -> np.ndarray:
    """The characters of messages as numbers below 128, cut or filled up with 0.

    Typographic signs become plain ones and letters lose their accents; blanks and control
    characters become blanks; emoji, other scripts and the rest become :data:`OTHER`.

    Args:
        texts: Messages, possibly empty.
        length: Characters kept.

    Returns:
        uint8 of shape (messages, length).

    Raises:
        ValueError: If ``length`` is not positive.
        TypeError: If an argument is of another kind.
    """
    arguments.whole("length", length, most=arguments.MANY)
    numbers = np.zeros((len(texts), length), np.uint8)
    for row, text in zip(numbers, texts, strict=True):
        plain = "".join(map(_plain, unicodedata.normalize("NFKD", text)))[:length]
        row[: len(plain)] = np.frombuffer(plain.encode("ascii"), np.uint8)
    return numbers


@functools.cache
def _plain(character: str) -> str:
    """What stands for a character: printable ASCII, :data:`OTHER`, or nothing for an accent."""
    known = printable(character)
    if known.strip():
        return known
    kind = unicodedata.category(character)[0]
    if kind == "M":
        return ""
    return " " if kind in "ZC" else chr(OTHER)


@arguments.checked
def endings(
    texts: Sequence[str], run: int = 4, rows: int = 2**13, length: int = LENGTH
) -> np.ndarray:
    """What each character ends: the last few characters of a message so far, as rows of a table.

    A network that reads these sees several characters at a step. Capitals count as small letters,
    and the row is found by hashing, so there is no vocabulary.

    Args:
        texts: Messages, possibly empty.
        run: How many characters are taken together.
        rows: Of the table, at most 2**26; row 0 is for where there is no character.
        length: Characters of a message kept.

    Returns:
        int32 of shape (messages, length), 0 past the end of a message.

    Raises:
        ValueError: If there would be no run, no row, or no character, or too many rows.
        TypeError: If an argument is of another kind.
    """
    arguments.whole("run", run)
    arguments.whole("rows", rows, 2, 2**26)  # with more, what is hashed below would overflow
    numbers = characters(texts, length).astype(np.int32)
    capital = (numbers >= ord("A")) & (numbers <= ord("Z"))
    small = numbers + np.where(capital, ord("a") - ord("A"), 0)
    found = np.zeros_like(small)
    for back in reversed(range(min(run, length))):  # the oldest first
        before = np.pad(small, ((0, 0), (back, 0)))[:, :length]
        found = (31 * found + before) % (rows - 1)
    return np.where(numbers > 0, found + 1, 0).astype(np.int32)


_TOKEN = re.compile(r"\w+|[^\w\s]")


def words(text: str) -> list[str]:
    """The words of a message in lower case; a sign or an emoji is a word of its own.

    Raises:
        TypeError: If text is not a string.
    """
    return _TOKEN.findall(arguments.text("text", text).lower())


def runs(word: str) -> list[str]:
    """The pieces of a word: it whole, then its runs of 3, 4 and 5 characters, edges marked.

    Raises:
        TypeError: If word is not a string.
    """
    marked = f"<{arguments.text('word', word)}>"
    sizes = (3, 4, 5)
    return [marked] + [marked[i : i + n] for n in sizes for i in range(len(marked) - n + 1)]


@arguments.checked
def pieces(
    texts: Sequence[str],
    entities: Sequence[str] | None = None,
    *,
    length: int = WORDS,
    most: int = MOST,
    buckets: int = BUCKETS,
) -> np.ndarray:
    """The pieces of the words of messages, as rows of a table; 0 where there is none.

    Args:
        texts: Messages, possibly empty.
        entities: What each message is about; if given, a word has one more piece, which is the
            word together with the entity.
        length: Words kept.
        most: Pieces of a word kept, the shortest runs first.
        buckets: Rows of the table.

    Returns:
        int32 of shape (messages, length, most), or most + 1 with entities.

    Raises:
        ValueError: If the entities are not as many as the texts, or a size is out of its range.
        TypeError: If an argument is of another kind.
    """
    if entities is not None and len(entities) != len(texts):
        raise ValueError(f"entities must be as many as texts ({len(texts)}), got {len(entities)}")
    length = arguments.whole("length", length, most=arguments.MANY)
    most = arguments.whole("most", most, most=arguments.MANY)
    buckets = arguments.whole("buckets", buckets, 2)
    numbers = np.zeros((len(texts), length, most + (entities is not None)), np.int32)
    known: dict[str, list[int]] = {}
    for n, text in enumerate(texts):
        for t, word in enumerate(words(text)[:length]):
            if word not in known:
                known[word] = [_bucket(run, buckets) for run in runs(word)[:most]]
            numbers[n, t, : len(known[word])] = known[word]
            if entities is not None:
                numbers[n, t, -1] = _bucket(f"{entities[n]}:{word}", buckets)
    return numbers


def _bucket(run: str, buckets: int) -> int:
    return 1 + zlib.crc32(run.encode(errors="surrogatepass")) % (buckets - 1)


@keras.saving.register_keras_serializable(package="rnncourse")
class Pieces(keras.layers.Layer):
    """Words as the sum of the vectors of their pieces, over the square root of how many there are.

    Args:
        buckets: Rows of the table.
        units: Size of a vector.
        rate: Share of pieces left out at each training step.
        start: Standard deviation of the numbers that the table begins with.
        kwargs: As for any layer.

    Raises:
        ValueError: If a number is out of its range.
        TypeError: If an argument is of another kind.
    """

    def __init__(self, buckets: int, units: int, rate: float = 0.0, start: float = 0.01, **kwargs):
        super().__init__(**kwargs)
        buckets = arguments.whole("buckets", buckets)
        units = arguments.whole("units", units, most=arguments.MANY)
        arguments.number("rate", rate, least=0, most=1)
        arguments.number("start", start, least=0, most=1e6)
        self.buckets, self.units, self.rate, self.start = buckets, units, rate, start
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, input_shape):
        """Make the table."""
        start = keras.initializers.RandomNormal(stddev=self.start)
        self.table = self.add_weight(
            shape=(self.buckets, self.units), initializer=start, name="table"
        )

    def call(self, inputs, training=False):
        """From numbers (batch, words, pieces) to vectors (batch, words, units)."""
        there = ops.cast(inputs > 0, self.table.dtype)
        if training and self.rate:
            draw = keras.random.uniform(ops.shape(there), seed=self.seed_generator)
            there = there * ops.cast(draw > self.rate, there.dtype)
        vectors = ops.sum(ops.take(self.table, inputs, axis=0) * there[..., None], axis=2)
        return vectors / ops.sqrt(ops.maximum(ops.sum(there, axis=2), 1.0))[..., None]

    def compute_mask(self, inputs, mask=None):
        """A word counts if it has a piece."""
        return ops.any(inputs > 0, axis=-1)

    def compute_output_shape(self, input_shape):
        """(batch, words, units)."""
        return (*input_shape[:2], self.units)

    def get_config(self):
        """What rebuilds the layer."""
        own = {"buckets": self.buckets, "units": self.units, "rate": self.rate}
        own["start"] = self.start
        return super().get_config() | own


@arguments.checked
def piece_reader(
    entities: int,
    *,
    vector: int = 32,
    units: int = 48,
    pieces_dropped: float = 0.3,
    words_dropped: float = 0.2,
    dropout: float = 0.5,
    recurrent: bool = True,
    straight: bool = True,
    about: bool = True,
    opinion: bool = False,
    length: int = WORDS,
    most: int = MOST + 1,
    buckets: int = BUCKETS,
) -> keras.Model:
    """A network that reads words as pieces, in both directions, with an entity in mind.

    The state that the recurrent layer begins with is not zero but a vector of the entity's own, so
    that it may read the same words differently about a game and about a shop. Beside the recurrent
    layer there is a straight way: every piece has a vote for each answer (Cheng et al., 2016).

    Args:
        entities: How many there are.
        vector: Size of a word's vector.
        units: Size of the state, in each direction.
        pieces_dropped: Share of pieces left out while training.
        words_dropped: Share of words left out while training.
        dropout: Share of what was read left out before the answer.
        recurrent: Whether there is a recurrent layer; if not, the vectors themselves are pooled.
        straight: Whether pieces vote.
        about: Whether the entity is used, apart from the pieces.
        opinion: Whether there is a third input, what another reader makes of the message: the
            logarithms of four probabilities, to which the network adds (Wolpert, 1992).
        length: Words of a message.
        most: Pieces of a word.
        buckets: Rows of the table.

    Returns:
        A model from numbers (batch, length, most), entities (batch,) and perhaps opinions
        (batch, 4) to four logits.

    Raises:
        ValueError: If a number is out of its range.
        TypeError: If an argument is of another kind.
    """
    entities = arguments.whole("entities", entities, most=arguments.MANY)
    vector = arguments.whole("vector", vector, most=arguments.MANY)
    units = arguments.whole("units", units, most=arguments.MANY)
    length = arguments.whole("length", length, most=arguments.MANY)
    most = arguments.whole("most", most, most=arguments.MANY)
    buckets = arguments.whole("buckets", buckets, most=arguments.MANY)
    shares = {"pieces_dropped": pieces_dropped, "words_dropped": words_dropped, "dropout": dropout}
    for name, share in shares.items():
        arguments.number(name, share, least=0, most=1)
    message = keras.Input((length, most), dtype="int32", name="message")
    entity = keras.Input((), dtype="int32", name="entity")
    read = Pieces(buckets, vector, pieces_dropped)(message)  # (batch, time, vector)
    read = keras.layers.Dropout(words_dropped, noise_shape=(None, length, 1))(read)
    read = keras.layers.SpatialDropout1D(words_dropped)(read)
    if recurrent:
        gru = FastGRU(units, return_sequences=True, use_cudnn=False)
        both = keras.layers.Bidirectional(gru)
        first = keras.layers.Embedding(entities, units, "zeros")(entity)  # (batch, units)
        read = both(read, initial_state=[first, first] if about else None)
    there = ops.cast(ops.any(message > 0, axis=-1), "float32")[..., None]  # (batch, time, 1)
    count = ops.maximum(ops.sum(there, axis=1), 1.0)  # a message may be empty
    read = read * there
    highest, mean = ops.max(read, axis=1), ops.sum(read, axis=1) / count
    pooled = keras.layers.Dropout(dropout)(ops.concatenate([highest, mean], axis=-1))
    logits = keras.layers.Dense(len(ATTITUDES))(pooled)
    if straight:
        votes = Pieces(buckets, len(ATTITUDES), pieces_dropped, start=0.0)(message)
        logits = logits + ops.sum(votes * there, axis=1) / count * length**0.5
    if about:
        logits = logits + keras.layers.Embedding(entities, len(ATTITUDES), "zeros")(entity)
    inputs = [message, entity]
    if opinion:
        inputs.append(keras.Input((len(ATTITUDES),), name="opinion"))
        weighed = keras.layers.Dense(len(ATTITUDES), kernel_initializer="identity", name="weighed")
        logits = logits + weighed(inputs[-1])
    return keras.Model(inputs, logits)


@arguments.checked
def character_reader(
    layers: int = 4,
    units: int = 512,
    *,
    cell: type[keras.layers.RNN] = keras.layers.GRU,
    vector: int | None = None,
    stem: tuple[int, int, int] | None = None,
    masked: bool = False,
    pool: str = "last",
    dropout: float = 0.0,
    length: int | None = LENGTH,
) -> keras.Model:
    """The network of the handout, section 5.1: one-hot characters, two stacks of recurrent layers.

    One stack reads forwards, one backwards, and neither knows of the other. The last output of each
    is projected to 128 numbers, the two are added, and a dense layer makes four logits of the sum.

    Args:
        layers: Recurrent layers in each stack.
        units: Size of their states.
        cell: Kind of layer: ``SimpleRNN``, ``GRU``, ``LSTM`` or ``FastGRU``.
        vector: Size of what a one-hot character is multiplied to first, which is a row of a table;
            or none, as in the handout.
        stem: Filters and width of a convolution before the recurrent layers, and how many of its
            steps become one, which keeps the highest; or none, as in the handout.
        masked: Whether steps past the end of a message are left out; the handout reads them.
        pool: ``"last"``, or ``"max"`` for the highest output over time of each unit.
        dropout: Share of the outputs left out before the projections.
        length: Characters of a message; none, if that differs from batch to batch.

    Returns:
        A model from numbers (batch, length) to four logits.

    Raises:
        ValueError: If there is no layer, a number is out of its range, or an argument is none of
            those named.
        TypeError: If an argument is of another kind.
    """
    layers = arguments.whole("layers", layers, most=100)
    units = arguments.whole("units", units, most=arguments.MANY)
    vector = None if vector is None else arguments.whole("vector", vector, most=arguments.MANY)
    length = None if length is None else arguments.whole("length", length, most=arguments.MANY)
    arguments.number("dropout", dropout, least=0, most=1)
    if not (isinstance(cell, type) and issubclass(cell, keras.layers.RNN)):
        raise TypeError(f"cell must be a kind of layer such as GRU, got {arguments.what(cell)}")
    if stem is not None:
        stem = arguments.whole_numbers("stem", stem, 1, arguments.MANY).tolist()
        if len(stem) != 3:
            raise ValueError(f"stem must be three numbers, got {stem}")
    if pool not in ("last", "max"):
        raise ValueError(f"pool must be 'last' or 'max', got {pool!r}")
    message = keras.Input((length,), dtype="uint8")
    if vector:
        read = keras.layers.Embedding(CHARACTERS, vector)(message)
    else:
        one_hot = keras.layers.Embedding(CHARACTERS, CHARACTERS, "identity", trainable=False)
        read = one_hot(message)  # (batch, time, 128)
    there = ops.cast(message > 0, "float32")[..., None]  # (batch, time, 1)
    if stem:
        filters, width, joined = stem
        read = keras.layers.Conv1D(filters, width, padding="same", activation="relu")(read)
        read, there = (keras.layers.MaxPooling1D(joined, padding="same")(x) for x in (read, there))
    mask = there[..., 0] > 0 if masked else None  # (batch, time)
    # Keras refuses to compile with XLA what might use a graphics card's own GRU
    plain = {} if cell is keras.layers.SimpleRNN else {"use_cudnn": False}
    ends = []
    for way in ("forwards", "backwards"):
        outputs, turned = read, False
        for layer in range(layers):
            outputs = cell(
                units,
                return_sequences=pool == "max" or layer < layers - 1,
                go_backwards=way == "backwards" and layer == 0,  # from there on, time is turned
                name=f"{way}_{layer}",
                **plain,
            )(outputs, mask=ops.flip(mask, 1) if turned and masked else mask)
            turned = way == "backwards"
        if pool == "max":
            if masked:  # below all that a state can be
                outputs = outputs - 2 * (1 - (ops.flip(there, 1) if turned else there))
            outputs = ops.max(outputs, axis=1)
        end = keras.layers.Dropout(dropout)(outputs)
        ends.append(keras.layers.Dense(CHARACTERS, name=f"project_{way}")(end))
    return keras.Model(
        message, keras.layers.Dense(len(ATTITUDES), name="answer")(ends[0] + ends[1])
    )


@arguments.checked
def compile_reader(
    model: keras.Model,
    *,
    steps: int,
    rate: float = 0.004,
    decay: float = 0.2,
    smoothing: float = 0.1,
    muon: bool = False,
) -> None:
    """Make a reader ready to learn with weight decay, from smoothed labels.

    Args:
        model: From :func:`piece_reader` or :func:`character_reader`; targets are one-hot.
        steps: Optimiser steps to come; the rate rises over a tenth of them and falls to 0.
        rate: The highest learning rate.
        decay: Weight decay (Loshchilov and Hutter, 2019).
        smoothing: Share of the target's 1 that is spread over all classes.
        muon: Whether recurrent kernels are stepped by Muon instead of Adam.

    Raises:
        ValueError: If a number is out of its range.
        TypeError: If an argument is of another kind.
    """
    arguments.whole("steps", steps)
    arguments.number("rate", rate, least=0, most=1e6)
    arguments.number("decay", decay, least=0, most=1e6)
    arguments.number("smoothing", smoothing, least=0, most=1)
    kind = Muon if muon else keras.optimizers.AdamW
    model.compile(
        kind(training.warmup_cosine(rate, steps), weight_decay=decay, global_clipnorm=1.0),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing),
        metrics=["accuracy"],
        jit_compile="auto",  # Keras compiles with XLA unless results must be the same every time
    )


def fit_reader(
    model: keras.Model,
    inputs: Sequence[np.ndarray],
    labels: np.ndarray,
    *,
    epochs: int,
    batch_size: int = 64,
    seed: int = 0,
    edges: Sequence[int] | None = None,
    **how,
) -> training.History:
    """Compile and train a reader, in batches that are all of one size.

    A step is compiled for one shape, so the odd rows that fill no batch are left out.

    Args:
        model: From :func:`piece_reader` or :func:`character_reader`.
        inputs: Arrays of shape (messages, ...), as many as the model takes.
        labels: Places in ``ATTITUDES``, of shape (messages,).
        epochs: Passes over the messages.
        batch_size: Messages a step.
        seed: Which rows are left out.
        edges: If given, messages are sorted by length into buckets that end here, and a batch is
            drawn from one of them and cut there; for the first of the inputs, which is cut.
        how: As for :func:`compile_reader`, and callbacks.

    Raises:
        ValueError: If there are fewer messages than fill a batch, the inputs are not what the model
            takes, or a number is out of its range.
        TypeError: If an argument is of another kind.
    """
    arguments.instance("model", model, keras.Model)
    labels = arguments.integers("labels", labels, None, most=len(ATTITUDES) - 1)
    arguments.whole("epochs", epochs)
    arguments.whole("seed", seed, 0)
    steps = len(labels) // arguments.whole("batch_size", batch_size)
    inputs = _readable(model, inputs, len(labels), one=edges is not None)
    callbacks = arguments.items("callbacks", how.pop("callbacks", ()), keras.callbacks.Callback)
    if not steps:
        raise ValueError(f"labels must be at least batch_size ({batch_size}), got {len(labels)}")
    targets = np.eye(len(ATTITUDES), dtype="float32")[labels]
    if edges is None:
        rows = np.random.default_rng(seed).permutation(len(labels))[: steps * batch_size]
        drawn = [array[rows] for array in inputs]
        inputs = drawn if len(drawn) > 1 else drawn[0]
        data = training.shuffled(inputs, targets[rows], batch_size, seed)
    else:
        (messages,) = inputs
        data = Bucketed(messages, targets, batch_size, edges=edges, seed=seed)
        steps = len(data)
    started = time.perf_counter()
    compile_reader(model, steps=epochs * steps, **how)
    log = model.fit(
        data,
        epochs=epochs,
        steps_per_epoch=steps,
        shuffle=False,  # the data set does
        callbacks=list(callbacks),
        verbose=0 if os.environ.get("RNNCOURSE_QUIET") else "auto",
    )
    return training.History(log.history, time.perf_counter() - started)


def _readable(model: keras.Model, inputs: Sequence, count: int, one: bool) -> list[np.ndarray]:
    """The inputs, which must be as many as the labels, and of numbers that the model knows."""
    training.check_inputs("inputs", model, arguments.items("inputs", inputs, least=1))
    arrays = [arguments.reals("inputs", array, ...) for array in inputs]
    if {len(array) for array in arrays} != {count} or (one and len(arrays) > 1):
        shapes = [array.shape for array in arrays]
        raise ValueError(f"inputs must fit {count} labels, and with edges be one, got {shapes}")
    pieces = [layer.buckets for layer in model.layers if isinstance(layer, Pieces)]
    rows = [layer.input_dim for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
    tables = [min(sizes) for sizes in (pieces, rows) if sizes]  # the messages' first
    for array, size in zip(arrays, tables, strict=False):
        arguments.integers("inputs", array, ..., most=size - 1)
    return arrays


class Bucketed(keras.utils.PyDataset):
    """Mini-batches of messages of about the same length, cut at the end of their bucket.

    Args:
        messages: Numbers of shape (messages, length), 0 past the end of a message.
        targets: Array of shape (messages, ...).
        batch_size: Messages a mini-batch; the odd ones of a bucket are left out of an epoch.
        edges: Where the buckets end, in characters, rising; the last must be the length.
        seed: Of the order.

    Raises:
        ValueError: If the edges do not rise to the length, no bucket fills a batch, or the targets
            are not as many as the messages.
        TypeError: If an argument is of another kind.
    """

    def __init__(self, messages, targets, batch_size: int, *, edges: Sequence[int], seed: int = 0):
        super().__init__()
        messages = arguments.integers("messages", messages, None, None)
        targets = arguments.reals("targets", targets, ...)
        if targets.shape[:1] != messages.shape[:1]:
            raise ValueError(f"targets must be as many as messages, got shape {targets.shape}")
        arguments.whole("batch_size", batch_size)
        edges = arguments.whole_numbers("edges", edges, 1).tolist()
        if edges != sorted(set(edges)) or edges[-1:] != [messages.shape[1]]:
            raise ValueError(f"edges must rise to {messages.shape[1]}, got {edges}")
        self.messages, self.targets, self.batch_size = messages, targets, batch_size
        self.edges, self.rng = edges, np.random.default_rng(arguments.whole("seed", seed, 0))
        lengths = np.where(messages > 0, np.arange(1, messages.shape[1] + 1), 0).max(axis=1)
        bucket = np.searchsorted(edges, lengths)
        self.buckets = [np.flatnonzero(bucket == number) for number in range(len(edges))]
        self.on_epoch_end()
        if not self.batches:
            raise ValueError(f"batch_size must be at most that of a bucket, got {batch_size}")

    def on_epoch_end(self) -> None:
        """A new order."""
        self.batches = []
        for rows, edge in zip(self.buckets, self.edges, strict=True):
            full = len(rows) // self.batch_size * self.batch_size
            drawn = self.rng.permutation(rows)[:full].reshape(-1, self.batch_size)
            self.batches += [(some, edge) for some in drawn]
        self.order = self.rng.permutation(len(self.batches))
        # Keras looks at two batches to see which sizes vary, so the second is of another bucket
        edges = np.array([self.batches[n][1] for n in self.order])
        if len(other := np.flatnonzero(edges != edges[:1])):
            self.order[[1, other[0]]] = self.order[[other[0], 1]]

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        some, edge = self.batches[self.order[batch]]
        return self.messages[some, :edge], self.targets[some]


@arguments.checked
def linear_reader(about: bool = True, strength: float = 3.0):
    """Logistic regression on runs of 2 to 5 characters, attitude by attitude: the baseline.

    Args:
        about: Whether it also knows the entity, and each word together with the entity.
        strength: Inverse of the penalty on large weights, from 1e-6 to 1e6.

    Returns:
        A scikit-learn pipeline to ``fit`` on and to ``predict`` from what :func:`pairs` gives.

    Raises:
        ValueError: If strength is out of its range.
        TypeError: If an argument is of another kind.
    """
    arguments.number("strength", strength, least=1e-6, most=1e6)
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import FeatureUnion, make_pipeline

    how = {"sublinear_tf": True, "dtype": np.float32}
    runs_of = TfidfVectorizer(
        analyzer="char", ngram_range=(2, 5), min_df=3, preprocessor=_text, **how
    )
    entity = TfidfVectorizer(analyzer=_entity, use_idf=False, dtype=np.float32)
    both = TfidfVectorizer(analyzer=_words_with_entity, min_df=2, **how)
    parts = [("runs", runs_of), ("entity", entity), ("both", both)]
    features = FeatureUnion(parts if about else parts[:1])
    features.transformer_weights = {"entity": 0.5} if about else None
    one = LogisticRegression(
        C=strength, solver="liblinear", dual=True, tol=0.01, max_iter=3000, random_state=0
    )
    return make_pipeline(features, OneVsRestClassifier(one))


@arguments.checked
def second_opinions(tweets: Tweets, others: Tweets, folds: int = 5, **how) -> tuple:
    """What a linear reader makes of messages that it has not learnt from.

    To learn when to trust a reader, one must see it with messages new to it. So the tweets are
    split into parts, and each part is judged by a reader that learnt from the rest; the others
    are judged by one that learnt from all.

    Args:
        tweets: What is learnt from.
        others: What is only judged.
        folds: Number of parts.
        how: As for :func:`linear_reader`.

    Returns:
        Logarithms of probabilities, float32 of shape (tweets, 4) and (others, 4).

    Raises:
        ValueError: If folds is not from 2 to the number of tweets, there are no others, the tweets
            have no words in common, or an attitude is in one part alone.
        TypeError: If an argument is of another kind.
    """
    from sklearn.model_selection import KFold, cross_val_predict

    arguments.whole("folds", folds, 2, max(2, len(tweets)))
    if not len(others):
        raise ValueError("others must hold at least one message, got none")
    features, judge = linear_reader(**how)
    try:
        read = features.fit_transform(pairs(tweets))
    except ValueError as error:
        raise ValueError(f"tweets must have some words in common: {error}") from error
    parts = KFold(folds, shuffle=True, random_state=0)
    attitudes = set(tweets.labels.tolist())
    beside = [set(tweets.labels[rest].tolist()) for rest, _ in parts.split(tweets.labels)]
    if len(attitudes) < 2 or any(found != attitudes for found in beside):
        raise ValueError("tweets must have two attitudes or more, each beside every part")
    new = cross_val_predict(judge, read, tweets.labels, cv=parts, method="predict_proba")
    judge.fit(read, tweets.labels)
    both = new, judge.predict_proba(features.transform(pairs(others)))
    return tuple(np.log(np.clip(p, 1e-4, 1)).astype("float32") for p in both)


@arguments.checked
def pairs(tweets: Tweets) -> list[tuple[str, str]]:
    """What a linear reader reads: text and entity of each message.

    Raises:
        TypeError: If tweets are none.
    """
    return list(zip(tweets.texts, tweets.entities, strict=True))


def _text(pair: tuple[str, str]) -> str:
    return pair[0].lower()


def _entity(pair: tuple[str, str]) -> list[str]:
    return [pair[1]]


def _words_with_entity(pair: tuple[str, str]) -> list[str]:
    text, entity = pair
    return [f"{entity}:{word}" for word in words(text)]


def _coarse() -> re.Pattern[str]:
    """Stems of coarse words, turned by 13 letters so that nobody has to read them here."""
    anywhere = "shpx shx fuvg ovgpu phag avtt juber chffl ergneq onfgneq gjng jnax nffubyr"
    first = "qvpxurnq fyhg cvff penc jgs fgsh snttbg"
    alone = "nff nffrf qvpx pbpx sht snt sntf zs"
    stems = (codecs.decode(part, "rot13").split() for part in (anywhere, first, alone))
    anywhere, first, alone = ("|".join(part) for part in stems)
    return re.compile(rf"\w*(?:{anywhere})\w*|\b(?:{first})\w*|\b(?:{alone})\b", re.IGNORECASE)


_COARSE = _coarse()


def masked(text: str) -> str:
    """A message as it may stand on a page: coarse words keep their first letter.

    Raises:
        TypeError: If text is not a string.
    """
    arguments.text("text", text)
    return _COARSE.sub(lambda found: found[0][0] + "*" * (len(found[0]) - 1), text)
