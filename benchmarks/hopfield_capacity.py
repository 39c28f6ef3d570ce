"""Where a Hopfield network's memory breaks, for networks of several sizes.

``python -m benchmarks.hopfield_capacity`` stores random patterns at rising loads, starts
recall from the patterns themselves, and writes ``benchmarks/records/hopfield_capacity.json``: for
each size the load at which half of the patterns are lost, and the mean overlap at each load, one
value a seed.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from benchmarks import record
from rnncourse import hopfield

SIZES = (200, 500, 1000, 2000)
LOADS = tuple(round(float(load), 2) for load in np.arange(0.10, 0.245, 0.01))


def main() -> int:
    """Measure every size under every seed and record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 0 to N-1")
    seeds = list(range(parser.parse_args().seeds))
    values: dict[str, list[float]] = {}
    for units in SIZES:
        started = time.perf_counter()
        curves = [hopfield.capacity_curve(units, LOADS, seed=seed, probes=30) for seed in seeds]
        broken = [hopfield.breaking_load(LOADS, overlaps) for overlaps in curves]
        values[f"hopfield_capacity.breaking_load_{units}"] = broken
        for i, load in enumerate(LOADS):
            name = f"hopfield_capacity.overlap_{units}_at_{round(1000 * load):03d}"
            values[name] = [float(np.nanmean(overlaps[i])) for overlaps in curves]
        seconds = time.perf_counter() - started
        print(f"{units} units, {seconds:.0f} s: breaks at {np.round(broken, 3)}", flush=True)
    record.save(
        "hopfield_capacity",
        values,
        command=f"python -m benchmarks.hopfield_capacity --seeds {len(seeds)}",
        data="random patterns of +1 and -1",
        seeds=seeds,
        packages=["numpy"],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
