"""One network for twice as long, beside two networks: which makes more of the same work?

``python -m benchmarks.generation_longer`` trains a single generator with dropout for twice the
updates of ``benchmarks.generation_settings``, measures it on the same part of the text, and writes
``benchmarks/records/generation_longer.json``. The last tenth is not touched.
"""

from __future__ import annotations

from benchmarks.generation_settings import STEPS, measured, save

DROPOUT = 0.2
SEEDS = (0, 1)


def main() -> None:
    """Train them all and write the record."""
    found = []
    for seed in SEEDS:
        said, *numbers = measured(DROPOUT, 2 * STEPS, seed)
        found.append([-float(said.mean()), *numbers])
    alone, learnt, seconds = map(list, zip(*found, strict=True))
    name = f"dropout {DROPOUT}, twice as long"
    values = {name: alone, f"{name}, on what it learnt": learnt, f"{name}, CPU seconds": seconds}
    save("generation_longer", values, SEEDS)


if __name__ == "__main__":
    main()
