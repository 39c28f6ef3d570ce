"""How fast, beside whom, and how far from what the machine can do.

``python -m benchmarks.speed`` measures everything, in about an hour on two quiet cores, and writes
``benchmarks/records/speed_<part>.json`` for each part and the tables ``benchmarks/RESULTS.md``.
``python -m benchmarks.speed steps limit`` measures some parts; ``tables`` only writes the tables;
``--resume`` keeps what the record of a part already holds; ``--quick`` tries everything out on tiny
sizes and leaves its records in ``_build/quick``. PyTorch and JAX are found through
``RNNCOURSE_PEERS``, see :mod:`benchmarks.processes`.

Everything that is compared is measured in the same run, in turn, round by round. The values of a
record are seconds, one a round, under names whose parts are joined by `` | ``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks import recipes, record, speed_tables
from benchmarks.peers.talk import Case
from benchmarks.processes import (
    FOLDER,
    Framework,
    Missing,
    environment,
    in_turn,
    interpreter,
    start_all,
)
from rnncourse import results
from rnncourse.datasets import load_mnist, load_shakespeare

PEERS = {
    "ours.py": "tensorflow",
    "tf1.py": "tensorflow",
    "pytorch.py": "torch",
    "jax_scan.py": "jax",
}
LAYERS = ("SimpleRNN", "LSTM", "GRU")
SIZES = [  # batch, time, units
    (64, 28, 128),
    (32, 28, 64),
    (32, 256, 128),
    (128, 64, 256),
    (256, 28, 512),
]
ON_ONE_CORE = [(64, 28, 128), (128, 64, 256)]
LIMIT = [(64, 64, 128), (64, 64, 512), (256, 64, 512)]
PROFILE = [(64, 28, 128), (32, 28, 64), (256, 28, 512)]
SCAN_LENGTHS = (4, 16, 64, 256, 1024, 4096)
MEMORY = {
    "LSTM": ("static", "dynamic", "dynamic, TensorFlow's gradient", "checkpointed"),
    "minGRU": ("dynamic", "parallel scan"),
}
MEMORY_STEPS = (256, 1024, 4096)
SHORT = 28
STATIC_STEPS = 256  # a longer chain takes minutes to write down


@dataclass
class Part:
    """A part of the benchmark while it runs: what it has measured, and how.

    Attributes:
        name: Of the part; its record is ``speed_<name>``.
        quick: Whether this is only tried out.
        values: What was measured.
        notes: What was left out, and why.
        data: What it was measured on.
        versions: Of peers.
    """

    name: str
    quick: bool
    values: dict[str, list[float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    data: str = "random numbers"
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def rounds(self) -> int:
        """How often each thing is timed."""
        return 2 if self.quick else 9

    @property
    def budget(self) -> float:
        """Seconds for each timing."""
        return 0.01 if self.quick else 0.12

    def size(self, *numbers: int) -> tuple[int, ...]:
        """Sizes, or tiny ones where it is only tried out."""
        return tuple(min(n, 8) for n in numbers) if self.quick else numbers

    def save(self) -> None:
        """Write the record."""
        noted = "; ".join(dict.fromkeys(self.notes))
        record.save(
            f"speed_{self.name}",
            self.values,
            command=f"python -m benchmarks.speed {self.name}",
            data=self.data + (f"; {noted}" if noted else ""),
            seeds=range(self.rounds),
            versions=self.versions,
        )

    def frameworks(self, scripts: dict[str, str], cores: int) -> list[Framework]:
        """Start what is there."""
        started = start_all(scripts, cores, self.notes)
        self.versions |= {f.package: f.version for f in started}
        return started

    def measure(self, frameworks, forms, case: Case, prefix: str, timeout: float = 120) -> None:
        """Time forms on a case in turn; kept as ``prefix | step | form``."""
        begin = time.perf_counter()
        found = in_turn(
            frameworks,
            forms,
            case,
            rounds=self.rounds,
            budget=self.budget,
            timeout=timeout,
            notes=self.notes,
        )
        self.values |= {f"{prefix} | {step} | {form}": s for (form, step), s in found.items()}
        self.save()
        print(f"{prefix}: {time.perf_counter() - begin:.0f} s", flush=True)


def steps(part: Part) -> None:
    """Training step and inference of layers, everybody's, on two cores and on one."""
    for cores, sizes in ((2, SIZES), (1, ON_ONE_CORE)):
        if cores > len(os.sched_getaffinity(0)):
            part.notes.append(f"this machine has no {cores} cores")
            continue
        frameworks = part.frameworks(PEERS, cores)
        forms = [form for framework in frameworks for form in framework.forms]
        forms = [form for form in forms if "scan" not in form or "JAX" in form]
        left_out = ("matrix product", "without gates")
        forms = [form for form in forms if not form.endswith(left_out)]
        for size, cell in itertools.product(sizes[: 2 if part.quick else None], LAYERS):
            batch, steps, units = size
            compiled = ("chain, XLA", "unroll, jit")  # a long chain takes minutes to compile
            chosen = [f for f in forms if steps <= SHORT or not any(c in f for c in compiled)]
            if cores == 1:
                chosen = [form for form in chosen if "half" not in form]
            prefix = f"{cores} | {cell} | {batch} | {steps} | {units}"
            if not any(name.startswith(prefix + " |") for name in part.values):
                part.measure(frameworks, chosen, Case(cell, *part.size(*size)), prefix)
        for framework in frameworks:
            framework.close()


def profile(part: Part) -> None:
    """What a training step on short sequences consists of, in our form and in the fastest others.

    The whole; the same without gates, so products of matrices and the loop; and, with ``time`` 1,
    what each call takes whatever the number of steps.
    """
    frameworks = part.frameworks(PEERS, cores=2)
    forms = [f"ours, {form}, half a batch a core" for form in ("XLA", "chain")]
    forms += [f"{form}, without gates" for form in forms]
    forms += ["TensorFlow 1, static_rnn", "Keras, unroll, jit_compile", "PyTorch"]
    for size, cell in itertools.product(PROFILE[: 1 if part.quick else None], LAYERS):
        batch, steps, units = size
        for time_steps in (steps, 1):
            prefix = f"2 | {cell} | {batch} | {time_steps} | {units}"
            case = Case(cell, *part.size(batch, time_steps, units))
            part.measure(frameworks, forms, case, prefix)
    for framework in frameworks:
        framework.close()


def limit(part: Part) -> None:
    """Training step and inference, beside a plain product of matrices of the same size."""
    frameworks = part.frameworks({"ours.py": "tensorflow"}, cores=2)
    ours = [f for f in frameworks[0].forms if "ours, XLA" in f and "without" not in f]
    for size, cell in itertools.product(LIMIT, LAYERS):
        prefix = "2 | " + " | ".join(map(str, (cell, *size)))
        case = Case(cell, *part.size(*size))
        part.measure(frameworks, [*ours, "matrix product"], case, prefix)
    frameworks[0].close()


def scan(part: Part) -> None:
    """The minGRU in a loop and by a parallel scan, for sequences of several lengths."""
    frameworks = part.frameworks({"ours.py": "tensorflow"}, cores=2)
    forms = ("ours", "ours, XLA", "ours, scan", "ours, scan, XLA")
    for length in SCAN_LENGTHS[: 2 if part.quick else None]:
        case = Case("minGRU", *part.size(32, length, 128))
        part.measure(frameworks, forms, case, f"2 | minGRU | 32 | {length} | 128")
    frameworks[0].close()


def memory(part: Part) -> None:
    """Peak memory of a gradient against the number of steps; MiB above what was there before."""
    lengths = (8, 16) if part.quick else MEMORY_STEPS
    for _ in range(1 if part.quick else 3):
        for kind, length in itertools.product(MEMORY, lengths):
            for form in MEMORY[kind]:
                if form == "static" and length > STATIC_STEPS:
                    continue
                done = subprocess.run(
                    [interpreter("tensorflow"), FOLDER / "memory.py", form, kind, str(length)],
                    capture_output=True,
                    text=True,
                    env=environment(),
                )
                if done.returncode:
                    raise RuntimeError(f"{form}, {kind}, {length} failed:\n{done.stderr[-2000:]}")
                said = json.loads(done.stdout.splitlines()[-1])
                name = f"{kind} | {length} | {form}"
                part.values.setdefault(name, []).append(said["peak"] - said["baseline"])
        part.save()


def sampling(part: Part) -> None:
    """Seconds a character: our sampler, and ``model.predict`` for each character."""
    frameworks = part.frameworks({"sampling.py": "tensorflow"}, cores=2)
    units, length = (8, 20) if part.quick else (256, 2000)
    case = Case("GRU", 1, length, units, features=65)
    part.measure(frameworks, frameworks[0].forms, case, f"2 | GRU | 1 | {length} | {units}")
    for name, seconds in part.values.items():
        if name.endswith("write | sampler"):
            part.values[name] = [s / length for s in seconds]
    part.save()
    frameworks[0].close()


def result(part: Part) -> None:
    """Seconds to a result: what the chapters took, and what others' recipes take here."""
    part.data = "; ".join(str(load().source) for load in (load_mnist, load_shakespeare))
    part.values |= recipes.of_chapters()
    for name, recipe in recipes.RECIPES.items():
        try:
            part.values |= recipes.run(name, part.quick)
            part.versions[recipe.package] = recipes.version_of(recipe.package)
        except Missing as why:
            part.notes.append(f"{name} is left out: {why}")
        part.save()
        print(name, flush=True)


PARTS: dict[str, Callable[[Part], None]] = {
    "steps": steps,
    "profile": profile,
    "limit": limit,
    "memory": memory,
    "sampling": sampling,
    "scan": scan,
    "result": result,
}


def main() -> None:
    """Measure what was asked for, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, "tables", []], metavar="part")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try it out")
    parser.add_argument("--resume", action="store_true", help="keep what a record already holds")
    asked = parser.parse_args()
    if asked.quick:
        results.RECORDS = results.PROJECT / "_build" / "quick"
    for name in asked.parts or PARTS:
        if name == "tables":
            continue
        part = Part(name, asked.quick)
        if asked.resume and (results.RECORDS / f"speed_{name}.json").exists():
            before = results.recorded_run(f"speed_{name}")
            part.values |= before.values
            part.versions |= {k: v for k, v in before.versions.items() if k != "numpy"}
        begin = time.perf_counter()
        PARTS[name](part)
        print(f"{name}: {time.perf_counter() - begin:.0f} s in all", flush=True)
    speed_tables.write(results.RECORDS / "RESULTS.md" if asked.quick else speed_tables.RESULTS)


if __name__ == "__main__":
    main()
