"""Worker processes on this machine: started, watched, killed, and never left behind.

TensorFlow spreads the work itself; here are only the processes. Each worker runs a module as
``python -m`` does, told its place by ``TF_CONFIG``. Its standard input is a pipe from the process
that started it and doubles as its lifeline: where that one ends, however it ends, the pipe closes
and the worker ends too::

    with start("rnncourse.data_parallel", ["--steps", "10"], count=2) as crew:
        printed = crew.gather(timeout=60)

Only the standard library is imported, so that a worker is not slowed down by it.
"""

from __future__ import annotations

import json
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

DONE = "\x04 this worker has finished"
LIMIT = 600.0  # seconds that a crew lives at most, unless told otherwise
TAIL = 12  # lines of a failed worker's log that an error shows
LAST_WORDS = 5.0  # seconds that the last lines of a dead worker may be on their way


class WorkerError(RuntimeError):
    """A worker ended, or said nothing for too long, where it should have gone on."""


class Worker:
    """One process, what it has printed so far, and the end of its log.

    Args:
        command: What to run.
        environment: Its environment variables.
        name: What errors call it.
    """

    def __init__(self, command: Sequence[str], environment: dict[str, str], name: str):
        self.name = name
        self.lines: list[str] = []
        self.log: deque[str] = deque(maxlen=TAIL)
        self.finished = False
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            list(command),
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            encoding="utf-8",
            errors="replace",
        )
        self._listeners = [
            threading.Thread(target=self._listen, daemon=True),
            threading.Thread(target=self._keep_log, daemon=True),
        ]
        for listener in self._listeners:
            listener.start()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it at once (SIGKILL where there are signals), and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        for listener in self._listeners:
            listener.join(LAST_WORDS)

    def close(self) -> None:
        """Kill it if it still runs, and give back its pipes."""
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()

    def _listen(self) -> None:
        for line in self.process.stdout:
            text = line.rstrip("\n")
            if text == DONE:
                self.finished = True
            else:
                self.lines.append(text)

    def _keep_log(self) -> None:
        self.log.extend(self.process.stderr)


class Crew:
    """Workers that belong together; leaving the ``with`` block ends all that still run.

    Attributes:
        workers: The workers, in order.
    """

    def __init__(self, workers: Sequence[Worker], stack: ExitStack):
        self.workers = list(workers)
        self._stack = stack

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_) -> None:
        self._stack.close()

    def kill(self, index: int) -> None:
        """Kill one worker as a power cut would: it gets no chance to tidy up.

        Args:
            index: Which worker, from 0.

        Raises:
            ValueError: If there is no such worker.
        """
        self._worker(index).kill()

    def wait_for(self, index: int, line: str, timeout: float = LIMIT) -> None:
        """Wait until a worker has printed a line.

        Args:
            index: Which worker, from 0.
            line: The whole line, without its end.
            timeout: Seconds to wait at most.

        Raises:
            ValueError: If there is no such worker.
            WorkerError: If a worker ends before, or the time is up.
        """
        worker = self._worker(index)
        self._wait(lambda: line in worker.lines, timeout, f"{worker.name} to print {line!r}")

    def gather(self, timeout: float = LIMIT) -> list[str]:
        """Wait until all workers have finished, and let them go.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            What each of them printed.

        Raises:
            WorkerError: If a worker fails, or the time is up.
        """
        self._wait(lambda: all(w.finished for w in self.workers), timeout, "all to finish")
        for worker in self.workers:
            worker.kill()
        return ["\n".join(worker.lines) for worker in self.workers]

    def wait_for_end(self, index: int, timeout: float = LIMIT) -> str:
        """Wait until a worker has ended by itself, as it does when another one is lost.

        Args:
            index: Which worker, from 0.
            timeout: Seconds to wait at most.

        Returns:
            What it printed.

        Raises:
            ValueError: If there is no such worker.
            WorkerError: If the time is up.
        """
        worker = self._worker(index)
        try:
            worker.process.wait(timeout)
        except subprocess.TimeoutExpired as expired:
            raise WorkerError(f"waited {timeout:g} s for {worker.name} to end") from expired
        worker.kill()
        return "\n".join(worker.lines)

    def _wait(self, reached: Callable[[], bool], timeout: float, what: str) -> None:
        until = time.monotonic() + timeout
        while not reached():
            for worker in self.workers:
                if not worker.running and not worker.finished:
                    worker.kill()  # its last line may still be on its way
                    if reached():
                        return
                    raise WorkerError(
                        f"{worker.name} ended with code {worker.process.returncode} while waiting "
                        f"for {what}; the end of its log:\n{''.join(worker.log)}"
                    )
            if time.monotonic() > until:
                raise WorkerError(f"waited {timeout:g} s for {what}")
            time.sleep(0.01)

    def _worker(self, index: int) -> Worker:
        if not 0 <= index < len(self.workers):
            raise ValueError(f"index must be from 0 to {len(self.workers) - 1}, got {index}")
        return self.workers[index]


def start(module: str, arguments: Sequence[str] = (), *, count: int) -> Crew:
    """Start workers on the loopback interface, each with the ``TF_CONFIG`` of its place.

    Args:
        module: The module to run, as after ``python -m``.
        arguments: Its command line, the same for all.
        count: How many workers.

    Returns:
        The crew, to be used in a ``with`` statement.

    Raises:
        ValueError: If count is not a positive integer.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"count must be a positive integer, got {count!r}")
    command = [sys.executable, "-m", __name__, module, *map(str, arguments)]
    addresses = [f"127.0.0.1:{port}" for port in free_ports(count)]
    stack, crew = ExitStack(), []
    try:
        for index in range(count):
            environment = os.environ | {
                "TF_CONFIG": tf_config(addresses, index),
                "TF_CPP_MIN_LOG_LEVEL": "2",
                "CUDA_VISIBLE_DEVICES": "-1",
                "PYTHONPATH": os.pathsep.join(
                    [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
                ).rstrip(os.pathsep),
            }
            crew.append(Worker(command, environment, f"worker {index}"))
            stack.callback(crew[-1].close)
    except BaseException:
        stack.close()
        raise
    return Crew(crew, stack)


def tf_config(addresses: Sequence[str], index: int) -> str:
    """What TensorFlow wants to find in ``TF_CONFIG``: who there is, and who I am.

    Args:
        addresses: ``host:port`` of each worker, in the same order for all of them.
        index: My place in it, from 0; worker 0 is the chief.
    """
    cluster = {"worker": list(addresses)}
    return json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def main() -> None:
    """Run a module as a worker: ``python -m rnncourse.workers module arguments``.

    The worker does not leave when it has finished: another may still want a number from it. It says
    so and waits to be let go.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        print(DONE, flush=True)
        threading.Event().wait()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # TensorFlow's own leave-taking waits for peers that may be gone


def _end_with_parent() -> None:
    """Block until the pipe from the parent is closed, by it or by its death; then end at once."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
