"""Frameworks in processes of their own, asked over a pipe, and timed in turn.

``RNNCOURSE_PEERS=/path/to/venv:/path/to/another`` names the environments of PyTorch and JAX. What
is not there is left out, and the notes say so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.peers.talk import Case
from rnncourse import results

FOLDER = Path(__file__).parent / "peers"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "RNNCOURSE_QUIET": "1"}


class Missing(RuntimeError):
    """A framework or a form that cannot be timed here; the message says why."""


class Lost(Missing):
    """The program ended or was ended, and all that it had prepared is gone."""


def interpreter(package: str) -> str:
    """The Python that has a package: ours, or the one of an environment in RNNCOURSE_PEERS.

    Raises:
        Missing: If none has it.
    """
    if package == "tensorflow":
        return sys.executable
    for folder in filter(None, os.environ.get("RNNCOURSE_PEERS", "").split(os.pathsep)):
        python = Path(folder, "bin", "python")
        if any(Path(folder).glob(f"lib/python*/site-packages/{package}/__init__.py")):
            return str(python)
    raise Missing(f"{package} is in none of the environments that RNNCOURSE_PEERS names")


def environment(legacy: bool = False) -> dict[str, str]:
    """What a program of ``benchmarks/peers`` needs to find in its environment."""
    added = QUIET | {"PYTHONPATH": str(results.PROJECT)}
    return os.environ | added | ({"TF_USE_LEGACY_KERAS": "1"} if legacy else {})


class Framework:
    """A program that offers forms and times them when it is asked.

    Args:
        script: A file in ``benchmarks/peers``.
        package: Whose interpreter runs it.
        cores: How many cores it may use.

    Raises:
        Missing: If it does not start.
    """

    def __init__(self, script: str, package: str, cores: int):
        self.script, self.package, self.cores = script, package, cores
        self._start()

    def _start(self) -> None:
        places = sorted(os.sched_getaffinity(0))[: self.cores]
        self.process = subprocess.Popen(
            [interpreter(self.package), str(FOLDER / self.script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(legacy=self.script == "tf1.py"),
            preexec_fn=lambda: os.sched_setaffinity(0, places),
        )
        hello = self.ask({"do": "hello"}, timeout=120)
        self.forms, self.version = hello["forms"], hello["version"]

    def ask(self, question: dict, timeout: float) -> dict:
        """Put a question and wait for the answer; until the next one the program is halted.

        So the threads of one framework, which wait for work by asking again and again, take nothing
        from another.

        Raises:
            Missing: If the answer is an error, or there is none in time; the program is then
                started again.
        """
        late = threading.Event()

        def give_up():
            late.set()
            self.process.kill()

        watch = threading.Timer(timeout, give_up)
        watch.start()
        try:
            self.process.send_signal(signal.SIGCONT)
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watch.cancel()
        if line:
            self.process.send_signal(signal.SIGSTOP)
            answer = json.loads(line)
            if "error" in answer:
                raise Missing(answer["error"])
            return answer
        self.process.wait()
        if question["do"] != "hello":
            self._start()
        raise Lost(f"no answer in {timeout:.0f} s" if late.is_set() else "the program ended")

    def close(self) -> None:
        """End the program."""
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait(timeout=30)


def start_all(scripts: dict[str, str], cores: int, notes: list[str]) -> list[Framework]:
    """The frameworks that are here, from file -> package; the others are noted."""
    started = []
    for script, package in scripts.items():
        try:
            started.append(Framework(script, package, cores))
        except Missing as why:
            notes.append(f"without {package}: {why}")
    return started


def in_turn(
    frameworks: Iterable[Framework],
    wanted: Sequence[str],
    case: Case,
    *,
    rounds: int,
    budget: float,
    timeout: float,
    notes: list[str],
) -> dict[tuple[str, str], list[float]]:
    """Time forms on one case, round by round, so that what disturbs one disturbs all.

    Args:
        frameworks: Who offers them.
        wanted: The names of the forms.
        case: What to time.
        rounds: How often each is timed.
        budget: Seconds for each timing.
        timeout: Seconds after which a form that is not ready is left out.
        notes: Where to say what is left out, and why.

    Returns:
        (form, step) -> seconds a call, one a round; and (form, "prepare") -> the seconds that it
        took to build, compile and call everything once.
    """
    ready, seconds = [], {}
    for framework in frameworks:
        forms = [form for form in framework.forms if form in wanted]
        for form, answer in _prepare(framework, forms, case, timeout, notes).items():
            seconds[form, "prepare"] = [answer["seconds"]]
            ready += [(framework, form, step) for step in answer["steps"]]
    for _ in range(rounds):
        for framework, form, step in ready:
            question = {"do": "time", "form": form, "step": step, "budget": budget}
            spent = framework.ask(question, timeout)["seconds"]
            seconds.setdefault((form, step), []).append(spent)
    return seconds


def _prepare(
    framework: Framework, forms: list[str], case: Case, timeout: float, notes: list[str]
) -> dict[str, dict]:
    """Have the forms made ready; those that cannot be are noted and left out."""
    framework.ask({"do": "release"}, 60)
    answers = {}
    for form in forms:
        try:
            question = {"do": "prepare", "form": form, "case": asdict(case)}
            answers[form] = framework.ask(question, timeout)
        except Missing as why:
            notes.append(f"{form} is left out for {case}: {why}")
            if isinstance(why, Lost):  # and with it what had been prepared before
                others = [other for other in forms if other != form]
                return _prepare(framework, others, case, timeout, notes)
    return answers
