"""Machines against plain loops, regular expressions, brute force and itertools."""

import functools
import itertools
import math
import re
import subprocess
import sys
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.machines import (
    Automaton,
    compose,
    iterate,
    many_to_many,
    many_to_one,
    one_to_many,
    saturated,
    scan,
    stack_network,
    step,
    step_network,
)


def running_sum(x, s):
    return s + x, s + x


def delay(x, s):
    return s, x


def tagged(x, s):
    """A node whose outputs and states are no numbers."""
    return f"{s}{x}", (*s, x) if isinstance(s, tuple) else (x,)


integers = st.lists(st.integers(-50, 50))


@given(integers, st.integers(-5, 5))
def test_a_running_sum_is_itertools_accumulate(inputs, start):
    outputs, state = scan(running_sum, inputs, start)
    assert outputs == list(itertools.accumulate(inputs, initial=start))[1:]
    assert state == start + sum(inputs)
    assert many_to_many(running_sum, start)(inputs) == outputs


@given(integers, integers, st.integers())
def test_a_sequence_may_be_read_in_two_parts(first, second, start):
    outputs, state = scan(delay, first, start)
    more, end = scan(delay, second, state)
    assert (outputs + more, end) == scan(delay, first + second, start)


@given(integers.filter(bool))
def test_many_to_one_is_a_fold(inputs):
    horner = many_to_one(lambda x, s: (10 * s + x, 10 * s + x), 0)
    assert horner(inputs) == functools.reduce(lambda s, x: 10 * s + x, inputs, 0)


def test_any_iterable_and_any_values_will_do():
    assert scan(tagged, iter("ab"), ()) == (["()a", "('a',)b"], ("a", "b"))
    assert scan(running_sum, [], 7) == ([], 7)
    assert many_to_many(delay, None)(x for x in (1, None, 3)) == [None, 1, None]


@given(integers, st.integers(), st.integers())
def test_the_stack_runs_the_upper_node_over_the_lower_ones_outputs(inputs, s, t):
    lower, s_end = scan(running_sum, inputs, s)
    upper, t_end = scan(delay, lower, t)
    assert scan(compose(running_sum, delay), inputs, (s, t)) == (upper, (s_end, t_end))


@given(integers)
def test_composition_is_associative_but_for_the_brackets_of_the_state(inputs):
    left = compose(compose(running_sum, delay), running_sum)
    right = compose(running_sum, compose(delay, running_sum))
    outputs_left, ((a, b), c) = scan(left, inputs, ((1, 2), 3))
    outputs_right, (d, (e, f)) = scan(right, inputs, (1, (2, 3)))
    assert outputs_left == outputs_right
    assert (a, b, c) == (d, e, f)


@given(st.integers(1, 40), st.integers(1, 7))
def test_one_to_many_feeds_the_same_element_until_the_state_says_stop(count, size):
    countdown = one_to_many(lambda x, s: ((s, x), s - 1), count, stop=0)
    assert countdown(size) == [(n, size) for n in range(count, 0, -1)]


def test_one_to_many_feeds_the_element_once_if_something_follows():
    def spell(x, s):
        word = x if x != "next" else s
        return word[0], word[1:]

    assert one_to_many(spell, "", follow="next")("halt") == list("halt")


def test_one_to_many_stops_at_its_start_or_where_a_function_says():
    def clock(x, s):
        return s, (s + x) % 12

    assert one_to_many(clock, 0)(5) == [5 * n % 12 for n in range(12)]
    assert one_to_many(clock, 0, stop=lambda s: s > 7)(3) == [0, 3, 6]
    vector = one_to_many(lambda x, s: (0, s - x), np.array([3, 3]), stop=np.zeros(2))
    assert len(vector(np.ones(2))) == 3


def test_one_to_many_takes_as_many_steps_as_the_limit_and_no_more():
    def count(x, s):
        return s, s + 1

    assert len(one_to_many(count, 0, stop=8, limit=8)("a")) == 8
    with pytest.raises(RuntimeError, match="limit of 7 steps; the state is 7"):
        one_to_many(count, 0, stop=8, limit=7)("a")
    assert one_to_many(count, 0, stop=1, limit=1)("a") == [0]
    with pytest.raises(RuntimeError, match="limit of 10000 steps; the state is 10000"):
        one_to_many(count, 0, stop=-1)("a")


@given(st.integers(0, 10**6))
def test_iterate_finds_the_integer_square_root(n):
    def newton(x):
        return min(x, (x + n // max(x, 1)) // 2)

    assert iterate(newton, n, limit=100) == math.isqrt(n)


def test_iterate_counts_the_step_that_changes_nothing():
    def halve(x):
        return x // 2

    assert iterate(halve, 8, limit=5) == 0
    with pytest.raises(RuntimeError, match="no fixed point within the limit of 4 steps"):
        iterate(halve, 8, limit=4)
    with pytest.raises(RuntimeError, match="no fixed point"):
        iterate(lambda x: -x, 1, limit=1000)
    assert np.array_equal(iterate(lambda x: np.minimum(x + 1, 3), np.zeros(2), 9), [3, 3])


ODD_A = Automaton(
    moves={
        ("even", "a"): "odd",
        ("even", "b"): "even",
        ("odd", "a"): "even",
        ("odd", "b"): "odd",
    },
    start="even",
    accepting={"odd"},
)


@given(st.text("ab", min_size=1))
def test_an_automaton_is_the_regular_expression_it_was_made_from(word):
    assert many_to_one(ODD_A, "even")(word) is bool(re.fullmatch(r"b*a(b*ab*a)*b*", word))


@st.composite
def automata(draw):
    states = draw(st.integers(1, 5))
    symbols = "abc"[: draw(st.integers(1, 3))]
    some = st.integers(0, states - 1)
    moves = {(q, a): draw(some) for q in range(states) for a in symbols}
    return Automaton(moves, draw(some), frozenset(draw(st.sets(some))))


@settings(deadline=None)
@given(automata(), st.data())
def test_threshold_units_do_what_any_automaton_does(automaton, data):
    word = data.draw(st.text("".join(automaton.symbols), max_size=40))
    state, wanted = automaton.start, []
    for symbol in word:
        state = automaton.moves[state, symbol]
        wanted.append(state in automaton.accepting)
    network = step_network(automaton)
    assert np.flatnonzero(network.start).tolist() == [0]
    outputs, h = scan(network, word, network.start)
    assert outputs == wanted
    assert h.sum() == 1
    assert set(np.unique(h)) <= {0, 1}
    assert len(h) == 1 + len(automaton.states) * len(automaton.symbols)


def test_the_start_need_not_be_a_state_that_any_move_leads_to():
    once = Automaton({("new", "a"): "old", ("old", "a"): "old"}, "new", {"new"})
    network = step_network(once)
    assert many_to_many(network, network.start)("aaa") == [0, 0, 0]
    assert scan(once, "", "new")[1] in once.accepting  # the empty word


def in_language(word):
    half = len(word) // 2
    return len(word) > 0 and word == "a" * half + "b" * half


@pytest.mark.parametrize("number", [Fraction, np.float64, np.float32, np.float16])
def test_the_stack_decides_every_short_word(number):
    network = stack_network(number)
    accepts = many_to_one(network, network.start)
    for length in range(1, 10):
        for word in map("".join, itertools.product("ab", repeat=length)):
            assert accepts(word) == in_language(word), word


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(0, 200))
def test_the_exact_stack_decides_every_depth(a, b):
    network = stack_network()
    assert many_to_one(network, network.start)("a" * a + "b" * b) == (a == b)


@settings(deadline=None)
@given(st.text("ab", max_size=40))
def test_the_exact_stack_holds_its_plates(word):
    network = stack_network()
    _, h = scan(network, word, network.start)
    plates = functools.reduce(lambda n, c: n + 1 if c == "a" else max(n - 1, 0), word, 0)
    assert h[0] + h[1] == 1 - Fraction(1, 2**plates)
    assert min(h[0], h[1]) == 0


@pytest.mark.parametrize(
    ("number", "significand_bits"),
    [(np.float64, 53), (np.float32, 24), (np.float16, 11), (ml_dtypes.bfloat16, 8)],
)
def test_a_float_loses_the_stack_one_plate_past_its_significand(number, significand_bits):
    network = stack_network(number)
    accepts = many_to_one(network, network.start)
    right = [bool(accepts("a" * n + "b" * n)) for n in range(1, 60)]
    assert right == [n <= significand_bits for n in range(1, 60)]
    assert all(h.dtype == number for h in scan(network, "ab", network.start)[1:])


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: scan(3, [], 0), TypeError, "f must be a function, got int 3"),
        (lambda: scan(delay, 3, 0), TypeError, "inputs must be a sequence, got int 3"),
        (lambda: scan(lambda x, s: x, [1], 0), TypeError, "f must return a pair .* got int 1"),
        (lambda: scan(lambda x, s: (1, 2, 3), [1], 0), TypeError, "f must return a pair"),
        (lambda: scan(lambda x, s: (1,), [1], 0), TypeError, "f must return a pair"),
        (lambda: many_to_many(None, 0), TypeError, "f must be a function, got NoneType"),
        (lambda: many_to_one("f", 0), TypeError, "f must be a function, got str"),
        (lambda: many_to_one(delay, 0)([]), ValueError, "inputs must hold at least one"),
        (lambda: one_to_many(1, 0), TypeError, "f must be a function"),
        (lambda: one_to_many(delay, 0, limit=0), ValueError, "limit must be at least 1, got 0"),
        (lambda: one_to_many(delay, 0, limit=2.0), TypeError, "limit must be a whole number"),
        (lambda: compose(delay, 2), TypeError, "g must be a function, got int 2"),
        (lambda: compose([], delay), TypeError, "f must be a function, got list"),
        (lambda: compose(delay, delay)(1, 0), ValueError, "states must be a pair.* got int 0"),
        (lambda: compose(delay, delay)(1, (0,)), ValueError, "states must be a pair"),
        (lambda: compose(delay, delay)(1, (0, 1, 2)), ValueError, "states must be a pair"),
        (lambda: iterate(3, 0, 1), TypeError, "f must be a function"),
        (lambda: iterate(abs, 0, -1), ValueError, "limit must be at least 1, got -1"),
        (lambda: iterate(abs, 0, "9"), TypeError, "limit must be a whole number, got str"),
        (lambda: Automaton({(0,): 0}, 0, {0}), TypeError, "moves must be"),
        (lambda: Automaton({(0, "a", 1): 0}, 0, {0}), TypeError, "moves must be"),
        (lambda: Automaton({"0a": 0}, 0, {0}), TypeError, "moves must be"),
        (lambda: Automaton([(0, "a")], 0, {0}), TypeError, "moves must be"),
        (lambda: Automaton({(0, "a"): []}, 0, {0}), TypeError, "moves and accepting .* hashable"),
        (lambda: Automaton({(0, "a"): 0}, 0, [[]]), TypeError, "moves and accepting .* hashable"),
        (lambda: Automaton({(0, "a"): 1}, 0, {1}), ValueError, r"missing \[\(1, 'a'\)\]"),
        (lambda: Automaton({(0, "a"): 0}, 0, {2}), ValueError, "accepting must be states.*got 2"),
        (lambda: ODD_A("c", "odd"), ValueError, "no move for state 'odd' and symbol 'c'"),
        (lambda: step_network(ODD_A)("c", None), ValueError, r"one of \['a', 'b'\], got 'c'"),
        (lambda: stack_network("float32"), TypeError, "number must be a type.*got str"),
        (lambda: stack_network(int), ValueError, "holds fractions, got int"),
        (lambda: stack_network(bool), ValueError, "holds fractions, got bool"),
    ],
)
def test_bad_arguments_are_named(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


@pytest.mark.parametrize(
    "h", [np.zeros(4), np.zeros(6), np.full(5, 1.5), np.full(5, -0.5), 0.5, "01010", [[0], [0, 1]]]
)
def test_a_network_takes_no_state_that_it_cannot_have_reached(h):
    network = stack_network(np.float32)
    with pytest.raises(ValueError, match="h must be 5 numbers from 0 to 1"):
        network("a", h)


def test_a_network_is_equal_to_itself_only_and_nothing_can_be_set_anew():
    network = stack_network()
    assert network == network
    assert network != stack_network()
    for frozen, name in ((network, "bias"), (ODD_A, "start")):
        with pytest.raises(AttributeError):
            setattr(frozen, name, None)


def test_threshold_units_say_whole_numbers_and_saturated_ones_keep_fractions():
    assert repr(step(np.array([-1.0, 0.0, 0.5]))) == "array([0, 0, 1])"
    assert saturated(Fraction(1, 2)) == Fraction(1, 2)
    assert isinstance(saturated(Fraction(1, 2)), Fraction)
    assert saturated([-1, 0.25, 7]).tolist() == [0, 0.25, 1]
    assert np.isnan(saturated(np.nan))


def test_the_module_needs_no_tensorflow():
    code = "import sys, rnncourse.machines; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
