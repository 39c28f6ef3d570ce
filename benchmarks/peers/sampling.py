"""Ways to write a text with the generator of the course, as forms to be timed, a character a call.

Run by ``benchmarks.speed``; the weights are as they begin, since speed does not depend on them.
"""

import keras
import numpy as np
import tensorflow as tf
from talk import Case, serve

from rnncourse import language, sampling

WINDOW = 32


def by_predict(case: Case):
    """``model.predict`` on the last 32 characters, for each new one."""
    model = language.generator(case.features, (case.units,))
    tokens = np.zeros((case.batch, WINDOW), np.int32)

    def write():
        nonlocal tokens
        logits = model.predict(tokens, verbose=0)[:, -1]
        tokens = np.c_[tokens[:, 1:], logits.argmax(-1)].astype(np.int32)

    return {"write": write}


def by_stateful_predict(case: Case):
    """``model.predict`` on the last character of a stateful model."""
    model = keras.Sequential(
        [
            keras.Input((1,), batch_size=case.batch, dtype="int32"),
            keras.layers.Embedding(case.features, case.features),
            keras.layers.GRU(case.units, stateful=True, return_sequences=True),
            keras.layers.Dense(case.features),
        ]
    )
    tokens = np.zeros((case.batch, 1), np.int32)

    def write():
        nonlocal tokens
        logits = model.predict(tokens, batch_size=case.batch, verbose=0)
        tokens = logits.argmax(-1).astype(np.int32)

    return {"write": write}


def by_compiled_step(case: Case):
    """One compiled step for each character, called from Python."""
    step, first = sampling._stepper(language.generator(case.features, (case.units,)))
    compiled = tf.function(step, jit_compile=True)
    tokens, state = tf.zeros(case.batch, tf.int32), first(case.batch)

    def write():
        nonlocal tokens, state
        logits, state = compiled(tokens, state)
        tokens = tf.constant(logits.numpy().argmax(-1), tf.int32)

    return {"write": write}


def by_sampler(case: Case):
    """The whole loop in the graph; as many characters a call as the case has steps."""
    sampler = sampling.Sampler(language.generator(case.features, (case.units,)))
    return {"write": lambda: sampler.draw([0], case.time, count=case.batch)}


FORMS = {
    "model.predict, 32 characters": by_predict,
    "model.predict, stateful": by_stateful_predict,
    "a compiled step": by_compiled_step,
    "sampler": by_sampler,
}

if __name__ == "__main__":
    serve(FORMS, tf.__version__)
