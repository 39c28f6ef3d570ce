"""The network of 1982: memories as the low places of an energy (Hopfield, PNAS 79, 2554-2558).

Every unit is +1 or -1 and sees every other one. Storing is one sum, recalling is rolling downhill:

    w_ij = 1/n sum_p x_pi x_pj, w_ii = 0        s_i <- sign(sum_j w_ij s_j)
    E(s) = -1/2 sum_ij w_ij s_i s_j

Updated one at a time, units never raise the energy, so recall comes to rest. NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rnncourse import arguments

CRITICAL_LOAD = 0.138  # patterns a unit; Amit, Gutfreund and Sompolinsky (1985)
MOST = 100_000  # units, or patterns: the table of weights has to fit into a computer


class Hopfield:
    """A network that has stored some patterns and completes what is like them.

    Args:
        patterns: Array of shape (patterns, units) of +1 and -1, at least one pattern.

    Attributes:
        patterns: The patterns, integers of shape (patterns, units).

    Raises:
        ValueError: If there is no pattern, or an entry is neither +1 nor -1.
    """

    def __init__(self, patterns):
        self.patterns = _signs("patterns", patterns, dimensions=(2,))
        count, units = self.patterns.shape
        if count == 0 or units == 0:
            raise ValueError(
                "patterns must hold at least one pattern of at least one unit, "
                f"got shape {(count, units)}"
            )
        # Whole numbers, n times the weights: their sums are exact, and so are the ties.
        stored = self.patterns.astype(float)
        self._products = stored.T @ stored  # (units, units)
        np.fill_diagonal(self._products, 0)

    @property
    def units(self) -> int:
        """Number of units, n."""
        return self.patterns.shape[1]

    @property
    def weights(self) -> np.ndarray:
        """The weights, shape (units, units), symmetric with zeros on the diagonal."""
        return self._products / self.units

    def energy(self, state) -> np.ndarray | float:
        """The energy, -1/2 s W s.

        Args:
            state: +1 and -1, shape (units,) or (batch, units).

        Returns:
            One number a state.

        Raises:
            ValueError: If the state does not fit the network.
        """
        state = self._fitting("state", state).astype(float)
        return 0.0 - ((state @ self._products) * state).sum(-1) / (2 * self.units)  # never -0.0

    def overlaps(self, state) -> np.ndarray:
        """How like each stored pattern a state is: 1 the same, 0 unrelated, -1 its negative.

        Args:
            state: +1 and -1, shape (units,) or (batch, units).

        Returns:
            Shape (patterns,) or (batch, patterns).

        Raises:
            ValueError: If the state does not fit the network.
        """
        return self._fitting("state", state) @ self.patterns.T / self.units

    def recall(self, probe, *, synchronous: bool = False, seed: int = 0) -> np.ndarray:
        """Update the units until nothing changes any more.

        One at a time that always happens. All at once, the network may end swinging between two
        states, of which one is returned (there are no longer cycles: Goles, Fogelman and
        Pellegrin, 1985).

        Args:
            probe: Where to start: +1 and -1, shape (units,) or (batch, units).
            synchronous: Whether all units are updated at once, from the same old state.
            seed: Of the random order in which units are updated one at a time; a batch shares it.

        Returns:
            The state in the end, of the probe's shape.

        Raises:
            ValueError: If the probe does not fit the network.

        Example:
            >>> network = Hopfield([[1, 1, 1, -1, -1, -1]])
            >>> network.recall([1, -1, 1, -1, -1, -1])
            array([ 1,  1,  1, -1, -1, -1])
        """
        older = old = None
        for state in self.steps(probe, synchronous=synchronous, seed=seed):
            if np.array_equal(state, older if synchronous else old):
                return state
            older, old = old, state

    def steps(
        self, probe, *, synchronous: bool = False, seed: int = 0, every: int | None = None
    ) -> Iterator[np.ndarray]:
        """The states on the way, the probe first, without end.

        Args:
            probe: As in :meth:`recall`, like ``synchronous`` and ``seed``.
            synchronous: See there.
            seed: See there.
            every: One at a time: updates from one state shown to the next; by default a sweep, in
                which each unit has its turn once.

        Yields:
            States of the probe's shape.

        Raises:
            ValueError: If the probe does not fit the network, or ``every`` is not positive.
            TypeError: If ``every`` or ``seed`` is no whole number.
        """
        probe = self._fitting("probe", probe)
        every = self.units if every is None else arguments.whole("every", every)
        every = 1 if arguments.yes_or_no("synchronous", synchronous) else every
        state = probe.reshape(-1, self.units).astype(float)  # (batch, units)
        fields = state @ self._products  # (batch, units)
        rng = np.random.default_rng(arguments.whole("seed", seed, 0))
        yield probe
        updates = 0
        while True:
            order = [0] if synchronous else rng.permutation(self.units)
            for first in order:
                unit = slice(None) if synchronous else slice(first, first + 1)  # all, or one
                old, field = state[:, unit], fields[:, unit]
                change = np.where(field == 0, 0, np.sign(field) - old)  # a tie changes nothing
                moved = change.any(1)
                if moved.any():
                    state[:, unit] += change
                    fields[moved] += change[moved] @ self._products[unit]
                updates += 1
                if updates % every == 0:
                    yield state.reshape(probe.shape).astype(np.int64)

    def _fitting(self, name: str, values) -> np.ndarray:
        signs = _signs(name, values, dimensions=(1, 2))
        if signs.shape[-1] != self.units:
            raise ValueError(
                f"{name} must have {self.units} units in its last axis, got shape {signs.shape}"
            )
        return signs


def capacity_curve(
    units: int, loads: Sequence[float], *, seed: int = 0, probes: int = 20
) -> np.ndarray:
    """How well random patterns stay where they were stored, against how many there are.

    Args:
        units: Number of units.
        loads: Patterns stored, each as a share of the units.
        seed: Of the patterns and of the order of the updates.
        probes: Stored patterns tried at each load, or all of them where there are fewer.

    Returns:
        Overlap with the pattern after recall from the pattern itself, one row a load and one
        column a probe, shape (loads, probes); NaN where there were fewer patterns.

    Raises:
        ValueError: If a load makes less than one pattern, or a number is out of its range.
        TypeError: If a number is of another kind.
    """
    loads = arguments.reals("loads", loads, None)
    for name, count in (("units", units), ("probes", probes)):
        arguments.whole(name, count, most=MOST)
    rng = np.random.default_rng(arguments.whole("seed", seed, 0))
    overlaps = np.full((len(loads), probes), np.nan)
    for row, load in zip(overlaps, loads, strict=True):
        count = round(load * units)
        if not 1 <= count <= MOST:
            raise ValueError(
                f"loads must make one pattern or more of {units} units, at most {MOST}, got {load}"
            )
        network = Hopfield(rng.choice([-1, 1], (count, units)))
        tried = network.patterns[:probes]
        rest = network.recall(tried, seed=int(rng.integers(2**31)))
        row[: len(tried)] = (rest * tried).mean(-1)
    return overlaps


def breaking_load(loads: Sequence[float], overlaps: np.ndarray, *, enough: float = 0.9) -> float:
    """The load at which half of the stored patterns are lost.

    Args:
        loads: Rising, as in :func:`capacity_curve`.
        overlaps: What that function returns, shape (loads, probes).
        enough: The least overlap that counts as remembered.

    Returns:
        The load, interpolated between the first one with less than half of the patterns remembered
        and the one before.

    Raises:
        ValueError: If half or more are remembered at every load, or less at the first; or if a load
            was not tried.
        TypeError: If an argument does not hold numbers.
    """
    loads = arguments.reals("loads", loads, None)
    overlaps = arguments.reals("overlaps", overlaps, len(loads), None, finite=False)
    enough = arguments.number("enough", enough)
    tried = np.isfinite(overlaps)
    if not tried.any(1).all():
        raise ValueError("overlaps must hold a number for each load, got none for some")
    kept = np.where(tried, overlaps > enough, 0).sum(1) / tried.sum(1)
    below = np.flatnonzero(kept < 0.5)
    if not below.size or below[0] == 0:
        raise ValueError(
            "loads must reach from where half of the patterns are remembered to where they are "
            f"not, got {kept.min():.2f} to {kept.max():.2f} of them over loads "
            f"{min(loads)} to {max(loads)}"
        )
    first = below[0]
    part = (kept[first - 1] - 0.5) / (kept[first - 1] - kept[first])
    return float(loads[first - 1] + part * (loads[first] - loads[first - 1]))


def _signs(name: str, values, dimensions: tuple[int, ...]) -> np.ndarray:
    """The values as a new array of integers, each +1 or -1."""
    shapes = {1: "(units,)", 2: "(count, units)"}
    wanted = f"{name} must be +1 and -1 of shape {' or '.join(shapes[d] for d in dimensions)}"
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{wanted}, got rows of different lengths") from error
    if array.ndim not in dimensions:
        raise ValueError(f"{wanted}, got shape {array.shape}")
    strange = array[~np.isin(array, (-1, 1))] if array.dtype.kind in "iuf" else array.ravel()
    if strange.size:
        raise ValueError(f"{wanted}, got {strange[0]} among them")
    return array.astype(np.int64)
