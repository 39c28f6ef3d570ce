"""``make matrix``: run the sessions of nox, and say at the end which Pythons passed."""

from __future__ import annotations

import json
import subprocess
import sys

from book.chapters import BUILD, ROOT

REPORT = BUILD / "matrix.json"


def main(sessions: list[str]) -> int:
    """Run the named sessions, or those that nox runs by default; 0 if none failed."""
    BUILD.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    command = [sys.executable, "-m", "nox", "--report", str(REPORT)]
    command += ["--session", *sessions] if sessions else []
    done = subprocess.run(command, cwd=ROOT)
    if REPORT.is_file():
        print(summary(json.loads(REPORT.read_text(encoding="utf-8"))["sessions"]))
    return done.returncode


def summary(sessions: list[dict]) -> str:
    """What came of the sessions, from nox's report: each one, then the Pythons that passed.

    A Python has passed if none of its sessions failed and one of them was a success.
    """
    lines, kinds = [], {}
    for session in sessions:
        name = session["signatures"][-1]
        lines.append(f"{session['result']:<10}{name}")
        python = name.rpartition("-")[2]
        kinds.setdefault(python, set()).add(session["result"])
    passed = [
        python for python, said in kinds.items() if "success" in said and "failed" not in said
    ]
    return "\n".join([*lines, f"Pythons passed: {', '.join(passed) or 'none'}"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
