"""Let nbval collect the chapters: text notebooks, read through jupytext."""

from pathlib import Path
from unittest import mock

import jupytext
from nbval.plugin import IPyNbFile

from book.chapters import read_chapters
from book.execute import kernel_environment


class TextNotebook(IPyNbFile):
    """A chapter, whose code cells nbval runs one by one as it would those of an ``.ipynb``."""

    def collect(self):
        """One test a code cell."""
        with mock.patch("nbval.plugin.nbformat.read", lambda path, **_: jupytext.read(path)):
            yield from super().collect()

    def setup(self):
        """Start the chapter's kernel, as quiet as in the book."""
        with mock.patch.dict("os.environ", kernel_environment()):
            super().setup()


def pytest_collect_file(file_path: Path, parent):
    """Collect the chapters where nbval was asked for."""
    option = parent.config.option
    if not (option.nbval or option.nbval_lax) or file_path.suffix != ".md":
        return None
    chapters = {chapter.path for chapter in read_chapters()}
    return TextNotebook.from_parent(parent, path=file_path) if file_path in chapters else None
