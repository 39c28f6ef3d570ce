"""Publishing: a branch with the pages and nothing else, and a working tree left alone."""

import subprocess

import pytest

from book import publish


def git(folder, *words):
    done = subprocess.run(["git", *words], cwd=folder, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with a remote and a rendered book."""
    for person in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{person}_NAME", "Reader")
        monkeypatch.setenv(f"GIT_{person}_EMAIL", "reader@example.org")
    folder = tmp_path / "project"
    html = folder / "_build" / "html"
    (html / "_static").mkdir(parents=True)
    (html / "index.html").write_text("first")
    (html / "_static" / "a.css").write_text("a")
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text("_build\n")
    git(folder, "add", ".gitignore")
    git(folder, "commit", "-q", "-m", "Start")
    git(folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
    (folder / "draft.md").write_text("not yet committed")
    return folder


def test_the_branch_holds_the_pages_and_is_pushed(project, tmp_path):
    html = project / "_build" / "html"
    commit = publish.publish(html, project)
    files = git(project, "ls-tree", "-r", "--name-only", "gh-pages").splitlines()
    assert files == [".nojekyll", "_static/a.css", "index.html"]
    assert git(tmp_path / "remote.git", "rev-parse", "gh-pages") == commit
    assert git(project, "branch", "--show-current") == "main"
    assert git(project, "status", "--porcelain") == "?? draft.md"


def test_the_next_publication_stands_on_the_last_and_drops_what_is_gone(project):
    html = project / "_build" / "html"
    first = publish.publish(html, project)
    (html / "_static" / "a.css").unlink()
    (html / "index.html").write_text("second")
    second = publish.publish(html, project)
    assert git(project, "rev-parse", f"{second}~") == first
    assert git(project, "show", "gh-pages:index.html") == "second"
    assert "a.css" not in git(project, "ls-tree", "-r", "gh-pages")


def test_without_a_book_nothing_is_published(project, tmp_path):
    with pytest.raises(FileNotFoundError, match="make book comes first"):
        publish.publish(tmp_path / "empty", project)


def test_what_git_refuses_is_said(project):
    with pytest.raises(RuntimeError, match="git push"):
        publish.publish(project / "_build" / "html", project, remote="nowhere")
