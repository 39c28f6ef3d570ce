"""Learning to tell the next character: a generator of text, and one way to train it quickly.

The model is the generator of the handout (Albert, 2017, section 5.2): characters one-hot, recurrent
layers above each other, one logit a character. It is trained on windows of a text that several
readers follow, and the state at the end of one window is where the next begins. The gradient goes
back to the beginning of its window and no further (Williams and Peng, 1990).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from rnncourse import arguments, training
from rnncourse.fast_gru import FastGRU, gru
from rnncourse.text import windows

PIECE = 4096  # characters that are measured in one go


def generator(tokens: int, units: Sequence[int] = (256,)) -> keras.Sequential:
    """An untrained generator, from integers (batch, time) to logits (batch, time, tokens).

    The recurrent kernel begins as one orthogonal matrix a gate, and the update gate's bias at 1, so
    that the state begins by keeping most of itself.

    Args:
        tokens: Size of the vocabulary.
        units: Units of each recurrent layer, the lowest first; the handout has (512, 512, 512).

    Raises:
        ValueError: If there is no layer, or a size is out of its range.
        TypeError: If an argument is of another kind.
    """
    tokens = arguments.whole("tokens", tokens, most=10**4)  # each has a row of as many numbers
    if not len(arguments.items("units", units)):
        raise ValueError("units must name at least one layer, got none")
    units = [arguments.whole("units", size, most=arguments.MANY) for size in units]
    one_hot = keras.layers.Embedding(
        tokens, tokens, embeddings_initializer="identity", trainable=False, name="one_hot"
    )
    recurrent = [FastGRU(size, return_sequences=True) for size in units]
    model = keras.Sequential(
        [keras.Input((None,), dtype="int32"), one_hot, *recurrent, keras.layers.Dense(tokens)]
    )
    orthogonal = keras.initializers.Orthogonal()
    for layer, size in zip(recurrent, units, strict=True):
        kernel, _, bias = layer.get_weights()
        gates = [keras.ops.convert_to_numpy(orthogonal((size, size))) for _ in range(3)]
        bias[0, :size] = 1.0
        layer.set_weights([kernel, np.concatenate(gates, axis=1), bias])
    return model


def start(model: keras.Sequential, batch: int) -> list[tf.Tensor]:
    """The states before the first character: zeros of shape (batch, units), one a layer.

    Raises:
        ValueError: If batch is not positive.
        TypeError: If the model is no generator, or batch no whole number.
    """
    _known(model)
    batch = arguments.whole("batch", batch, most=arguments.MANY)
    return [tf.zeros((batch, layer.units)) for layer in _recurrent(model)]


def run(model: keras.Sequential, tokens, states, masks=None):
    """Read on, from given states.

    The same numbers as ``model(tokens)``, and quicker: a one-hot vector times the kernel is a row
    of it, which is looked up.

    Args:
        model: A generator.
        tokens: Integers of shape (batch, time).
        states: One tensor of shape (batch, units) a layer.
        masks: What the outputs of each layer are multiplied with, tensors of shape
            (batch, time or 1, units), for dropout; nothing by default.

    Returns:
        Logits of shape (batch, time, tokens), and the states after the last character.
    """
    x, after = None, []
    for depth, (layer, state) in enumerate(zip(_recurrent(model), states, strict=True)):
        kernel, recurrent_kernel, bias = map(tf.convert_to_tensor, layer.cell.weights)
        projected = tf.gather(kernel, tokens) if x is None else tf.matmul(x, kernel)
        x, state = gru(projected + bias[0], state, recurrent_kernel, bias[1])
        after.append(state)
        if masks is not None:
            x *= masks[depth]
    return model.layers[-1](x), after


@dataclass(frozen=True)
class Recipe:
    """How a generator is trained.

    Attributes:
        steps: Updates of the weights.
        streams: Readers, each in its own place of the text.
        length: Characters of a window.
        carry: Whether a window begins with the state in which the one before it ended.
        peak: The highest learning rate.
        dropout: Share of each layer's outputs that is left out, the same units at all steps of a
            window (Gal and Ghahramani, 2016).
        decay: Weight decay, a share of the learning rate (Loshchilov and Hutter, 2019).

    Raises:
        ValueError: If a number is out of its range.
        TypeError: If it is none.
    """

    steps: int
    streams: int = 32
    length: int = 32
    carry: bool = True
    peak: float = 0.005
    dropout: float = 0.0
    decay: float = 0.0

    def __post_init__(self):
        arguments.whole("steps", self.steps)
        arguments.whole("streams", self.streams, most=arguments.MANY)
        arguments.whole("length", self.length, most=arguments.MANY)
        arguments.yes_or_no("carry", self.carry)
        arguments.number("peak", self.peak, least=0, most=1e6)
        arguments.number("dropout", self.dropout, least=0, below=1)
        arguments.number("decay", self.decay, least=0, most=1e6)


@arguments.checked
def train(
    model: keras.Sequential,
    tokens: np.ndarray | Sequence[int],
    recipe: Recipe,
    seed: int = 0,
    watch: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Train a generator.

    Args:
        model: What to train.
        tokens: The text, of shape (time,).
        recipe: How.
        seed: Where the readers begin, and what is left out.
        watch: Called after every update, with the number of updates so far.

    Returns:
        The mean loss of each window, in nats a character, of shape (steps,).

    Raises:
        ValueError: If a token is none of the model's, or the text too short for the readers.
        TypeError: If an argument is of another kind.
    """
    tokens = arguments.integers("tokens", tokens, None, most=_known(model) - 1)
    arguments.whole("seed", seed, 0)
    optimizer = keras.optimizers.AdamW(
        training.warmup_cosine(recipe.peak, recipe.steps, warmup=0.01, final=0.02),
        weight_decay=recipe.decay,
        beta_2=0.99,
        global_clipnorm=1.0,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=True)
    def update(inputs, targets, states, masks):
        with tf.GradientTape() as tape:
            logits, states = run(model, inputs, states, masks)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(list(map(tf.convert_to_tensor, gradients)), model.trainable_variables)
        return loss, states

    rng, losses = np.random.default_rng(seed), []
    source = windows(tokens, recipe.streams, recipe.length, rng)
    for step, (inputs, targets, begins) in zip(range(recipe.steps), source, strict=False):
        if begins or not recipe.carry:
            states = start(model, recipe.streams)
        masks = [_mask(rng, (recipe.streams, 1, s.shape[1]), recipe.dropout) for s in states]
        loss, states = update(*map(tf.constant, (inputs, targets)), states, masks)
        losses.append(loss)
        if watch:
            watch(step + 1)
    return np.array([float(loss) for loss in losses])


def train_side_by_side(
    models: Sequence[keras.Sequential],
    tokens: np.ndarray,
    recipe: Recipe,
    seed: int = 0,
    watch: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Train several generators at once, a processor core each.

    They know nothing of each other: each begins elsewhere and reads the text from other places.

    Args:
        models: What to train.
        tokens: As for :func:`train`.
        recipe: As for :func:`train`.
        seed: As for :func:`train`; each model takes the next.
        watch: As for :func:`train`, for the first model.

    Returns:
        The losses, of shape (models, steps).

    Raises:
        ValueError: If there is no model; as for :func:`train`.
        TypeError: As for :func:`train`.
    """
    for model in arguments.items("models", models, keras.Sequential, 1):
        _known(model, "models")
    seed = arguments.whole("seed", seed, 0, arguments.LARGEST // 1000 - len(models))
    with ThreadPoolExecutor(len(models)) as pool:
        jobs = [
            pool.submit(train, model, tokens, recipe, 1000 * seed + i, None if i else watch)
            for i, model in enumerate(models)
        ]
    return np.stack([job.result() for job in jobs])


def log_probabilities(model: keras.Sequential, tokens: np.ndarray) -> np.ndarray:
    """What a generator gave to each character that came, the state carried all along.

    Args:
        model: A generator.
        tokens: A text, of shape (time,).

    Returns:
        log p of each character but the first, of shape (time - 1,).

    Raises:
        ValueError: If the text has less than two characters, or one that the model does not know.
        TypeError: If the model is no generator, or the text no whole numbers.
    """
    tokens = arguments.integers("tokens", tokens, None, most=_known(model) - 1)
    if len(tokens) < 2:
        raise ValueError(f"tokens must be at least two, got {len(tokens)}")

    @tf.function(jit_compile=True)
    def read(inputs, targets, states):
        logits, states = run(model, inputs, states)
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)[0], states

    length = min(PIECE, len(tokens) - 1)  # all pieces are equally long: one compilation
    padded = np.pad(tokens, (0, -(len(tokens) - 1) % length)).astype(np.int32)
    found, states = [], start(model, 1)
    for t in range(0, len(padded) - 1, length):
        piece = tf.constant(padded[None, t : t + length + 1])
        said, states = read(piece[:, :-1], piece[:, 1:], states)
        found.append(said)
    return np.concatenate(found)[: len(tokens) - 1]


def _mask(rng: np.random.Generator, shape: tuple, dropout: float) -> tf.Tensor:
    """Zeros where something is left out, and elsewhere what makes up for it.

    From NumPy, because XLA's random numbers cost more on a processor than all the rest.
    """
    kept = rng.random(shape, np.float32) >= dropout
    return tf.constant(kept / np.float32(1 - dropout))


def _known(model: keras.Sequential, name: str = "model") -> int:
    """How many tokens a generator knows; what is no generator is refused."""
    layers = model.layers if isinstance(model, keras.Sequential) else []
    if not (layers and isinstance(layers[-1], keras.layers.Dense) and _recurrent(model)):
        raise TypeError(f"{name} must be made by generator, got {arguments.what(model)}")
    return layers[-1].units


def _recurrent(model: keras.Sequential) -> list[FastGRU]:
    return [layer for layer in model.layers if isinstance(layer, FastGRU)]
