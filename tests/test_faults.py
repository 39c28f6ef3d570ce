"""What goes wrong between a reader and the data: nothing half done stays, and the cause is named.

Damage to files that are already there is in ``test_datasets.py``, builds are in ``book/``.
"""

import contextlib
import functools
import gzip
import hashlib
import http.server
import io
import os
import pickle
import stat
import threading
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from rnncourse import datasets, results
from rnncourse.datasets import files

CONTENT = b"".join(b"line %d of some file\n" % i for i in range(20_000))
NAME = "tinyshakespeare.txt"


# ---- a server that misbehaves


def whole(handler, content=CONTENT):
    handler.answer(200, {"Content-Length": len(content)}, content)


def silent(handler):
    handler.server.stop.wait(30)


def dripping(handler):
    handler.answer(200, {"Content-Length": len(CONTENT)}, b"")
    for byte in CONTENT:
        handler.wfile.write(bytes([byte]))
        if handler.server.stop.wait(0.05):
            break


def cut(handler):
    handler.answer(200, {"Content-Length": len(CONTENT)}, CONTENT[: len(CONTENT) // 2])


def cut_in_a_chunk(handler):
    handler.answer(200, {"Transfer-Encoding": "chunked"}, b"1000\r\n" + CONTENT[:1000])


def endless(handler):
    handler.answer(200, {}, b"")
    with contextlib.suppress(OSError):  # until the reader has had enough
        while not handler.server.stop.is_set():
            handler.wfile.write(CONTENT)


def broken_compression(handler):
    packed = gzip.compress(CONTENT)
    handler.answer(200, {"Content-Length": len(packed), "Content-Encoding": "gzip"}, packed[::-1])


def round_and_round(handler):
    handler.answer(302, {"Location": handler.path, "Content-Length": 0}, b"")


def page_of_html(handler):
    whole(handler, b"<!DOCTYPE html><title>Please log in</title>")


def changed(handler):
    whole(handler, b"L" + CONTENT[1:])


def error(status):
    return lambda handler: handler.answer(status, {"Content-Length": 5}, b"sorry")


def in_compressed_chunks(handler):
    packed = gzip.compress(CONTENT)
    headers = {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}
    parts = [packed[i : i + 999] for i in range(0, len(packed), 999)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    handler.answer(200, headers, chunks + b"0\r\n\r\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.close_connection = True
        self.server.behave(self)

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in {**headers, "Connection": "close"}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    behave = staticmethod(whole)

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.stop = threading.Event()

    def handle_error(self, *_):
        """A client that hangs up is what some tests are about."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server that is asked for the one registered file, and an empty cache."""
    running = Server()
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    address = f"http://127.0.0.1:{running.server_port}/{NAME}"
    entry = datasets.DataFile(address, hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setitem(datasets.REGISTRY, NAME, entry)
    monkeypatch.setenv("RNNCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    monkeypatch.delenv("RNNCOURSE_OFFLINE", raising=False)
    yield running
    running.stop.set()
    running.shutdown()
    running.server_close()


def cached():
    """What is in the cache, hidden and temporary files too."""
    return sorted(path.name for path in datasets.cache_folder().glob("*"))


def assert_mended():
    """With the fault gone the file comes, and stays; without the network too."""
    content, source = files.find("Shakespeare", NAME)
    assert content == CONTENT
    assert not source.stand_in
    assert cached() == [NAME]


@pytest.mark.fault
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (silent, "the network is too slow"),
        (dripping, "the network is too slow"),
        (cut, "the transfer broke off"),
        (cut_in_a_chunk, "the transfer broke off"),
        (broken_compression, "the transfer broke off"),
        (round_and_round, "the server redirects without end"),
        (error(404), "the server answered 404"),
        (error(500), "the server answered 500"),
    ],
)
def test_a_transfer_that_fails_is_explained_and_leaves_nothing(server, monkeypatch, fault, reason):
    monkeypatch.setattr(files, "PATIENCE", 0.4)
    server.behave = fault
    started = time.monotonic()
    loaded = datasets.load_shakespeare()
    assert time.monotonic() - started < 5
    assert loaded.source.stand_in
    assert f"no download: {reason}" in str(loaded.source)
    assert cached() == []
    server.behave = whole
    monkeypatch.setattr(files, "PATIENCE", 20)
    assert_mended()


@pytest.mark.fault
def test_no_network_is_explained(server, monkeypatch):
    entry = datasets.REGISTRY[NAME]
    nobody = datasets.DataFile("http://127.0.0.1:9/", entry.sha256)
    monkeypatch.setitem(datasets.REGISTRY, NAME, nobody)
    loaded = datasets.load_shakespeare()
    assert "no download: the network cannot be reached" in str(loaded.source)
    assert cached() == []
    monkeypatch.setitem(datasets.REGISTRY, NAME, entry)
    assert_mended()


@pytest.mark.fault
@pytest.mark.parametrize("fault", [page_of_html, changed, lambda handler: whole(handler, b"")])
def test_bytes_that_are_not_the_files_are_refused(server, fault):
    server.behave = fault
    with pytest.raises(datasets.DataError) as error:
        datasets.load_shakespeare()
    for word in (datasets.REGISTRY[NAME].url, NAME, "expected sha256", "login page"):
        assert word in str(error.value)
    assert cached() == []
    server.behave = whole
    assert_mended()


@pytest.mark.fault
def test_a_file_without_end_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 2_000_000)
    server.behave = endless
    with pytest.raises(datasets.DataError, match="it sends more than 2,000,000 bytes"):
        datasets.load_shakespeare()
    assert cached() == []
    server.behave = whole
    assert_mended()


def test_compression_on_the_way_is_undone(server):
    server.behave = in_compressed_chunks
    assert_mended()


# ---- a disk that misbehaves


@pytest.fixture
def disk(mount, tmp_path):
    """Put a disk of its own, with mount options, where the cache is."""
    return functools.partial(mount, tmp_path / "cache")


@pytest.mark.fault
@pytest.mark.parametrize(
    ("options", "named"), [("size=64k", "No space left on device"), ("ro", "Read-only file system")]
)
def test_a_disk_that_cannot_hold_the_file_is_named(server, disk, options, named):
    disk(options)
    with pytest.raises(datasets.DataError) as error:
        datasets.load_shakespeare()
    assert f"{datasets.cache_folder()} cannot hold {NAME}" in str(error.value)
    assert named in str(error.value)
    assert cached() == []
    disk("remount,rw,size=8m")
    assert_mended()


@pytest.mark.fault
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(server, tmp_path):
    (tmp_path / "cache").mkdir(0o500)
    with pytest.raises(datasets.DataError, match=f"cannot hold {NAME}.*Permission denied"):
        datasets.load_shakespeare()
    (tmp_path / "cache").chmod(0o700)
    assert_mended()


# ---- files that want to do more than be read


class Payload:
    """Unpickling this would leave a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.fault
def test_no_data_file_is_unpickled(put, tmp_path):
    trap = Payload(tmp_path / "sprung")
    arrays = dict.fromkeys(("x_train", "y_train", "x_test", "y_test"), np.array([trap]))
    packed = io.BytesIO()
    np.savez(packed, **arrays, allow_pickle=True)
    for content in (packed.getvalue(), pickle.dumps(trap)):
        put("mnist.npz", content)
        with pytest.raises(datasets.DataError, match=r"mnist\.npz does not hold .*pickle"):
            datasets.load_mnist()
    assert not trap.path.exists()
    pickle.loads(pickle.dumps(trap))
    assert trap.path.exists(), "the trap was one"


def member(name, mode=stat.S_IFREG):
    info = zipfile.ZipInfo(name)
    info.external_attr = (mode | 0o644) << 16
    return info


def hostile_archive(**more):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member("../outside.txt"), "out")
        archive.writestr(member("/tmp/rnncourse-absolute.txt"), "out")
        archive.writestr(member("link", stat.S_IFLNK), "/etc")
        archive.writestr(member("link/inside.txt"), "out")
        for name, (mode, content) in more.items():
            archive.writestr(member(name, mode), content)
    return packed.getvalue()


ROWS = "Go on.\tContinue.\nStop here.\tArrête.\nWait.\tAttends.\nRun.\tCours.\n"


@pytest.mark.fault
def test_an_archive_writes_nothing_and_its_links_lead_nowhere(put, tmp_path):
    put("fra-eng.zip", hostile_archive(**{"fra.txt": (stat.S_IFREG, ROWS)}))
    before = sorted(tmp_path.parent.rglob("*"))
    pairs = datasets.load_pairs(held_out=1)
    assert sum(map(len, (pairs.train, pairs.validation, pairs.test))) == 4
    assert sorted(tmp_path.parent.rglob("*")) == before
    assert not Path("/tmp/rnncourse-absolute.txt").exists()

    (tmp_path / "secret.txt").write_text(ROWS, encoding="utf-8")
    link = str(tmp_path / "secret.txt")
    put("fra-eng.zip", hostile_archive(**{"fra.txt": (stat.S_IFLNK, link)}))
    with pytest.raises(datasets.DataError, match=r"fra-eng\.zip does not hold a readable fra\.txt"):
        datasets.load_pairs(held_out=1)


@pytest.mark.fault
def test_what_is_small_only_while_packed_is_refused(put, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 1_000_000)
    bomb = bytes(30_000_000)
    put(NAME, bomb)
    (tmp_path / NAME).unlink()
    (tmp_path / f"{NAME}.gz").write_bytes(gzip.compress(bomb))
    with pytest.raises(datasets.DataError, match=r"\.gz unpacks to more than 1,000,000 bytes"):
        datasets.load_shakespeare()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fra.txt", bomb)
    put("fra-eng.zip", packed.getvalue())
    with pytest.raises(datasets.DataError, match=r"fra-eng\.zip unpacks to more than 1,000,000"):
        datasets.load_pairs()


@pytest.mark.fault
def test_a_model_file_runs_no_code_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "BUILD", tmp_path)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: 2 * x)])
    results.save_model(model, "hostile")
    with pytest.raises(ValueError, match="Lambda"):
        keras.saving.load_model(tmp_path / "models" / "hostile.keras")
