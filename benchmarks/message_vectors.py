"""A message to a vector and back: how much of it comes back, and which vectors lie side by side.

``python -m benchmarks.message_vectors`` trains the auto-encoder of ``rnncourse.message_vectors``
on parts of messages and writes ``benchmarks/records/message_vectors.json``. Parts begin with a
word; those of a mini-batch have the same number of letters, drawn from 2 to what the training has
got to, at its end 32. It is tried on the beginnings of messages that it has not seen.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import tensorflow as tf
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks import record
from rnncourse import datasets, message_vectors, sentiment, training
from rnncourse.muon import Muon

UNITS, BATCH = 256, 64
LENGTHS = (4, 8, 12, 16, 20, 24, 28, 32)
SHOWN = 6


def parts(texts: list[str], count: int, length: int, rng: np.random.Generator) -> np.ndarray:
    """Parts of texts drawn at random: from the beginning of a word, up to ``length`` letters."""
    drawn = []
    while len(drawn) < count:
        words = texts[rng.integers(len(texts))].split(" ")
        text = " ".join(words[rng.integers(len(words)) :])
        if text:
            drawn.append(text[:length].strip())
    return message_vectors.encode(drawn)


def train(texts: list[str], steps: int, seed: int) -> message_vectors.MessageVectors:
    """Train on parts of texts that become longer over the first half of the steps."""
    training.seed_everything(seed)
    rng = np.random.default_rng(seed)
    model = message_vectors.MessageVectors(UNITS)
    model.build()
    variables = model.trainable_variables
    rate = training.warmup_cosine(0.01, steps, 0.02)
    optimizer = Muon(rate, ratio=0.5, beta_2=0.95, global_clipnorm=1.0)

    def error(messages):
        wanted = tf.pad(messages, [(0, 0), (0, 1)])
        counts = tf.cast(tf.pad(messages > 0, [(0, 0), (1, 0)], constant_values=True), tf.float32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, model(messages))
        return tf.reduce_sum(counts * losses) / tf.reduce_sum(counts)

    step = training.compiled_step(error, variables, optimizer, parts=1)
    mean = 0.0
    for done in range(1, steps + 1):
        longest = min(32, 4 + int(28 * done / (0.5 * steps)))
        length = rng.integers(2, longest + 1)
        mean += float(step(tf.constant(parts(texts, BATCH, length, rng))))
        if done % 200 == 0:
            print(f"{done} {longest} {mean / 200:.3f} {time.process_time():.0f} s", flush=True)
            mean = 0.0
    return model


def judge(model: message_vectors.MessageVectors, texts: list[str]) -> dict[str, list]:
    """How much comes back, by length."""
    values: dict[str, list] = {"length": [], "letters": [], "whole": []}
    for length in LENGTHS:
        fitting = [text[:length].strip() for text in texts if len(text) >= length]
        messages = message_vectors.encode(fitting)
        written = message_vectors.write(model, model.encode(tf.constant(messages))).numpy()
        share, whole = message_vectors.accuracy(written, messages)
        values["length"].append(length)
        values["letters"].append(float(share.mean()))
        values["whole"].append(float(whole.mean()))
    return values


def show(model: message_vectors.MessageVectors, texts: list[str]) -> dict[str, list]:
    """Some messages, what came back of them, and what lies next to them."""
    messages = message_vectors.encode(texts)
    read = [message_vectors.decode(row) for row in messages]
    vectors = model.encode(tf.constant(messages)).numpy()
    back = message_vectors.write(model, vectors).numpy()
    vectors -= vectors.mean(0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = vectors @ vectors.T
    by_word = TfidfVectorizer(token_pattern=r"\w+").fit_transform(read)
    words = (by_word @ by_word.T).toarray()
    for table in (near, words):
        np.fill_diagonal(table, -1)
    values: dict[str, list] = {}
    chosen = [k for k, text in enumerate(read) if len(text) > 24 and sentiment.masked(text) == text]
    chosen = chosen[:: len(chosen) // SHOWN][:SHOWN]
    values["read"] = [read[k] for k in chosen]
    values["written"] = [sentiment.masked(message_vectors.decode(back[k])) for k in chosen]
    values["neighbour by vector"] = [sentiment.masked(read[near[k].argmax()]) for k in chosen]
    values["neighbour by words"] = [sentiment.masked(read[words[k].argmax()]) for k in chosen]
    common = [set(text.split()) for text in read]
    for name, table in (("vector", near), ("words", words)):
        other = table.argmax(1)
        same = [(messages[k, :8] == messages[o, :8]).mean() for k, o in enumerate(other)]
        shared = [
            len(common[k] & common[o]) / len(common[k] | common[o]) for k, o in enumerate(other)
        ]
        values[f"beginning shared, by {name}"] = [float(np.mean(same))]
        values[f"words shared, by {name}"] = [float(np.mean(shared))]
    return values


def main() -> None:
    """Train, judge and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2_500, metavar="N", help="mini-batches of 64")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the seed")
    asked = parser.parse_args()
    messages = datasets.load_messages("clean")
    learnt, tried = (
        [plain for plain in map(message_vectors.plain, some.texts) if plain]
        for some in (messages.train, messages.test)
    )
    started = time.process_time()
    model = train(learnt, asked.steps, asked.seed)
    seconds = time.process_time() - started
    values = judge(model, tried) | show(model, tried)
    values["CPU seconds"], values["weights"] = [seconds], [model.count_params()]
    for name, value in values.items():
        print(name, value)
    record.save(
        "message_vectors",
        values,
        command=f"python -m benchmarks.message_vectors --steps {asked.steps}",
        data=str(messages.source),
        seeds=[asked.seed],
    )


if __name__ == "__main__":
    main()
