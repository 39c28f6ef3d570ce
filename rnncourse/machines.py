"""A recurrent node on any Python values: ``f(x, s) -> (y, s')``, and what can be made of one.

The first half runs, composes and iterates nodes; the second half holds three nodes: a finite
automaton, a network of threshold units that does what the automaton does, and a network whose state
is a number used as a stack. After section 2 of Albert's handout (2017), with its types put right.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from numbers import Real
from typing import Any

import numpy as np

from rnncourse import arguments
from rnncourse.arguments import what

Node = Callable[[Any, Any], tuple[Any, Any]]  # (input, state) -> (output, new state)


def scan(f: Node, inputs: Iterable, state: Any) -> tuple[list, Any]:
    """Run a node over a sequence, handing its state from step to step.

    Args:
        f: The node.
        inputs: The sequence; any iterable that ends.
        state: The state to begin with.

    Returns:
        The list of outputs, one an input, and the final state.

    Raises:
        TypeError: If f is no function, inputs no iterable, or f does not return a pair.

    Example:
        A running sum, whose state is the sum so far:

        >>> scan(lambda x, s: (x + s, x + s), [1, 2, 3], 0)
        ([1, 3, 6], 6)
    """
    arguments.function("f", f)
    try:
        inputs = iter(inputs)
    except TypeError:
        raise TypeError(f"inputs must be a sequence, got {what(inputs)}") from None
    outputs = []
    for x in inputs:
        y, state = _step(f, x, state)
        outputs.append(y)
    return outputs, state


def many_to_many(f: Node, start: Any) -> Callable[[Iterable], list]:
    """The function A* -> B* that gives one output for every input.

    >>> running_sum = many_to_many(lambda x, s: (x + s, x + s), 0)
    >>> running_sum([1, 2, 3])
    [1, 3, 6]
    """
    arguments.function("f", f)
    return lambda inputs: scan(f, inputs, start)[0]


def many_to_one(f: Node, start: Any) -> Callable[[Iterable], Any]:
    """The function A* -> B that gives the last output.

    The empty sequence has no last output: for it, the function raises ValueError.

    >>> odd_number_of_ones = many_to_one(lambda x, s: (x ^ s, x ^ s), 0)
    >>> odd_number_of_ones([1, 0, 1, 1])
    1
    """
    arguments.function("f", f)

    def last(inputs: Iterable) -> Any:
        outputs, _ = scan(f, inputs, start)
        if not outputs:
            raise ValueError("inputs must hold at least one element, got an empty sequence")
        return outputs[-1]

    return last


def one_to_many(
    f: Node, start: Any, stop: Any = None, follow: Any = None, limit: int = 10_000
) -> Callable[[Any], list]:
    """The function A -> B* that feeds one element until the state says stop.

    Args:
        f: The node.
        start: The state to begin with.
        stop: The state to stop at, or a function that says whether a state is one; by default the
            start. It is looked at after each step, so there is always at least one output.
        follow: What to feed after the first step; by default the same element for ever.
        limit: The most steps to take.

    Returns:
        The function. It raises RuntimeError if it has not stopped after ``limit`` steps.

    Raises:
        ValueError: If the limit is not positive.
        TypeError: If f is no function or the limit no integer.

    Example:
        The bits of a number, the lowest first; the state is how much of it is left:

        >>> def bit(a, left):
        ...     left = a if left is None else left
        ...     return left % 2, left // 2
        >>> one_to_many(bit, None, stop=0)(6)
        [0, 1, 1]
    """
    arguments.function("f", f)
    arguments.whole("limit", limit)
    goal = start if stop is None else stop
    stops = stop if callable(stop) else lambda state: _equal(state, goal)

    def unfold(a: Any) -> list:
        outputs, x, state = [], a, start
        for _ in range(limit):
            y, state = _step(f, x, state)
            outputs.append(y)
            if stops(state):
                return outputs
            x = a if follow is None else follow
        raise RuntimeError(f"no stop within the limit of {limit} steps; the state is {state!r}")

    return unfold


def compose(f: Node, g: Node) -> Node:
    """Stack two nodes: the outputs of f are the inputs of g, the state is the pair of their states.

    ``scan(compose(f, g), inputs, (s, t))`` gives what ``scan(g, scan(f, inputs, s)[0], t)`` gives.

    Args:
        f: The lower node, (x, s) -> (y, s').
        g: The upper node, (y, t) -> (z, t').

    Returns:
        The node (x, (s, t)) -> (z, (s', t')).

    Raises:
        TypeError: If one of them is no function.

    Example:
        Sums of running sums:

        >>> sums = lambda x, s: (x + s, x + s)
        >>> scan(compose(sums, sums), [1, 1, 1], (0, 0))
        ([1, 3, 6], (3, 6))
    """
    arguments.function("f", f)
    arguments.function("g", g)

    def stacked(x: Any, states: tuple[Any, Any]) -> tuple[Any, tuple[Any, Any]]:
        if not isinstance(states, tuple | list) or len(states) != 2:
            raise ValueError(f"states must be a pair, one for each node, got {what(states)}")
        y, s = _step(f, x, states[0])
        z, t = _step(g, y, states[1])
        return z, (s, t)

    return stacked


def iterate(f: Callable[[Any], Any], a: Any, limit: int) -> Any:
    """Apply a function to its own result until nothing changes.

    Args:
        f: A function A -> A; it has no state.
        a: Where to begin.
        limit: The most times to apply f, the one that changes nothing included.

    Returns:
        The first of a, f(a), f(f(a)), ... that f leaves as it is.

    Raises:
        RuntimeError: If there is none within the limit.
        ValueError: If the limit is not positive.
        TypeError: If f is no function or the limit no integer.

    Example:
        >>> iterate(lambda a: a // 2, 20, limit=10)
        0
    """
    arguments.function("f", f)
    for _ in range(arguments.whole("limit", limit)):
        before, a = a, f(a)
        if _equal(before, a):
            return before
    raise RuntimeError(f"no fixed point within the limit of {limit} steps; the value is {a!r}")


@dataclass(frozen=True)
class Automaton:
    """A deterministic finite automaton. It is a node whose output says: accepted so far?

    Attributes:
        moves: (state, symbol) -> next state, for every state and every symbol.
        start: The state to begin with.
        accepting: The states that accept.
    """

    moves: Mapping[tuple[Hashable, Hashable], Hashable]
    start: Hashable
    accepting: frozenset

    def __post_init__(self):
        """Check that there is a move for every case."""
        if not isinstance(self.moves, Mapping) or not all(map(_is_pair, self.moves)):
            raise TypeError(f"moves must be (state, symbol) -> next state, got {what(self.moves)}")
        _check_hashable("start", self.start)
        if not isinstance(self.accepting, Set | Sequence):
            raise TypeError(f"accepting must be a set of states, got {what(self.accepting)}")
        for value in (*self.moves.values(), *self.accepting):
            _check_hashable("moves and accepting", value)
        object.__setattr__(self, "accepting", frozenset(self.accepting))
        missing = [(q, a) for q in self.states for a in self.symbols if (q, a) not in self.moves]
        if missing:
            raise ValueError(f"moves must name every state with every symbol; missing {missing}")
        if not self.accepting <= set(self.states):
            strange = sorted(map(repr, self.accepting - set(self.states)))
            raise ValueError(f"accepting must be states of the automaton, got {', '.join(strange)}")

    @property
    def states(self) -> list:
        """The states, in order of first mention."""
        named = [self.start, *(q for q, _ in self.moves), *self.moves.values()]
        return list(dict.fromkeys(named))

    @property
    def symbols(self) -> list:
        """The alphabet, in order of first mention."""
        return list(dict.fromkeys(a for _, a in self.moves))

    def __call__(self, symbol: Hashable, state: Hashable) -> tuple[bool, Hashable]:
        """One move."""
        _check_hashable("symbol", symbol)
        _check_hashable("state", state)
        if (state, symbol) not in self.moves:
            raise ValueError(f"no move for state {state!r} and symbol {symbol!r}")
        state = self.moves[state, symbol]
        return state in self.accepting, state


def step(z):
    """The threshold unit: 1 where the sum is positive, else 0."""
    return (_comparable(z) > 0) * 1


def saturated(z):
    """The saturated-linear unit: the sum itself, held between 0 and 1; NaN stays NaN."""
    return np.minimum(1, np.maximum(0, _comparable(z)))


@dataclass(frozen=True, eq=False)
class Network:
    """A recurrent layer with one output, made of hand-set weights. It is a node.

    With x the one-hot vector of the symbol, h' = activation(x kernel + h recurrent_kernel + bias),
    and the output is activation(h' output_kernel): 1 for "accepted so far", else 0.

    Attributes:
        symbols: The alphabet.
        kernel: Array of shape (symbols, units).
        recurrent_kernel: Array of shape (units, units).
        bias: Array of shape (units,).
        output_kernel: Array of shape (units,).
        start: The state to begin with, of shape (units,).
        activation: ``step`` or ``saturated``.
    """

    symbols: list
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    output_kernel: np.ndarray
    start: np.ndarray
    activation: Callable

    def __call__(self, symbol: Hashable, h: np.ndarray) -> tuple[Any, np.ndarray]:
        """One step."""
        _check_hashable("symbol", symbol)
        if symbol not in self.symbols:
            raise ValueError(f"symbol must be one of {self.symbols}, got {symbol!r}")
        try:
            fits = np.shape(h) == self.bias.shape and (saturated(h) == h).all()
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise ValueError(f"h must be {len(self.bias)} numbers from 0 to 1, got {what(h)}")
        x = np.array([a == symbol for a in self.symbols]).astype(self.kernel.dtype)
        h = self.activation(x @ self.kernel + h @ self.recurrent_kernel + self.bias)
        h = h.astype(self.bias.dtype)  # NumPy calculates small types in larger ones
        return self.activation(h @ self.output_kernel), h


def step_network(automaton: Automaton) -> Network:
    """Threshold units that do what a finite automaton does, exactly and for ever.

    A unit for each state and symbol is on when the automaton was in that state and has read that
    symbol: it asks for two things at once, and its bias of -1 wants both. Unit 0 is on before the
    first symbol. One unit is on at a time, and weights and states are whole numbers.
    Minsky, *Computation: finite and infinite machines* (1967), chapter 3.

    Raises:
        TypeError: If automaton is no :class:`Automaton`.
    """
    arguments.instance("automaton", automaton, Automaton)
    pairs = [(q, a) for q in automaton.states for a in automaton.symbols]
    leads_to = [automaton.start, *(automaton.moves[pair] for pair in pairs)]
    reads = [[a == b for _, b in pairs] for a in automaton.symbols]
    follows = [[q == p for p, _ in pairs] for q in leads_to]
    return Network(
        symbols=automaton.symbols,
        kernel=np.pad(np.array(reads, int), ((0, 0), (1, 0))),
        recurrent_kernel=np.pad(np.array(follows, int), ((0, 0), (1, 0))),
        bias=np.full(1 + len(pairs), -1),
        output_kernel=np.array([q in automaton.accepting for q in leads_to], int),
        start=np.eye(1 + len(pairs), dtype=int)[0],
        activation=step,
    )


def stack_network(number: type = Fraction) -> Network:
    """Five saturated-linear units that recognise a^n b^n, n at least 1, by a stack in a number.

    The stack is q = pushed + popped: 0 when empty, q/2 + 1/2 after a push, 2q - 1 after a pop. So n
    plates are 1 - 2^-n, and no finite number of bits holds them all. The units are, in order:
    pushed, popped, a b was read, an a came after a b, a b found the stack empty.
    After Siegelmann and Sontag (1995), whose stacks hold digits to base 4.

    Args:
        number: What to calculate with: ``Fraction``, exactly, or a NumPy type such as
            ``numpy.float32``.

    Raises:
        TypeError: If number is no type.
        ValueError: If it cannot hold one half.
    """
    if not isinstance(number, type):
        raise TypeError(f"number must be a type such as Fraction, got {what(number)}")
    if number(0.5) != 0.5:
        raise ValueError(f"number must be a type that holds fractions, got {number.__name__}")

    def array(rows):
        weights = np.vectorize(number, otypes=[object])(np.array(rows, dtype=object))
        return weights if number is Fraction else weights.astype(number)

    return Network(
        symbols=["a", "b"],
        kernel=array([[0, -1, 0, 1, 0], [-1, 0, 1, 0, 1]]),
        recurrent_kernel=array(
            [
                [0.5, 2, 0, 0, -2],  # from pushed
                [0.5, 2, 0, 0, -2],  # from popped
                [0, 0, 1, 1, 0],  # from "a b was read"
                [0, 0, 0, 1, 0],  # from "an a came after a b"
                [0, 0, 0, 0, 0],  # from "a b found the stack empty"
            ]
        ),
        bias=array([0.5, -1, 0, -1, 0]),
        output_kernel=array([-2, -2, 1, -1, -1]),
        start=array([0, 0, 0, 0, 0]),
        activation=saturated,
    )


def _step(f: Node, x: Any, state: Any) -> tuple[Any, Any]:
    result = f(x, state)
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"f must return a pair (output, new state), got {what(result)}")
    return result


def _equal(a: Any, b: Any) -> bool:
    """Equality that also understands arrays."""
    same = a == b
    return bool(same.all()) if hasattr(same, "all") else bool(same)


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def _comparable(z: Any) -> Any:
    """One number or an array of them, of whatever type, so long as it can be compared with 0."""
    try:
        z = z if isinstance(z, Real) and not isinstance(z, int) else np.asarray(z)
        np.minimum(1, np.maximum(0, z))
        if np.iscomplexobj(z):
            raise TypeError
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"z must be a number or an array of numbers, got {what(z)}") from None
    return z


def _check_hashable(name: str, value: Any) -> None:
    if not isinstance(value, Hashable):
        raise TypeError(f"{name} must be hashable, got {what(value)}")
