"""Workers: started with a place each, heard, killed, and never left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import pytest

from rnncourse import workers
from rnncourse.results import PROJECT

SOON = 30  # seconds: more than any of this takes on a busy machine


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Write a module that workers can find; returns its name."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(source):
        (tmp_path / "worker_program.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return "worker_program"

    return write


def alive(pid):
    """Whether a process runs; one that is dead and not yet buried does not."""
    asked = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(asked.stdout.strip()) and not asked.stdout.startswith("Z")


def gone(pids):
    """Wait until processes are gone."""
    until = time.monotonic() + SOON
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(alive, pids))


def pids(crew):
    return [worker.process.pid for worker in crew.workers]


def test_each_worker_gets_its_place_and_the_same_arguments(program):
    name = program("""
        import json, os, sys
        print(json.loads(os.environ["TF_CONFIG"])["task"], *sys.argv[1:], __name__)
    """)
    with workers.start(name, ["--steps", 3], count=2) as crew:
        printed = crew.gather(timeout=SOON)
    place = "{{'type': 'worker', 'index': {}}} --steps 3 __main__"
    assert printed == [place.format(0), place.format(1)]
    assert gone(pids(crew))


def test_the_cluster_is_the_same_for_all():
    first, second = (json.loads(workers.tf_config(["a:1", "b:2"], i)) for i in (0, 1))
    assert first["cluster"] == second["cluster"] == {"worker": ["a:1", "b:2"]}
    assert [c["task"] for c in (first, second)] == [
        {"type": "worker", "index": 0},
        {"type": "worker", "index": 1},
    ]


def test_ports_are_different_and_free():
    ports = workers.free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        with socket.socket() as one:
            one.bind(("127.0.0.1", port))


def test_a_worker_stays_until_all_have_finished(program):
    name = program("""
        import json, os, time
        index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
        print("starts", flush=True)
        time.sleep(index)
    """)
    with workers.start(name, count=2) as crew:
        crew.wait_for(1, "starts", timeout=SOON)
        until = time.monotonic() + SOON
        while not crew.workers[0].finished and time.monotonic() < until:
            time.sleep(0.01)
        assert crew.workers[0].running
        assert crew.gather(timeout=SOON) == ["starts", "starts"]


def test_a_killed_worker_dies_of_the_signal_and_the_other_is_heard_to_the_end(program):
    name = program("""
        import json, os, time
        print("ready", flush=True)
        if json.loads(os.environ["TF_CONFIG"])["task"]["index"] == 0:
            time.sleep(1)
            raise SystemExit("lost the other")
        time.sleep(600)
    """)
    with workers.start(name, count=2) as crew:
        crew.wait_for(1, "ready", timeout=SOON)
        crew.kill(1)
        assert crew.workers[1].process.returncode == -signal.SIGKILL
        assert crew.wait_for_end(0, timeout=SOON) == "ready"
        assert crew.workers[0].process.returncode == 1


def test_a_worker_that_fails_shows_the_end_of_its_log(program):
    name = program("1 / 0")
    with (
        workers.start(name, count=2) as crew,
        pytest.raises(workers.WorkerError, match=r"(?s)worker . ended with code 1 .*ZeroDivision"),
    ):
        crew.gather(timeout=SOON)
    assert gone(pids(crew))


def test_a_module_that_is_not_there_is_named():
    with (
        workers.start("no_such_module", count=1) as crew,
        pytest.raises(workers.WorkerError, match="no_such_module"),
    ):
        crew.wait_for(0, "ready", timeout=SOON)


@pytest.mark.parametrize(
    ("wait", "message"),
    [
        (lambda crew: crew.gather(timeout=0.2), "waited 0.2 s for all to finish"),
        (lambda crew: crew.wait_for(0, "hello", timeout=0.2), "worker 0 to print 'hello'"),
        (lambda crew: crew.wait_for_end(0, timeout=0.2), "waited 0.2 s for worker 0 to end"),
    ],
)
def test_nothing_waits_for_ever(program, wait, message):
    name = program("import time; time.sleep(600)")
    with workers.start(name, count=1) as crew, pytest.raises(workers.WorkerError, match=message):
        wait(crew)
    assert gone(pids(crew))


def test_an_interrupt_ends_all(program):
    name = program("import time; time.sleep(600)")
    with pytest.raises(KeyboardInterrupt), workers.start(name, count=2) as crew:
        assert all(map(alive, pids(crew)))
        raise KeyboardInterrupt
    assert gone(pids(crew))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_the_process_that_started_it(program, how):
    name = program("import time; time.sleep(600)")
    parent = textwrap.dedent(f"""
        import time
        from rnncourse import workers
        crew = workers.start({name!r}, count=2)  # no `with`: nobody tidies up
        print(*[worker.process.pid for worker in crew.workers], flush=True)
        time.sleep(600)
    """)
    paths = os.pathsep.join([os.environ["PYTHONPATH"], str(PROJECT)])
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # shells may ignore it
    ) as process:
        try:
            started = list(map(int, process.stdout.readline().split()))
            assert len(started) == 2 and all(map(alive, started))
            process.send_signal(how)
            process.wait(SOON)
        finally:
            process.kill()
    assert gone(started)


@pytest.mark.parametrize("count", [0, -1, 1.0, True, "2"])
def test_a_faulty_count_is_refused(count):
    with pytest.raises(ValueError, match="count must be a positive integer, got"):
        workers.start("json.tool", count=count)


def test_a_worker_that_is_not_there_is_refused(program):
    with workers.start(program("import time; time.sleep(600)"), count=2) as crew:
        for call in (crew.kill, crew.wait_for_end, lambda i: crew.wait_for(i, "x")):
            for index in (-1, 2):
                with pytest.raises(ValueError, match=f"index must be from 0 to 1, got {index}"):
                    call(index)


def test_if_one_cannot_be_started_none_is_left(program, monkeypatch):
    name, started, real = program("import time; time.sleep(600)"), [], subprocess.Popen

    def second_fails(*args, **kwargs):
        if started:
            raise OSError("no more processes")
        started.append(real(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(workers.subprocess, "Popen", second_fails)
    with pytest.raises(OSError, match="no more processes"):
        workers.start(name, count=2)
    monkeypatch.undo()
    assert gone([started[0].pid])
