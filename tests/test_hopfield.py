"""The Hopfield network against one written with loops and fractions, and the promises it makes."""

from fractions import Fraction
from itertools import islice, pairwise

import numpy as np
import pytest

from rnncourse import hopfield
from rnncourse.hopfield import Hopfield

try:
    from hypothesis import given, settings
    from hypothesis import strategies as st
except ImportError:
    given = None


def random_signs(rng, *shape):
    return rng.choice([-1, 1], shape)


def weights_by_loops(patterns):
    n = len(patterns[0])
    return [
        [Fraction(sum(int(p[i]) * int(p[j]) for p in patterns), n) * (i != j) for j in range(n)]
        for i in range(n)
    ]


def energy_by_loops(patterns, state):
    w = weights_by_loops(patterns)
    n = len(state)
    pairs = ((i, j) for i in range(n) for j in range(i))  # each pair once: no factor 1/2
    return -sum(w[i][j] * int(state[i]) * int(state[j]) for i, j in pairs)


def new_sign(weights, state, i):
    field = sum(w * int(s) for w, s in zip(weights[i], state, strict=True))
    return state[i] if field == 0 else (1 if field > 0 else -1)


@pytest.mark.parametrize("seed", range(5))
def test_weights_and_energy_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    patterns = random_signs(rng, rng.integers(1, 6), rng.integers(1, 9))
    states = random_signs(rng, 4, patterns.shape[1])
    network = Hopfield(patterns)
    np.testing.assert_allclose(network.weights, np.array(weights_by_loops(patterns), float))
    wanted = [float(energy_by_loops(patterns, state)) for state in states]
    np.testing.assert_allclose(network.energy(states), wanted, atol=1e-12)
    assert network.energy(states[0]) == pytest.approx(wanted[0])
    assert (np.diag(network.weights) == 0).all()
    np.testing.assert_allclose(
        network.overlaps(states), [[np.mean(p * s) for p in patterns] for s in states]
    )
    assert network.overlaps(states[0]).shape == (len(patterns),)


def all_promises(patterns, probe, seed):
    """What must hold for any patterns and any probe."""
    network = Hopfield(patterns)
    n = network.units
    weights = weights_by_loops(patterns)

    # One at a time: a state differs from the last in one unit at most, and never lies higher.
    states = list(islice(network.steps(probe, seed=seed, every=1), 4 * n + 1))
    energies = [energy_by_loops(patterns, state) for state in states]
    for (old, before), (new, after) in pairwise(zip(states, energies, strict=True)):
        changed = np.flatnonzero(old != new)
        assert len(changed) <= 1
        assert after < before if len(changed) else after == before
        for i in changed:
            assert new[i] == new_sign(weights, old, i)
    sweeps = list(islice(network.steps(probe, seed=seed), 5))
    np.testing.assert_array_equal(sweeps, states[::n])

    # At rest: no unit wants to change, and recall from there stays.
    rest = network.recall(probe, seed=seed)
    assert [new_sign(weights, rest, i) for i in range(n)] == rest.tolist()
    np.testing.assert_array_equal(network.recall(rest, seed=seed + 1), rest)
    assert energy_by_loops(patterns, rest) <= energies[0]

    # All at once: every unit from the same old state, ending in a rest or in a swing of two.
    states = list(islice(network.steps(probe, synchronous=True), 4))
    for old, new in pairwise(states):
        assert new.tolist() == [new_sign(weights, old, i) for i in range(n)]
    end = network.recall(probe, synchronous=True)
    twice = list(islice(network.steps(end, synchronous=True), 3))
    np.testing.assert_array_equal(twice[0], twice[2])

    # The network does not tell a pattern from its negative.
    np.testing.assert_array_equal(network.recall(-np.asarray(probe), seed=seed), -rest)


@pytest.mark.parametrize("seed", range(30))
def test_promises_at_random(seed):
    rng = np.random.default_rng(seed)
    patterns = random_signs(rng, rng.integers(1, 6), rng.integers(1, 10))
    all_promises(patterns, random_signs(rng, patterns.shape[1]), seed)


if given is not None:

    @st.composite
    def networks(draw):
        units = draw(st.integers(1, 9))
        signs = st.lists(st.sampled_from([-1, 1]), min_size=units, max_size=units)
        return draw(st.lists(signs, min_size=1, max_size=6)), draw(signs)

    @settings(max_examples=60, deadline=None)
    @given(networks(), st.integers(0, 1000))
    def test_promises_as_hypothesis_finds_them(network, seed):
        all_promises(*network, seed)


def test_a_tie_keeps_the_unit():
    network = Hopfield([[1, 1, 1], [1, -1, -1]])  # unit 0 is tied to no other
    for probe in ([1, 1, 1], [-1, 1, 1]):
        for synchronous in (False, True):
            assert network.recall(probe, synchronous=synchronous).tolist() == probe


def test_all_at_once_may_swing_where_one_at_a_time_rests():
    network = Hopfield([[1, 1]])  # each unit wants to be what the other is
    swing = [state.tolist() for state in islice(network.steps([1, -1], synchronous=True), 4)]
    assert swing == [[1, -1], [-1, 1], [1, -1], [-1, 1]]
    assert network.recall([1, -1], synchronous=True).tolist() in swing
    assert abs(network.recall([1, -1]).sum()) == 2


@pytest.mark.parametrize("synchronous", [False, True])
def test_patterns_are_recalled_from_noise_and_so_are_batches(synchronous):
    rng = np.random.default_rng(0)
    patterns = random_signs(rng, 10, 400)
    probes = np.where(rng.random(patterns.shape) < 0.2, -patterns, patterns)
    network = Hopfield(patterns)
    before = probes.copy()
    recalled = network.recall(probes, synchronous=synchronous, seed=3)
    np.testing.assert_array_equal(recalled, patterns)
    np.testing.assert_array_equal(probes, before)
    one = network.recall(probes[4], synchronous=synchronous, seed=3)
    np.testing.assert_array_equal(one, recalled[4])
    assert one.shape == (400,)
    assert one.dtype == np.int64


def test_the_seed_decides_the_order():
    rng = np.random.default_rng(1)
    patterns, probe = random_signs(rng, 30, 60), random_signs(rng, 60)
    network = Hopfield(patterns)
    ends = {tuple(network.recall(probe, seed=seed)) for seed in range(20)}
    assert len(ends) > 1
    np.testing.assert_array_equal(network.recall(probe, seed=7), network.recall(probe, seed=7))


def test_there_are_memories_nobody_stored():
    rng = np.random.default_rng(2)
    patterns = random_signs(rng, 5, 1000)
    network = Hopfield(patterns)
    np.testing.assert_array_equal(network.recall(-patterns), -patterns)
    mixture = np.sign(patterns[:3].sum(0))
    rest = network.recall(mixture)
    assert np.mean(rest == mixture) > 0.98
    assert network.overlaps(rest)[:3] == pytest.approx(0.5, abs=0.1)  # Amit et al.: 1/2 each
    assert network.energy(rest) > network.energy(patterns).max()


def test_the_capacity_is_near_the_theory():
    loads = [0.05, 0.10, 0.15, 0.20, 0.25]
    overlaps = hopfield.capacity_curve(400, loads, seed=0, probes=25)
    assert overlaps.shape == (5, 25)
    assert np.isnan(overlaps[0, 20:]).all()  # 20 patterns only
    assert np.isfinite(overlaps[0, :20]).all()
    assert np.nanmean(overlaps, 1)[0] > 0.999
    assert np.nanmean(overlaps, 1)[-1] < 0.6
    broken = hopfield.breaking_load(loads, overlaps)
    assert hopfield.CRITICAL_LOAD < broken < 1.6 * hopfield.CRITICAL_LOAD
    again = hopfield.capacity_curve(400, loads, seed=0, probes=25)
    np.testing.assert_array_equal(overlaps, again)


def test_the_breaking_load_is_interpolated():
    overlaps = np.array([[1, 1, 1, 1], [1, 1, 1, 0.2], [1, 0.5, 0.5, 0.5]])
    assert hopfield.breaking_load([0.1, 0.2, 0.3], overlaps) == pytest.approx(0.25)


@pytest.mark.parametrize("rows", [[[1.0], [1.0]], [[0.1], [0.1]]])
def test_a_breaking_load_out_of_reach_is_refused(rows):
    with pytest.raises(ValueError, match="loads must reach"):
        hopfield.breaking_load([0.1, 0.2], np.array(rows))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Hopfield([]), r"patterns must be .* got shape \(0,\)"),
        (lambda: Hopfield(np.ones((0, 4))), r"patterns must hold at least one pattern .*\(0, 4\)"),
        (lambda: Hopfield(np.ones((3, 0))), r"patterns must hold .* at least one unit"),
        (lambda: Hopfield([1, -1]), r"patterns must be .* \(count, units\), got shape \(2,\)"),
        (lambda: Hopfield([[1, 0]]), r"patterns must be \+1 and -1 .* got 0 among them"),
        (lambda: Hopfield([[1, np.nan]]), "got nan among them"),
        (lambda: Hopfield([[True, False]]), "got True among them"),
        (lambda: Hopfield([["a", "b"]]), "got a among them"),
        (lambda: Hopfield([[1, 1], [1]]), "got rows of different lengths"),
        (lambda: Hopfield([[1, 1]]).recall([1, 1, 1]), r"probe must have 2 units .* \(3,\)"),
        (lambda: Hopfield([[1, 1]]).recall([1, 0.5]), "probe must be .* got 0.5 among them"),
        (lambda: Hopfield([[1, 1]]).recall(1), r"probe must be .* got shape \(\)"),
        (lambda: Hopfield([[1, 1]]).energy([1]), r"state must have 2 units .* \(1,\)"),
        (lambda: Hopfield([[1, 1]]).overlaps([[[1, 1]]]), r"state must be .* \(1, 1, 2\)"),
        (lambda: next(Hopfield([[1, 1]]).steps([1, 1], every=0)), "every must be .* got 0"),
        (lambda: hopfield.capacity_curve(10, [0.01]), "loads must make one pattern or more"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
