"""``make matrix``: the package and the chapters on mechanics, on every Python that is here.

Sessions make environments of their own, of some gigabytes each, and need a package index, nothing
else. ``make sbom`` writes down what the lock consists of.
"""

import json
import shutil
from pathlib import Path

import nox

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
MECHANICS = ("functions", "sequences", "manual_rnn")
MECHANICS += ("static_unrolling", "dynamic_unrolling", "training")
BUILD = Path("_build")
# Licences under which the course may be passed on with what it needs. A package that names several
# needs one of them.
ALLOWED = "MIT;BSD;Apache;ISC;Python Software Foundation;PSF-2.0;Mozilla;MPL-2.0"
READ = ("namex", "axe-playwright-python")  # only their licence files say: Apache 2.0, and MIT

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = [*(f"newest-{python}" for python in PYTHONS), "oldest-3.10"]
nox.options.error_on_missing_interpreters = False


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """The locked versions: tests of the package, and the mechanics as notebooks."""
    session.install("--requirement", "requirements.txt")
    _prove(session)


@nox.session(python=["3.10"])
def oldest(session: nox.Session) -> None:
    """The oldest versions that pyproject.toml allows of what it names."""
    pinned = Path(session.create_tmp(), "oldest.txt")
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--all-extras", "--quiet"),
        *("--resolution", "lowest-direct", "--python-version", "3.10"),
        *("--no-annotate", "--output-file", str(pinned)),
        external=True,
    )
    session.install("--requirement", str(pinned))
    # old packages use what the newest of others deprecate
    _prove(session, "-W", "default::DeprecationWarning")


def _prove(session: nox.Session, *options: str) -> None:
    """Test the package, execute the mechanics; or pytest with the arguments after ``--``."""
    session.install("--no-deps", "--editable", ".")
    if session.posargs:
        session.run("python", "-m", "pytest", *session.posargs)
        return
    session.run("python", "-m", "pytest", "-n", "2", "--ignore", "tests/book", "-q", *options)
    chapters = [f"chapters/{name}.md" for name in MECHANICS]
    timeouts = ("--nbval-cell-timeout", "600", "--nbval-kernel-startup-timeout", "120")
    apart = ("-n", "2", "--dist", "loadfile")  # two chapters at a time
    session.run(
        "python", "-m", "pytest", *apart, "--nbval-lax", *timeouts, "-q", *options, *chapters
    )


@nox.session(python=["3.12"])
def book(session: nox.Session) -> None:
    """The whole book, from the locked versions."""
    session.install("--requirement", "requirements.txt")
    session.install("--no-deps", "--editable", ".")
    session.run("python", "-m", "book.build")


@nox.session(python="3.12")
def sbom(session: nox.Session) -> None:
    """A CycloneDX bill of materials and the licences of all packages in the lock, into _build.

    It fails if a package is under none of the licences that are allowed.
    """
    BUILD.mkdir(exist_ok=True)
    session.install("--requirement", "requirements.txt")
    here = Path(session.virtualenv.location)
    tools = "cyclonedx-bom>=7,<8", "pip-licenses>=5,<6"
    shutil.rmtree(here / "tools", ignore_errors=True)
    session.run("uv", "venv", "--quiet", str(here / "tools"), external=True)
    tool = str(here / "tools" / "bin" / "python")
    session.run("uv", "pip", "install", "--quiet", "--python", tool, *tools, external=True)
    python = str(here / "bin" / "python")
    bill, licences = BUILD / "sbom.cdx.json", BUILD / "licences.md"
    session.run(
        *(tool, "-m", "cyclonedx_py", "environment", "--output-reproducible"),
        *("--output-file", str(bill), python),
        external=True,
    )
    listing = (tool, "-m", "piplicenses", "--python", python)
    session.run(
        *(*listing, "--format", "markdown", "--with-urls", "--output-file", str(licences)),
        external=True,
    )
    session.run(
        *(*listing, "--allow-only", ALLOWED, "--partial-match", "--ignore-packages", *READ),
        external=True,
        silent=True,
    )
    session.log(f"{len(json.loads(bill.read_text())['components'])} components in {bill}")
