"""Exercises of the chapter on functions of sequences."""

from rnncourse.checks import Exercise
from rnncourse.machines import scan as _scan


def _node(rng):
    """A node on whole numbers whose output is not its state."""
    a, b, c, d = (int(n) for n in rng.integers(2, 6, size=4))
    return lambda x, s: (a * x - b * s, c * x + d * s + 1)


def _scan_case(rng):
    inputs = [int(n) for n in rng.integers(-9, 10, size=rng.integers(2, 6))]
    return _node(rng), inputs, int(rng.integers(1, 9))


def _forgetful(f, inputs, state):
    return [f(x, state)[0] for x in inputs], f(inputs[-1], state)[1]


def _output_for_state(f, inputs, state):
    return _scan(lambda x, s: (f(x, s)[0],) * 2, inputs, state)


def _from_the_far_end(f, inputs, state):
    outputs, state = _scan(f, inputs[::-1], state)
    return outputs[::-1], state


scan = Exercise(
    "scan",
    _scan,
    _scan_case,
    slips={
        "every step begins with the first state: hand each new state to the next step.": _forgetful,
        "the output is handed on in place of the state: f returns both, in the order (y, s').": (
            _output_for_state
        ),
        "the sequence is read from its far end, as in the first version of the handout.": (
            _from_the_far_end
        ),
        "these are the states; the outputs are the first of the two things that f returns.": (
            lambda f, inputs, state: _scan(lambda x, s: (f(x, s)[1],) * 2, inputs, state)
        ),
        "the final state is missing its last step.": lambda f, inputs, state: (
            _scan(f, inputs, state)[0],
            _scan(f, inputs[:-1], state)[1],
        ),
    },
)


def _stacked(f, g, x, states):
    y, s = f(x, states[0])
    z, t = g(y, states[1])
    return z, (s, t)


stacked_step = Exercise(
    "stacked_step",
    _stacked,
    lambda rng: (_node(rng), _node(rng), int(rng.integers(1, 9)), (int(rng.integers(1, 9)), 7)),
    slips={
        "g reads x; it should read what f puts out.": lambda f, g, x, states: (
            g(x, states[1])[0],
            (f(x, states[0])[1], g(x, states[1])[1]),
        ),
        "g reads the new state of f; it should read the output of f.": lambda f, g, x, states: (
            g(f(x, states[0])[1], states[1])[0],
            (f(x, states[0])[1], g(f(x, states[0])[1], states[1])[1]),
        ),
        "the two nodes are the wrong way round: f comes first.": lambda f, g, x, states: _stacked(
            g, f, x, states
        ),
        "the two states have changed places.": lambda f, g, x, states: (
            _stacked(f, g, x, states)[0],
            _stacked(f, g, x, states)[1][::-1],
        ),
        "g begins with the state of f; it has one of its own.": lambda f, g, x, states: _stacked(
            f, g, x, (states[0], f(x, states[0])[1])
        ),
    },
)


def _remainders(bits, node=lambda bit, r: ((2 * r + bit) % 3,) * 2):
    return _scan(node, bits, 0)[0]


remainders = Exercise(
    "remainders",
    _remainders,
    lambda rng: ([int(bit) for bit in rng.integers(0, 2, size=8)],),
    slips={
        "this counts the ones: a digit read earlier is worth twice the next, so double first.": (
            lambda bits: _remainders(bits, lambda bit, r: ((r + bit) % 3,) * 2)
        ),
        "the outputs are one step late: put out the remainder that includes the digit just read.": (
            lambda bits: [0, *_remainders(bits)[:-1]]
        ),
        "the digits are read from the right; the first of the list is the highest.": (
            lambda bits: _remainders(bits[::-1])
        ),
        "this is the number itself; the state must stay among 0, 1 and 2.": (
            lambda bits: _remainders(bits, lambda bit, r: (2 * r + bit,) * 2)
        ),
        "this doubles after adding: the digit just read is worth 1, not 2.": (
            lambda bits: _remainders(bits, lambda bit, r: (2 * (r + bit) % 3,) * 2)
        ),
    },
)
