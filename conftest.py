"""Let nbval run the chapters once more, and hold what they show against the book.

``--nbval`` compares with the executed notebooks that ``make book`` leaves; ``--nbval-lax`` only
runs the cells.
"""

import functools
from collections import Counter
from pathlib import Path
from unittest import mock

from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from book import compare, execute
from book.chapters import Chapter, read_chapters


class ChapterCell(IPyNbCell):
    """A code cell: it has to run, and to show what it shows in the book."""

    def runtest(self) -> None:
        """Run the cell, and note it where there is nothing to compare it with."""
        if self.parent.elsewhere:
            self.user_properties.append(("compared", {"elsewhere": 1}))
        super().runtest()

    def compare_outputs(self, test, ref, skip_compare=None) -> bool:
        """Whether two runs are alike, by the rules of the book in place of nbval's."""
        self.comparison_traceback = compare.differences(ref, test)
        self.user_properties.append(("compared", dict(compare.count(ref))))
        return not self.comparison_traceback

    def repr_failure(self, excinfo) -> str:
        """Where it is, and what is wrong."""
        if not isinstance(excinfo.value, NbCellError):
            return super().repr_failure(excinfo)
        place = execute.where(self.parent.chapter, self.cell_num + 1)
        trace = execute.ANSI.sub("", excinfo.value.inner_traceback or "")
        return f"{place}: {excinfo.value}\n\n{trace}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """File, line counted from 0, and name."""
        line = execute.line_of(self.parent.chapter, self.cell_num + 1)
        return self.path, line - 1, f"{self.parent.chapter.name}, code cell {self.cell_num + 1}"


class ChapterFile(IPyNbFile):
    """A chapter, whose code cells nbval runs one by one as it would those of an ``.ipynb``."""

    def __init__(self, *, chapter: Chapter, **more):
        super().__init__(**more)
        self.chapter = chapter
        self.elsewhere = False

    def collect(self):
        """One test a code cell."""
        notebook = self.chapter.notebook
        if self.compare_outputs:
            executed = execute.stored(self.chapter)
            if executed is None:
                raise self.CollectError(
                    f"{self.chapter.executed} is missing, or older than what the chapter is made "
                    "of now: run `make book`, in which that notebook is made, and try again"
                )
            self.elsewhere = executed.metadata["rnncourse"].get("machine") != execute.machine()
            self.compare_outputs = not self.elsewhere
            notebook = execute.with_outputs(self.chapter, executed)
        with mock.patch("nbval.plugin.nbformat.read", lambda *_, **__: notebook):
            found = list(super().collect())
        for cell in found:
            yield ChapterCell.from_parent(
                self, name=cell.name, cell_num=cell.cell_num, cell=cell.cell, options=cell.options
            )

    def setup(self):
        """Start the chapter's kernel, as quiet as in the book."""
        with mock.patch.dict("os.environ", execute.kernel_environment()):
            super().setup()
        # nbval keeps cells out of IPython's history, where IPython looks for a `;` at their end
        self.kernel.execute_cell_input = functools.partial(
            self.kernel.kc.execute, stop_on_error=False
        )


def pytest_collect_file(file_path: Path, parent):
    """Collect the chapters where nbval was asked for."""
    option = parent.config.option
    if not (option.nbval or option.nbval_lax) or file_path.suffix != ".md":
        return None
    chapter = chapters().get(file_path)
    return chapter and ChapterFile.from_parent(parent, path=file_path, chapter=chapter)


@functools.cache
def chapters() -> dict[Path, Chapter]:
    """The chapters of the book by their files."""
    return {chapter.path: chapter for chapter in read_chapters()}


def pytest_terminal_summary(terminalreporter):
    """Say how much was compared."""
    counted = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            counted += Counter(dict(report.user_properties).get("compared", {}))
    if not counted:
        return
    terminalreporter.section("the second run")
    terminalreporter.write_line(compare.summary(counted))
    if counted["elsewhere"]:
        terminalreporter.write_line(
            f"{counted['elsewhere']} cells run and not compared: the book was made on another "
            "machine (`make clean book` makes it on this one)"
        )
