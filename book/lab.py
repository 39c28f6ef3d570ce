"""``make lab``: JupyterLab on the chapters, each a notebook at a double-click."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jupytext_config.labconfig import LabConfig

from book.chapters import ROOT


def main() -> None:
    """Tell this environment's JupyterLab to open Markdown as notebooks, then become it."""
    overrides = Path(sys.prefix, "share", "jupyter", "lab", "settings", "overrides.json")
    LabConfig(settings_file=overrides).read().set_default_viewers(["markdown", "myst"]).write()
    arguments = ["jupyter", "lab", f"--notebook-dir={ROOT / 'chapters'}", *sys.argv[1:]]
    os.execv(sys.executable, [sys.executable, "-m", *arguments])


if __name__ == "__main__":
    main()
