"""Write the figures of a run down, with the day, the machine and the versions they come from."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from rnncourse import results


def save(
    name: str,
    values: Mapping[str, Sequence[float]],
    *,
    command: str,
    data: str,
    seeds: Sequence[int],
    packages: Sequence[str] = ("tensorflow", "keras", "numpy"),
    versions: Mapping[str, str] | None = None,
) -> None:
    """Write ``benchmarks/records/<name>.json`` and say so.

    Args:
        name: Of the run, as chapters ask for it.
        values: What was measured, a figure a seed.
        command: What is typed to repeat the run.
        data: Where the data came from.
        seeds: Those of the run.
        packages: Whose versions count.
        versions: Of others, which do not live in this environment: package -> version.
    """
    path = results.RecordedRun(
        name=name,
        command=command,
        date=datetime.date.today().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        versions={package: version(package) for package in packages} | dict(versions or {}),
        data=data,
        seeds=list(seeds),
        values=dict(values),
    ).save()
    print(f"written to {path.relative_to(results.PROJECT)}")
