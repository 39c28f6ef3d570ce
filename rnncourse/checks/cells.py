"""Exercises of the chapter on cells: one step of an LSTM, with peepholes, and of a GRU."""

import numpy as np

from rnncourse.checks import Exercise


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _weights(rng, features, units, gates):
    shapes = (features, gates * units), (units, gates * units), (gates * units,)
    return tuple(rng.normal(0, 0.8, shape) for shape in shapes)


def _lstm_case(rng):
    batch, features, units = rng.integers(2, 5, size=3)
    x, h, c = rng.normal(size=(batch, features)), *rng.normal(size=(2, batch, units))
    return x, h, c, *_weights(rng, features, units, 4)


def _lstm(x, h, c, W, U, b, order="ifco", candidate=np.tanh, squash=np.tanh, kept=None):
    total = x @ W + h @ U + b
    gate = dict(zip(order, np.split(total, 4, axis=-1), strict=True))
    old = c if kept is None else kept
    c = _sigmoid(gate["f"]) * old + _sigmoid(gate["i"]) * candidate(gate["c"])
    return _sigmoid(gate["o"]) * squash(c), c


lstm_step = Exercise(
    "lstm_step",
    _lstm,
    _lstm_case,
    slips={
        "the gates are in another order: Keras has i, f, c, o; TensorFlow 1 had i, c, f, o.": (
            lambda *case: _lstm(*case, order="icfo")
        ),
        "the forget gate is in the wrong place: the order is i, f, c, o.": (
            lambda *case: _lstm(*case, order="fico")
        ),
        "`output` is used for `state`: the forget gate keeps the memory c, not the output h.": (
            lambda x, h, c, W, U, b: _lstm(x, h, c, W, U, b, kept=h)
        ),
        "the candidate goes through tanh; a sigmoid could only ever add.": (
            lambda *case: _lstm(*case, candidate=_sigmoid)
        ),
        "the output is o * tanh(c); the tanh is missing.": (
            lambda *case: _lstm(*case, squash=lambda c: c)
        ),
        "the old memory is missing: c' = f * c + i * candidate.": (
            lambda x, h, c, W, U, b: _lstm(x, h, c, W, U, b, kept=0 * c)
        ),
        "the two results are swapped: first the output h, then the memory c.": (
            lambda *case: _lstm(*case)[::-1]
        ),
        "the output is made from the old memory; it wants the new one.": (
            lambda x, h, c, W, U, b: (
                _sigmoid(np.split(x @ W + h @ U + b, 4, axis=-1)[3]) * np.tanh(c),
                _lstm(x, h, c, W, U, b)[1],
            )
        ),
        "the bias is missing.": lambda x, h, c, W, U, b: _lstm(x, h, c, W, U, 0 * b),
    },
)


def _peephole_case(rng):
    case = _lstm_case(rng)
    return *case, rng.normal(size=(3, case[1].shape[1]))


def _peephole(x, h, c, W, U, b, p, last=True, rows=(0, 1, 2)):
    i, f, candidate, o = np.split(x @ W + h @ U + b, 4, axis=-1)
    pi, pf, po = (p[row] if row is not None else 0.0 for row in rows)
    new = _sigmoid(f + pf * c) * c + _sigmoid(i + pi * c) * np.tanh(candidate)
    return _sigmoid(o + po * (new if last else c)) * np.tanh(new), new


peephole_step = Exercise(
    "peephole_step",
    _peephole,
    _peephole_case,
    slips={
        "the output gate looks at the old memory; its peephole shows it the new one.": (
            lambda *case: _peephole(*case, last=False)
        ),
        "the peepholes of i and f are swapped: the rows of p are i, f, o.": (
            lambda *case: _peephole(*case, rows=(1, 0, 2))
        ),
        "this is the LSTM without peepholes.": (
            lambda *case: _peephole(*case, rows=(None, None, None))
        ),
        "the output gate has no peephole yet.": lambda *case: _peephole(*case, rows=(0, 1, None)),
        "only the output gate has a peephole.": lambda *case: _peephole(
            *case, rows=(None, None, 2)
        ),
        "the gates see the output h where they should see the memory c.": (
            lambda x, h, c, W, U, b, p: _seeing_outputs(x, h, c, W, U, b, p)
        ),
    },
)


def _seeing_outputs(x, h, c, W, U, b, p):
    i, f, candidate, o = np.split(x @ W + h @ U + b, 4, axis=-1)
    new = _sigmoid(f + p[1] * h) * c + _sigmoid(i + p[0] * h) * np.tanh(candidate)
    return _sigmoid(o + p[2] * h) * np.tanh(new), new


def _gru_case(rng):
    batch, features, units = rng.integers(2, 5, size=3)
    x, h = rng.normal(size=(batch, features)), rng.normal(size=(batch, units))
    return x, h, *_weights(rng, features, units, 3)


def _gru(x, h, W, U, b, order="zrh", mix=None, reset=None):
    xs = dict(zip(order, np.split(x @ W + b, 3, axis=-1), strict=True))
    us = dict(zip(order, np.split(U, 3, axis=-1), strict=True))
    z = _sigmoid(xs["z"] + h @ us["z"])
    r = _sigmoid(xs["r"] + h @ us["r"])
    inner = (r * h) @ us["h"] if reset is None else reset(r, h, us["h"])
    candidate = np.tanh(xs["h"] + inner)
    return z * h + (1 - z) * candidate if mix is None else mix(z, r, h, candidate)


gru_step = Exercise(
    "gru_step",
    _gru,
    _gru_case,
    slips={
        "(1 - h) stands where (1 - z) belongs: the handout of 2017 has this slip.": (
            lambda *case: _gru(*case, mix=lambda z, r, h, new: z * h + (1 - h) * new)
        ),
        "the reset gate r mixes old and new; that is the update gate's work, z.": (
            lambda *case: _gru(*case, mix=lambda z, r, h, new: r * h + (1 - r) * new)
        ),
        "z and 1 - z are swapped: here z is the share that is kept.": (
            lambda *case: _gru(*case, mix=lambda z, r, h, new: (1 - z) * h + z * new)
        ),
        "the gates are in another order: Keras has z, r, h; TensorFlow 1 had r, z.": (
            lambda *case: _gru(*case, order="rzh")
        ),
        "the reset gate acts after the product with U: that is the other kind of GRU.": (
            lambda *case: _gru(*case, reset=lambda r, h, U: r * (h @ U))
        ),
        "the reset gate is not used.": lambda *case: _gru(*case, reset=lambda r, h, U: h @ U),
        "this is the candidate alone; the old state has a share in the new one.": (
            lambda *case: _gru(*case, mix=lambda z, r, h, new: new)
        ),
        "the bias is missing.": lambda x, h, W, U, b: _gru(x, h, W, U, 0 * b),
    },
)
