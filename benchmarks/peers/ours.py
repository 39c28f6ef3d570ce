"""Our layers and Keras's, as forms to be timed; run by ``benchmarks.speed``."""

import keras
import numpy as np
import tensorflow as tf
from talk import CLASSES, GATES, Case, serve

from rnncourse import cells, scan, training, unroll

OURS = {
    "SimpleRNN": cells.ElmanCell,
    "LSTM": cells.LSTMCell,
    "GRU": lambda units: cells.GRUCell(units, reset_after=True),
    "minGRU": cells.MinGRUCell,
}
RATE = 0.01


def by_unroller(run, gates=True, **how):
    """A form: one of our cells, run by one of our unrollers; the last output is read."""

    def form(case: Case):
        cell = OURS[case.cell](case.units)
        if not gates:
            cell.combine = mean_of_blocks(cell.gates)
        cell.build((case.batch, case.features))

        def last(x):
            return run(cell, x)[0][:, -1]

        return steps(case, last, cell.trainable_variables, **how)

    return form


def mean_of_blocks(blocks: int):
    """In place of a cell's gates: the least that can be made of all that its products yield."""

    def combine(projected, remembered, states):
        h = sum(tf.split(projected + remembered, blocks, axis=-1)) / blocks
        return h, [h, *states[1:]]

    return combine


def by_layer(make, **how):
    """A form: a Keras layer."""

    def form(case: Case):
        layer = make(case)
        layer.build((case.batch, case.time, case.features))
        return steps(case, layer, layer.trainable_variables, **how)

    return form


def steps(case: Case, last, variables: list, *, xla: bool, parts: int = 1):
    """A step of plain gradient descent, and a pass forwards, for what a layer says at the end."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(case.batch, case.time, case.features)), tf.float32)
    labels = tf.constant(rng.integers(0, CLASSES, case.batch), tf.int32)
    dense = tf.Variable(rng.normal(size=(case.units, CLASSES)) / case.units**0.5, dtype="float32")
    weights = [v.value for v in variables] + [dense]

    def loss(x, labels):
        logits = tf.matmul(last(x), dense)
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        )

    gradients_of = training.gradients_by_core(loss, weights, parts=parts, jit_compile=xla)

    @tf.function(jit_compile=xla)
    def move(gradients):
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.assign_sub(RATE * gradient)

    @tf.function
    def train_in_parts(x, labels):
        value, gradients = gradients_of(x, labels)
        move(gradients)
        return value

    @tf.function(jit_compile=xla)
    def train_whole(x, labels):
        with tf.GradientTape() as tape:
            value = loss(x, labels)
        for weight, gradient in zip(weights, tape.gradient(value, weights), strict=True):
            weight.assign_sub(RATE * gradient)
        return value

    @tf.function(jit_compile=xla)
    def infer_part(x):
        return tf.matmul(last(x), dense)

    @tf.function
    def infer_in_parts(x):
        return tf.concat([infer_part(part) for part in tf.split(x, parts)], axis=0)

    train = train_whole if parts == 1 else train_in_parts
    infer = infer_part if parts == 1 else infer_in_parts
    return {"train": lambda: train(x, labels).numpy(), "infer": lambda: infer(x).numpy()}


def keras_layer(**options):
    """Keras's own layer of a kind."""
    return lambda case: getattr(keras.layers, case.cell)(case.units, **options)


def chain(cell, x):
    """A copy of the cell for each step."""
    outputs, state = unroll.static_rnn(cell, tf.unstack(x, axis=1))
    return tf.stack(outputs, axis=1), state


def products(case: Case):
    """The products of matrices of the layer and nothing else: of one step, and of all at once."""
    rng = np.random.default_rng(0)
    columns = GATES[case.cell] * case.units
    kernel = tf.constant(rng.normal(size=(case.units, columns)), tf.float32)
    one = tf.constant(rng.normal(size=(case.batch, case.units)), tf.float32)
    many = tf.constant(rng.normal(size=(case.batch * case.time, case.units)), tf.float32)
    return {
        "step": lambda: tf.matmul(one, kernel).numpy(),
        "all": lambda: tf.matmul(many, kernel).numpy(),
    }


FORMS = {
    "ours": by_unroller(unroll.dynamic_rnn, xla=False),
    "ours, half a batch a core": by_unroller(unroll.dynamic_rnn, xla=False, parts=2),
    "ours, XLA": by_unroller(unroll.dynamic_rnn, xla=True),
    "ours, XLA, half a batch a core": by_unroller(unroll.dynamic_rnn, xla=True, parts=2),
    "ours, chain": by_unroller(chain, xla=False),
    "ours, chain, half a batch a core": by_unroller(chain, xla=False, parts=2),
    "ours, chain, XLA, half a batch a core": by_unroller(chain, xla=True, parts=2),
    "ours, XLA, half a batch a core, without gates": by_unroller(
        unroll.dynamic_rnn, gates=False, xla=True, parts=2
    ),
    "ours, chain, half a batch a core, without gates": by_unroller(
        chain, gates=False, xla=False, parts=2
    ),
    "Keras": by_layer(keras_layer(), xla=False),
    "Keras, jit_compile": by_layer(keras_layer(), xla=True),
    "Keras, unroll": by_layer(keras_layer(unroll=True), xla=False),
    "Keras, unroll, jit_compile": by_layer(keras_layer(unroll=True), xla=True),
    "ours, scan": by_unroller(scan.parallel_rnn, xla=False),
    "ours, scan, XLA": by_unroller(scan.parallel_rnn, xla=True),
    "matrix product": products,
}

if __name__ == "__main__":
    serve(FORMS, tf.__version__)
