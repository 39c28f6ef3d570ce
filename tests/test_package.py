"""The package as a whole."""

import ast
import subprocess
import sys
import time

import pytest

from book.chapters import read_chapters
from rnncourse import results

PACKAGE = results.PROJECT / "rnncourse"
ABOVE = ("checks", "live")
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent.name not in ABOVE]


def test_import_is_instant():
    code = "import sys, rnncourse; assert not {'tensorflow', 'numpy'} & set(sys.modules)"
    fastest = min(_seconds(code) for _ in range(3)) - min(_seconds("pass") for _ in range(3))
    assert fastest < 0.3


def _seconds(code):
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_point_one_way(path):
    """Nothing in the package imports the figures, the demos or the checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    froms = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    imported = {f"{n.module}.{alias.name}" for n in froms for alias in n.names}
    for above in ("plots", "live", "checks"):
        assert not any(name.startswith(f"rnncourse.{above}") for name in imported)


def sources():
    """All Python of the project: modules, and the code cells of the chapters."""
    for folder in ("rnncourse", "book", "benchmarks"):
        for path in (results.PROJECT / folder).rglob("*.py"):
            yield path, path.read_text(encoding="utf-8")
    for chapter in read_chapters():
        lines = "\n".join(chapter.code).splitlines()
        yield chapter.path, "\n".join(line for line in lines if not line.lstrip().startswith("%"))


LOADERS = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "tarfile")
UNPACKERS = ("extractall", "unpack_archive", "enable_unsafe_deserialization")


def dangers(source):
    """Imports and calls by which a file that is read could run code or write where it likes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in LOADERS)
        elif isinstance(node, ast.ImportFrom) and node.module in LOADERS:
            yield node.module
        elif isinstance(node, ast.Call):
            name, options = ast.unparse(node.func), {k.arg: k.value for k in node.keywords}
            if name.rpartition(".")[2] in UNPACKERS:
                yield name
            allowed = getattr(options.get("allow_pickle"), "value", True)
            if name in ("np.load", "numpy.load") and allowed is not False:
                yield f"{name} without allow_pickle=False"
            safe = getattr(options.get("safe_mode"), "value", True)
            if safe is not True:
                yield f"{name} without safe_mode"


@pytest.mark.fault
def test_no_code_trusts_a_file():
    found = {str(path): list(dangers(source)) for path, source in sources()}
    assert len(found) > 80
    assert {path: named for path, named in found.items() if named} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "archive.extractall(folder)",
        "keras.saving.load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
    ],
)
def test_code_that_would_is_seen(code):
    assert list(dangers(code))
