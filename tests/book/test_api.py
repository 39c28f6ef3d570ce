"""The reference of the package: nothing public is missing, and chapters are linked with it."""

import ast
import re

import pytest
from sphinx.util.inventory import InventoryFile

from book.build import HTML
from book.chapters import ROOT, read_chapters
from rnncourse import datasets

PACKAGE = ROOT / "rnncourse"


@pytest.fixture(scope="module")
def described():
    """Dotted names that have a description, each with the page it stands on."""
    with (HTML / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda folder, path: path)
    kinds = ("py:function", "py:class", "py:exception", "py:module")
    return {name: entry[2] for kind in kinds for name, entry in inventory[kind].items()}


# The checkers of exercises, a module a chapter, hold their answers: they are left out.
ANSWERS = {*PACKAGE.glob("checks/*.py")} - {PACKAGE / "checks" / "__init__.py"}
MODULES = sorted({*PACKAGE.rglob("*.py")} - ANSWERS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_public_function_and_class_is_described(described, path):
    parts = [part for part in path.relative_to(ROOT).with_suffix("").parts if part != "__init__"]
    defined = [
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    if "datasets" in parts:  # its modules are one to the reader, who gets what it passes on
        parts = parts[:2]
        defined = [name for name in defined if name in datasets.__all__]
    assert not [name for name in defined if ".".join([*parts, name]) not in described]


def test_a_description_shows_the_arguments_and_the_chapters():
    page = (HTML / "chapters" / "api.html").read_text(encoding="utf-8")
    cell = re.search(r'<dt[^>]* id="rnncourse.cells.LSTMCell">(.*?)</dt>', page, re.DOTALL)[1]
    assert "peephole" in cell and not re.search(r"\bargs\b", cell)
    used = re.findall(r'<p class="taught-in">.*?</p>', page, re.DOTALL)
    assert any('href="dynamic_unrolling.html"' in chapters for chapters in used)


def test_names_in_the_text_lead_to_their_description():
    naming = "`rnncourse.cells`"
    chapters = [c for c in read_chapters() if naming in c.path.read_text(encoding="utf-8")]
    assert chapters
    for chapter in chapters:
        page = HTML / chapter.path.relative_to(ROOT).with_suffix(".html")
        assert 'api.html#module-rnncourse.cells"' in page.read_text(encoding="utf-8")
