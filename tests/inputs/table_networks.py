"""The networks of the applications: what makes their data, draws, trains and asks them."""

import keras
from contract import Case

from rnncourse import sampling


def anything(result, arguments):
    """Nothing to compute with comes out."""


# --- sampling ------------------------------------------------------------------------------------

WRITER = keras.Sequential(
    [
        keras.Input((None,), dtype="int32"),
        keras.layers.Embedding(5, 3),
        keras.layers.GRU(2, return_sequences=True),
        keras.layers.Dense(5),
    ]
)
SAMPLER = sampling.Sampler(WRITER, "abcde", jit_compile=False)


def drawn(result, arguments):
    """Each row is the primer and tokens behind it, no more than were asked for."""
    assert 0 <= result.tokens.min() <= result.tokens.max() < 5
    known = result.tokens.shape[1] - arguments["length"]
    assert (known < result.lengths).all() and (result.lengths <= known + arguments["length"]).all()


def drawing(rng):
    return {
        "primer": rng.integers(0, 5, 2),
        "length": 3,
        "count": int(rng.integers(1, 3)),
        "temperature": 0.8,
        "top_k": None,
        "nucleus": None,
        "stop": ["ab", [3]],
        "seed": 1,
    }


SAMPLING = [
    Case(
        "sampling.Sampler",
        sampling.Sampler,
        lambda rng: {"model": [WRITER, WRITER], "vocabulary": "abcde", "jit_compile": False},
        holds=anything,
    ),
    Case(
        "sampling.Sampler.draw",
        SAMPLER.draw,
        drawing,
        holds=drawn,
        fits=("primer count",),
        examples=50,
    ),
    Case(
        "sampling.Sampler.text",
        SAMPLER.text,
        lambda rng: {"primer": "ab", "length": 3, "count": 1, "stop": "c"},
        holds=lambda result, a: [len(text) for text in result],
        examples=30,
    ),
    Case(
        "sampling.Drawn.sequences",
        lambda: SAMPLER.draw("a", 3).sequences(),
        lambda rng: {},
        examples=3,
    ),
]

CASES = [*SAMPLING]
