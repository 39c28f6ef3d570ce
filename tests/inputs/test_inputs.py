"""Every public function with good and with bad arguments; :mod:`contract` says what must happen."""

import ast
import importlib
from fnmatch import fnmatch

import pytest
from contract import Case, attempt, limits
from hypothesis import given
from hypothesis import strategies as st

from rnncourse.results import PROJECT

TABLES = ("table_core", "table_text", "table_data", "table_networks")
CASES = [case for name in TABLES for case in importlib.import_module(name).CASES]

KERAS = "the contract of Keras, which calls it"
WITHIN = "part of a compiled step: its shapes are checked at tracing, by TensorFlow"
CELL = "the cell's own __call__, which is tried, leads to it"
NOT_TRIED = {  # name or pattern -> why
    "*.[A-Z]*.build": KERAS,
    "*.[A-Z]*.call": KERAS,
    "*.[A-Z]*.get_config": KERAS,
    "*.[A-Z]*.on_epoch_end": KERAS,
    "arguments.*": "the checks themselves; every case tries them",
    "checks.*": "they judge what a reader wrote, and tests/test_checks.py tries whatever there is",
    "cells.Cell": "the base class, which is not used alone",
    "cells.*.combine": CELL,
    "cells.*.project": CELL,
    "cells.gated": WITHIN,
    "cells.*.step": CELL,
    "cells.*.get_initial_state": KERAS,
    "datasets.*.load_*": "no arguments, or tried without a network",
    "datasets.files.cache_folder": "no arguments",
    "datasets.files.read_member": "takes what a loader has read; tests/test_faults.py spoils it",
    "datasets.reviews.cut": "reads a folder, and says what the file system says",
    "results.save": "called by the build alone, with what record returned",
    "results.save_model": "called with a model that was trained; a disk's errors are its own",
    "results.write_atomically": "a disk's errors are its own",
    "results.RecordedRun.save": "no arguments",
    "plots.*": "Matplotlib checks what it draws; tests/test_plots.py looks at the figures",
    "live.*": "tests/test_live.py refuses what the demos cannot use",
    "scan.prefixes": "called by linear_recurrence, which has checked",
    "unroll.prepare": "the checks of dynamic_rnn, which is tried",
    "unroll.project_all": "takes what unroll.prepare has checked",
    "workers.*": "they start processes; tests/test_workers.py refuses what cannot be started",
    "data_parallel.*": "what a worker runs; tests/test_data_parallel.py runs it",
    "resuming.*": "trains; tests/test_resuming.py stops it in every way",
    "music.abc_notation.*.played": "no arguments",
    "music.abc_notation.*.faults": "no arguments",
    "music.metronome.*": KERAS,
    "fast_gru.*": WITHIN,
    "fast_loop.*": WITHIN,
    "captioning.Captioner.inputs": WITHIN,
    "captioning.Captioner.start": WITHIN,
    "captioning.Captioner.step": WITHIN,
    "captioning.Captioner.vectors": WITHIN,
    "captioning.loss": WITHIN,
    "captioning.sums": WITHIN,
    "language.run": WITHIN,
    "message_vectors.MessageVectors.encode": WITHIN,
    "readers.Reader.chances": WITHIN,
    "readers.Reader.read": WITHIN,
    "readers.Reader.strongest": WITHIN,
    "readers.Reader.summarise": WITHIN,
    "readers.Reader.vectors": WITHIN,
    "sentiment.Pieces.*": KERAS,
    "sorting.Sorter.decode": WITHIN,
    "sorting.Sorter.encode": WITHIN,
    "sorting.loss": WITHIN,
    "translation.*.encode": WITHIN,
    "translation.*.decode": WITHIN,
    "translation.Translator.answer": WITHIN,
    "translation.Translator.attend": WITHIN,
    "translation.begun": WITHIN,
    "translation.dropper": WITHIN,
    "translation.loss": WITHIN,
    "translation.search": "compiled as a whole; translate and looks, which are tried, call it",
    "muon.*": WITHIN,
}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_answer_or_an_error_that_names_the_argument(case: Case, record_property):
    tried = 0

    @limits(case.examples)
    @given(st.data())
    def every(data):
        nonlocal tried
        tried += 1
        attempt(case, data)

    every()
    record_property("inputs tried", tried)


def public_names() -> list[str]:
    """Functions, classes that check what they are given, and methods: ``module.Class.method``."""
    names = []
    for path in sorted((PROJECT / "rnncourse").rglob("*.py")):
        module = ".".join(path.relative_to(PROJECT / "rnncourse").with_suffix("").parts)
        module = module.removesuffix(".__init__")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                names.append(f"{module}.{node.name}")
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                own = [n for n in node.body if isinstance(n, ast.FunctionDef)]
                checking = {"__init__", "__post_init__"} & {n.name for n in own}
                names += [f"{module}.{node.name}"] if checking else []
                names += [
                    f"{module}.{node.name}.{n.name}"
                    for n in own
                    if (not n.name.startswith("_") or n.name == "__call__")
                    and not any("property" in ast.unparse(d) for d in n.decorator_list)
                ]
    return names


def test_every_public_function_is_tried():
    tried = {case.name for case in CASES}
    assert len(tried) == len(CASES), "a function has two cases"
    missing = [
        name
        for name in public_names()
        if name not in tried and not any(fnmatch(name, pattern) for pattern in NOT_TRIED)
    ]
    assert not missing, f"no case for {', '.join(missing)}"


def test_the_exceptions_are_needed():
    names = public_names()
    idle = [p for p in NOT_TRIED if not any(fnmatch(name, p) for name in names)]
    assert not idle, f"no function is called {', '.join(idle)}"
