"""How fast this machine is at the moment, beside the one that the book's times are promised for.

One processor needs half as long again as another for the same work, and so does one that others use
as well. When a chapter took too long, this tells the two cases apart: the same piece of work, which
no change of the book makes slower, is timed here and compared with what it takes where the times
are promised. It is what most chapters spend their time on, a GRU that learns on each of two cores.
``python -m book.pace`` prints the seconds of a step.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from book.chapters import ROOT

PROMISED = 0.0145  # seconds a step of the work, where the times are promised
CORES, STEPS = 2, 60
BATCH, TIME, UNITS = 32, 32, 256


def slower() -> float:
    """How many times longer work takes at the moment than where the times are promised; 1 or more.

    Raises:
        RuntimeError: If the work cannot be done, with what was said.
    """
    command, quiet = [sys.executable, "-m", "book.pace"], {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **quiet}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"the machine's pace cannot be measured:\n{done.stderr[-1000:]}")
    return max(1.0, float(done.stdout.splitlines()[-1]) / PROMISED)


def seconds_a_step(seed: int) -> float:
    """Let a GRU learn something for some steps, compiled by XLA; how long one takes."""
    import tensorflow as tf

    kernel = tf.random.stateless_normal((UNITS, 3 * UNITS), (seed, 1), stddev=0.05)
    inputs = tf.random.stateless_normal((TIME, BATCH, 3 * UNITS), (seed, 2))

    @tf.function(jit_compile=True)
    def gradient(kernel):
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            state, states = tf.zeros((BATCH, UNITS)), tf.TensorArray(tf.float32, TIME)
            for t in tf.range(TIME):
                x, h = tf.split(inputs[t], 3, axis=1), tf.split(state @ kernel, 3, axis=1)
                z, r = tf.sigmoid(x[0] + h[0]), tf.sigmoid(x[1] + h[1])
                state = z * state + (1 - z) * tf.tanh(x[2] + r * h[2])
                states = states.write(t, state)
            cost = tf.reduce_mean(states.stack() ** 2)
        return tape.gradient(cost, kernel)

    float(gradient(kernel)[0, 0])  # compiled
    started = time.perf_counter()
    for _ in range(STEPS):
        kernel -= gradient(kernel)
    float(kernel[0, 0])
    return (time.perf_counter() - started) / STEPS


if __name__ == "__main__":
    with ThreadPoolExecutor(CORES) as pool:
        print(max(pool.map(seconds_a_step, range(CORES))))
