"""The chapters as the book lists them, and what each of them depends on."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
import yaml
from myst_nb.core.read import (
    MystMetadataParsingError,
    is_myst_markdown_notebook,
    myst_nb_reader_plugin,
)

from rnncourse import datasets, results

ROOT = results.PROJECT
BUILD = results.BUILD
EXECUTED = BUILD / "executed"
RESULTS = BUILD / "results.json"  # what the chapters record
EXECUTIONS = BUILD / "executions.json"  # what they cost
IMPORTS = BUILD / "imports.json"  # what of the package each page imports; written if that changes

# These show what the others recorded, so they run last and follow the results.
SUMMARIES = ("index", "scoreboard", "status")

# Its workers wait for each other. At the end nobody would be there to use that time.
FIRST = "scaling_out"

# These run beside the others, in the time that those leave. What times they state is their own time
# in that company: longer than alone, bounded with room, and shown on no scoreboard.
BESIDE = (
    "functions",
    "sequences",
    "manual_rnn",
    "training",
    "history",
    "deep",
    "embeddings",
    "retrospective",
    "tf1_dictionary",
    "errata",
    "live",
)


class BuildError(Exception):
    """The book cannot be built; the message says which chapter and why."""


@dataclass(frozen=True, eq=False)
class Chapter:
    """One page of the book that has code to run."""

    name: str
    path: Path
    notebook: nbformat.NotebookNode

    @property
    def code(self) -> list[str]:
        """The sources of its code cells, in order."""
        return [cell.source for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def executed(self) -> Path:
        """Where its executed notebook is kept."""
        return EXECUTED / f"{self.name}.ipynb"

    @property
    def download(self) -> Path:
        """Where the notebook is kept that a reader can take away."""
        return BUILD / "notebooks" / f"{self.name}.ipynb"

    def imports(self, package: str) -> bool:
        """Whether its code, or a module that it uses, imports something of a package."""
        code = "\n".join(self.code)
        modules = [path.read_text(encoding="utf-8") for path in imported_modules(code).values()]
        return any(named_imports(source, package) for source in (code, *modules))

    def key(self) -> str:
        """A digest of everything that can change its outputs; prose and captions cannot.

        The data at hand have a digest of their own, after a dash.
        """
        code = "\n".join(self.code)
        modules = imported_modules(code)
        parts: list[object] = [
            self.code,
            [cell.metadata.get("tags") for cell in self.notebook.cells],
        ]
        parts += [sys.version, (ROOT / "requirements.txt").read_text(encoding="utf-8")]
        parts += [
            (name, path.read_text(encoding="utf-8")) for name, path in sorted(modules.items())
        ]
        parts += [os.environ.get("RNNCOURSE_SEED", "")]
        summary = self.name in SUMMARIES
        shown = [p for p in _records() if summary or f'"{p.stem}"' in code]
        shown += [path for path in (RESULTS, EXECUTIONS) if summary and path.is_file()]
        parts += [path.read_text(encoding="utf-8") for path in shown]
        data = data_at_hand() if "rnncourse.datasets" in modules else ""
        digests = (json.dumps(parts, default=str), data)
        return "-".join(hashlib.sha256(digest.encode()).hexdigest() for digest in digests)


def read_chapters() -> list[Chapter]:
    """All notebooks that ``_toc.yml`` names, in its order, the summaries last.

    Raises:
        BuildError: If a named page is missing, or a code cell's options cannot be read.
    """
    found = []
    for page in pages():
        path = ROOT / f"{page}.md"
        if not path.is_file():
            raise BuildError(f"_toc.yml names {page}, and there is no {page}.md")
        if is_myst_markdown_notebook(path.read_text(encoding="utf-8")):
            try:
                notebook = myst_nb_reader_plugin(str(path))
            except MystMetadataParsingError as error:
                raise BuildError(f"{page}.md: {error}") from error
            found.append(Chapter(path.stem, path, notebook))
    return sorted(found, key=lambda chapter: chapter.name in SUMMARIES)


def pages() -> list[str]:
    """Every page of the table of contents, without suffix, the root first."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *listed]


def imported_modules(source: str) -> dict[str, Path]:
    """The modules of ``rnncourse`` that a piece of code imports, directly or through each other."""
    reached: dict[str, Path] = {}
    waiting = list(named_imports(source))
    while waiting:
        name = waiting.pop()
        path = _module_file(name)
        if path and name not in reached:
            reached[name] = path
            waiting += named_imports(path.read_text(encoding="utf-8"))
    return reached


@cache
def named_imports(source: str, package: str = "rnncourse") -> frozenset[str]:
    """Dotted names under a package that the source imports anywhere."""
    names = set()
    for node in ast.walk(ast.parse(_without_magics(source))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(name for name in names if name.split(".")[0] == package)


def _without_magics(source: str) -> str:
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()
    )


def _module_file(name: str) -> Path | None:
    base = ROOT.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _records() -> list[Path]:
    return sorted(results.RECORDS.glob("*.json"))


def data_at_hand() -> str:
    """What the loaders would find: it decides between real data and stand-ins."""
    folder = os.environ.get("RNNCOURSE_DATA", "")
    seen: list[object] = [bool(folder), os.environ.get("RNNCOURSE_OFFLINE", "")]
    for name in datasets.REGISTRY:
        paths = [datasets.cache_folder() / name]
        paths += datasets.in_folder(folder, name) if folder else ()
        stats = [path.stat() if path.is_file() else None for path in paths]
        seen.append((name, [stat and (stat.st_size, stat.st_mtime_ns) for stat in stats]))
    return json.dumps(seen)
