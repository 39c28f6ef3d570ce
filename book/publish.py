"""``make publish``: put the rendered book on the branch from which GitHub Pages serves it.

The branch gets one commit a publication and holds nothing but the pages. The working tree, its
index and the branch that is checked out are left as they are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from book.chapters import BUILD, ROOT

HTML = BUILD / "html"
BRANCH = "gh-pages"


def publish(html: Path = HTML, project: Path = ROOT, remote: str = "origin") -> str:
    """Commit the pages to the branch and push it.

    Args:
        html: The rendered book.
        project: A folder in the git repository.
        remote: Where to push to; with an empty name nothing is pushed.

    Returns:
        The commit.

    Raises:
        FileNotFoundError: If the book has not been rendered.
        RuntimeError: With what git said, if it refuses.
    """
    if not (html / "index.html").is_file():
        raise FileNotFoundError(f"no rendered book in {html}; make book comes first")
    (html / ".nojekyll").touch()  # names that begin with _ are to be served too
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        _git(project, f"--work-tree={html}", "add", "--all", "--force", ".", env=index, cwd=html)
        tree = _git(project, "write-tree", env=index)
    parent = _git(project, "rev-parse", "--verify", "--quiet", BRANCH, may_fail=True)
    source = _git(project, "rev-parse", "--short", "HEAD")
    parents = ("-p", parent) if parent else ()
    commit = _git(project, "commit-tree", tree, *parents, "-m", f"The book at {source}")
    _git(project, "update-ref", f"refs/heads/{BRANCH}", commit)
    if remote:
        _git(project, "push", remote, BRANCH)
    return commit


def _git(project: Path, *words: str, env=None, cwd: Path | None = None, may_fail=False) -> str:
    """What a git command prints."""
    folder = subprocess.run(
        ["git", "rev-parse", "--absolute-git-dir"], cwd=project, text=True, capture_output=True
    ).stdout.strip()
    done = subprocess.run(
        ["git", f"--git-dir={folder}", *words],
        cwd=cwd or project,
        text=True,
        capture_output=True,
        env={**os.environ, **(env or {})},
    )
    if done.returncode and not may_fail:
        raise RuntimeError(f"git {words[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def main() -> int:
    """Publish, and say what was done; 0 if all is well."""
    try:
        commit = publish()
    except (FileNotFoundError, RuntimeError) as error:
        print(f"Nothing was published. {error}", file=sys.stderr)
        return 1
    print(f"Published: {BRANCH} is at {commit[:10]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
