"""Do the tests notice? Faults are planted in the core modules, one at a time.

``python -m benchmarks.mutants`` lets Cosmic Ray change one operator, number,
condition or loop after the other, and writes ``benchmarks/records/mutants.json`` and, with every
change that no test noticed, ``_build/mutants/*-survivors.diff``. It takes about an hour;
``python -m benchmarks.mutants bptt`` tries one module. What was found is not tried again as long as
the module stays as it is; what survived is, when its tests have changed.

Each core has a copy of the project and a process that has imported TensorFlow, but has not used it
yet. For every fault it forks a child that imports the changed module and runs the tests, those
first that take the least time.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import importlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from benchmarks import record
from rnncourse import results

MODULES = ("machines", "bptt", "cells", "unroll")
CORES = 2
SECONDS: dict[str, float] = {}  # what each test takes, without a fault
PATIENCE = 180  # seconds for the tests; a fault may never come to an end
KEPT = results.BUILD / "mutants"
TOOK = "took.json"  # in a worker's copy
HEAVY = ("numpy", "scipy", "hypothesis.extra.numpy", "pytest", "tensorflow", "keras")
# To the first failure, in one process; that a plugin of pytest is imported already does not matter.
QUICKLY = ("-x", "-q", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning")
# Not worth a try: `|` and `is`, which stand in type hints and before None; what no number can be
# combined with and any test would notice; decorators, and which exception is caught.
IDLE = re.compile(
    r"core/(Replace(Binary|Comparison)Operator_(BitOr|Is|IsNot)_"
    r"|Replace\w+_(RShift|LShift|BitOr|BitAnd|BitXor|Pow|Mod|FloorDiv|Is|IsNot|Invert)$"
    r"|RemoveDecorator|ExceptionReplacer)"
)


def main() -> int:
    """Plant faults in the modules that were asked for, and say how many were found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", choices=[*MODULES, []], metavar="module")
    asked = parser.parse_args().modules or MODULES
    KEPT.mkdir(parents=True, exist_ok=True)
    counts = {module: tally(module) for module in asked}
    for module, (found, planted) in counts.items():
        print(f"{module:<10}{found:5} of {planted:5} faults found  {found / planted:7.1%}")
    found, planted = (sum(column) for column in zip(*counts.values(), strict=True))
    print(f"{'all':<10}{found:5} of {planted:5} faults found  {found / planted:7.1%}")
    if set(asked) == set(MODULES):
        values = {f"{name} | found": [found] for name, (found, _) in counts.items()}
        values |= {f"{name} | planted": [planted] for name, (_, planted) in counts.items()}
        record.save(
            "mutants",
            values,
            command="python -m benchmarks.mutants",
            data="none",
            seeds=[0],
            packages=("cosmic-ray", "tensorflow"),
        )
    return 0


def tally(module: str) -> tuple[int, int]:
    """Try all faults of a module; how many the tests found, and how many there are."""
    source = path_of(module).read_text(encoding="utf-8")
    faults = list(faults_in(source))
    tried = KEPT / f"{module}.json"
    stamps = [digest(source), digest(tests_of(module).read_text(encoding="utf-8"))]
    kept = {"stamps": ["", ""], "said": {}}
    if tried.is_file():
        kept = json.loads(tried.read_text(encoding="utf-8"))
    same_module, same_tests = (a == b for a, b in zip(stamps, kept["stamps"], strict=True))
    said = kept["said"] if same_module else {}
    if not same_tests:
        said = {fault: outcome for fault, outcome in said.items() if outcome != "survived"}
    waiting = [fault for fault in faults if fault not in said]
    print(f"{module}: {len(faults)} faults, {len(waiting)} to be tried", flush=True)
    fresh = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(
            CORES, mp_context=fresh, initializer=prepare, initargs=(module, folder)
        ) as pool,
    ):
        running = {pool.submit(outcome_of, module, source, fault): fault for fault in waiting}
        for task in as_completed(running):
            said[running[task]] = task.result()
            state = {"stamps": stamps, "said": said}
            results.write_atomically(tried, json.dumps(state, indent=1))
    survived = [fault for fault in faults if said[fault] == "survived"]
    text = "\n".join(f"# {fault}\n{difference(source, fault, module)}" for fault in survived)
    results.write_atomically(KEPT / f"{module}-survivors.diff", text)
    print(f"{module}: {dict(Counter(said[fault] for fault in faults))}", flush=True)
    return len(faults) - len(survived), len(faults)


def digest(text: str) -> str:
    """A text in a few letters."""
    return hashlib.sha256(text.encode()).hexdigest()


def faults_in(source: str) -> Iterator[str]:
    """All faults that are worth a try, each as ``operator number``."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(source)))
    for name in operator_names():
        kind = get_operator(name)
        if IDLE.match(name) or kind.arguments():
            continue
        places = sum(1 for node in nodes for _ in kind().mutation_positions(node))
        yield from (f"{name} {number}" for number in range(places))


def planted(source: str, fault: str) -> str:
    """The source with one fault in it."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    name, number = fault.split()
    return mutate_code(source, get_operator(name)(), int(number))


def difference(source: str, fault: str, module: str) -> str:
    """What a fault changes, as a diff."""
    lines = (text.splitlines(keepends=True) for text in (source, planted(source, fault)))
    return "".join(difflib.unified_diff(*lines, f"{module}.py", f"{module}.py", n=1))


def path_of(module: str) -> Path:
    """The module, below the project or, in a worker, below its copy."""
    return Path(results.PROJECT, "rnncourse", f"{module}.py")


def tests_of(module: str) -> Path:
    """The tests that have to notice."""
    return Path(results.PROJECT, "tests", f"test_{module}.py")


def prepare(module: str, folder: str) -> None:
    """Make this process one that tries faults: in a copy of the project, with TensorFlow imported.

    Raises:
        RuntimeError: If the tests fail without any fault.
    """
    sys.dont_write_bytecode = True  # two faults within a second would share one
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    copy = Path(tempfile.mkdtemp(dir=folder))
    for part in ("rnncourse", "tests", "book"):
        shutil.copytree(results.PROJECT / part, copy / part)
    for part in ("pyproject.toml", "conftest.py"):
        shutil.copy(results.PROJECT / part, copy)
    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy)  # for what the tests start
    source = path_of(module).read_text(encoding="utf-8")
    for name in [name for name in sys.modules if name.split(".")[0] == "rnncourse"]:
        del sys.modules[name]
    sys.path[:] = [
        str(copy),
        *(path for path in sys.path if path not in ("", str(results.PROJECT))),
    ]
    for name in HEAVY:
        importlib.import_module(name)
    for _ in ("in their order, to learn what each takes", "the quickest first"):
        if outcome_of(module, source) != "survived":
            raise RuntimeError(f"the tests of {module} fail before any fault is planted")
        SECONDS.update(json.loads(Path(TOOK).read_text(encoding="utf-8")))


def outcome_of(module: str, source: str, fault: str | None = None) -> str:
    """What the tests say in a forked child: ``found``, ``survived`` or ``without end``."""
    text = planted(source, fault) if fault else source
    Path("rnncourse", f"{module}.py").write_text(text, encoding="utf-8")
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)  # the session stays: Linux may weigh sessions
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        import pytest

        failed = pytest.main([*QUICKLY, f"tests/test_{module}.py"], plugins=[Pace()])
        os._exit(int(failed) != 0)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return "found" if status else "survived"
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "without end"


class Pace:
    """Has pytest run the quickest tests first, and writes down what each of them took."""

    def __init__(self):
        self.took = Counter()

    def pytest_collection_modifyitems(self, items) -> None:
        """Sort the tests; those that nothing is known of stay where they are."""
        items.sort(key=lambda item: SECONDS.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report) -> None:
        """Add up what a test takes, with its preparation."""
        self.took[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write it down."""
        Path(TOOK).write_text(json.dumps(self.took), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
