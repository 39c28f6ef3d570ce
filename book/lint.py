"""Ruff for the code cells of the chapters; ``python -m book.lint --fix`` formats them."""

from __future__ import annotations

import subprocess
import sys

from book.chapters import ROOT, Chapter, read_chapters

COLUMNS = "84"  # what a page shows without a scroll bar
NOT_FOR_CELLS = "D,I,B018,B905,E402,E501,F811"


def main() -> int:
    """Check every chapter, or format its cells in place; 0 if all is well."""
    fix = "--fix" in sys.argv[1:]
    faults = []
    for chapter in read_chapters():
        for cell in chapter.code:
            formatted = _ruff("format", "--line-length", COLUMNS, source=cell).stdout.rstrip("\n")
            if formatted == cell:
                continue
            if fix:
                text = chapter.path.read_text(encoding="utf-8")
                chapter.path.write_text(text.replace(cell, formatted, 1), encoding="utf-8")
            else:
                faults.append(f"{_name(chapter)}: not formatted, try --fix:\n{cell}\n")
        checked = _ruff("check", "--ignore", NOT_FOR_CELLS, source="\n\n".join(chapter.code) + "\n")
        if checked.returncode:
            faults.append(f"{_name(chapter)}: its cells, taken together:\n{checked.stdout}")
    print("\n".join(faults) or "All chapters are tidy.")
    return bool(faults)


def _ruff(command: str, *options: str, source: str) -> subprocess.CompletedProcess:
    words = [sys.executable, "-m", "ruff", command, *options, "--quiet", "-"]
    return subprocess.run(
        words, input=source, text=True, encoding="utf-8", capture_output=True, cwd=ROOT
    )


def _name(chapter: Chapter) -> str:
    return str(chapter.path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
