"""Translating: an encoder reads a sentence, a decoder writes it in another language.

Sentences are arrays of integers (batch, time): 0 is padding, then the tokens of a vocabulary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from rnncourse.fast_gru import FastGRU
from rnncourse.training import History

PADDING, UNKNOWN, BEGIN, END = range(4)


@keras.saving.register_keras_serializable(package="rnncourse")
class Translator(keras.Model):
    """Sequence to vector to sequence, and what was added to it.

    Args:
        source: Size of the vocabulary that is read.
        target: Size of the vocabulary that is written.
        units: Size of the decoder's state, and of all that is kept of a word by the encoder.
        embedding: Size of the vectors that stand for words.
        bidirectional: Two encoders of ``units / 2``, one for either direction; otherwise one of
            ``units`` that reads the sentence from its end.
        attention: Whether the decoder may look at the states of the encoder.
        dropout: Share of the numbers that is set to zero in training.
    """

    def __init__(
        self,
        source: int,
        target: int,
        units: int = 256,
        embedding: int = 128,
        bidirectional: bool = True,
        attention: bool = True,
        dropout: float = 0.3,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.sizes = {"source": source, "target": target, "units": units, "embedding": embedding}
        self.bidirectional, self.attention, self.dropout = bidirectional, attention, dropout
        self.read = keras.layers.Embedding(source, embedding, name="read")
        self.write = keras.layers.Embedding(target, embedding, name="write")
        each = units // 2 if bidirectional else units
        kinds = {"return_sequences": True, "return_state": True}
        self.backward = FastGRU(each, go_backwards=True, name="backward", **kinds)
        self.forward = FastGRU(each, name="forward", **kinds) if bidirectional else None
        self.decoder = FastGRU(units, name="decoder", **kinds)
        if attention:
            self.query = keras.layers.Dense(units, use_bias=False, name="query")
            self.key = keras.layers.Dense(units, name="key")
            self.score = keras.layers.Dense(1, use_bias=False, name="score")
        self.combine = keras.layers.Dense(embedding, "tanh", name="combine")

    def encode(self, sentences, drop=lambda x: x):
        """Read sentences (batch, time)."""
        mask = sentences > PADDING
        x = drop(self.read(sentences))
        states, vector = self.backward(x, mask=mask)
        states = ops.flip(states, axis=1)
        if self.bidirectional:
            ahead, last = self.forward(x, mask=mask)
            states, vector = ops.concatenate([ahead, states], -1), ops.concatenate([last, vector], -1)
        memory = (drop(states), self.key(states), mask) if self.attention else ()
        return memory, vector

    def attend(self, state, memory):
        states, keys, mask = memory
        together = ops.tanh(self.query(state)[:, :, None] + keys[:, None])  # (batch, written, read, units)
        scores = self.score(together)[..., 0]
        weights = ops.softmax(ops.where(mask[:, None], scores, -1e9), axis=-1)
        return ops.matmul(weights, states), weights

    def decode(self, words, vector, memory, drop=lambda x: x):
        """Logits."""
        state, last = self.decoder(drop(self.write(words)), initial_state=vector)
        state, weights = drop(state), None
        if self.attention:
            context, weights = self.attend(state, memory)
            state = ops.concatenate([context, state], axis=-1)
        answer = drop(self.combine(state))
        return ops.matmul(answer, ops.transpose(self.write.embeddings)) + self.bias, last, weights

    def call(self, sentences, words, noise=None):
        drop = _dropper(self.dropout, noise)
        memory, vector = self.encode(sentences, drop)
        return self.decode(words, vector, memory, drop)[0]

    def build(self, input_shape=None):
        """Make the weights; they are the same for sentences of any length."""
        if self.built:
            return
        units, embedding = self.sizes["units"], self.sizes["embedding"]
        for layer in (self.read, self.write):
            layer.build((None, None))
        for layer in (self.backward, self.forward, self.decoder):
            if layer is not None:
                layer.build((None, None, embedding))
        if self.attention:
            for layer in (self.query, self.key, self.score):
                layer.build((None, None, units))
        self.combine.build((None, None, 2 * units if self.attention else units))
        self.bias = self.add_weight(shape=(self.sizes["target"],), initializer="zeros", name="bias")


def _dropper(rate, noise):
    """Zero a share of the numbers; ``noise`` (batch, many) is used up from the left."""
    if noise is None or not rate:
        return lambda x: x
    used = 0

    def drop(x):
        nonlocal used
        size = int(np.prod(x.shape[1:]))
        mine = tf.reshape(noise[:, used : used + size], x.shape)
        used += size
        return tf.where(mine >= rate, x / (1 - rate), 0.0)

    return drop


def compiled_step(model, optimizer, *, smoothing=0.1, jit_compile=True, parts=2):
    model.build()
    variables = model.trainable_variables
    optimizer.build(variables)

    @tf.function(jit_compile=jit_compile)
    def gradients(sentences, wanted, noise):
        counts = tf.cast(wanted > PADDING, "float32")
        before = tf.concat([tf.fill([wanted.shape[0], 1], BEGIN), wanted[:, :-1]], 1)
        with tf.GradientTape() as tape:
            logits = model(sentences, before, noise=noise)
            size = logits.shape[-1]
            one_hot = tf.one_hot(wanted, size, on_value=1 - smoothing + smoothing / size, off_value=smoothing / size)
            losses = tf.nn.softmax_cross_entropy_with_logits(labels=one_hot, logits=logits)
            loss = tf.reduce_sum(counts * losses) / tf.reduce_sum(counts)
        return [loss, *(tf.convert_to_tensor(g) for g in tape.gradient(loss, variables))]

    @tf.function(jit_compile=jit_compile)
    def move(several):
        loss, *mean = [tf.add_n(same) / parts for same in zip(*several, strict=True)]
        optimizer.apply(mean, variables)
        return loss

    @tf.function
    def step(sentences, wanted, seed):
        (batch, read), written = sentences.shape, wanted.shape[1]
        units, embedding = model.sizes["units"], model.sizes["embedding"]
        many = read * (embedding + units) + written * (2 * embedding + units)
        noise = tf.random.stateless_uniform((batch, many), tf.stack([seed, 0]))
        shares = zip(*(tf.split(x, parts) for x in (sentences, wanted, noise)), strict=True)
        return move([gradients(*share) for share in shares])

    return step


@tf.function(reduce_retracing=True)
def greedy(model, sentences, steps):
    """Translations (batch, steps), one word after another, each the likeliest."""
    memory, vector = model.encode(sentences)
    batch = tf.shape(sentences)[0]
    words = tf.fill([batch], BEGIN)
    written = tf.TensorArray(tf.int32, steps)
    done = tf.zeros([batch], bool)
    forbid = tf.constant([[-1e9, -1e9, -1e9, 0.0]])
    for t in tf.range(steps):
        logits, vector, _ = model.decode(words[:, None], vector, memory)
        logits = tf.concat([logits[:, 0, :4] + forbid, logits[:, 0, 4:]], 1)
        words = tf.where(done, PADDING, tf.argmax(logits, -1, output_type=tf.int32))
        written = written.write(t, words)
        done = done | (words == END) | (words == PADDING)
    return tf.transpose(written.stack())
