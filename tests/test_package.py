"""The package as a whole."""

import ast
import subprocess
import sys
import time

import pytest

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
