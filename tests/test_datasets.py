"""Loaders: the three places, and what is said when a file cannot be trusted."""

import gzip
import hashlib
import http.server
import multiprocessing
import threading

import numpy as np
import pytest

from rnncourse import datasets


def small_mnist(path):
    """A tiny file with the arrays of MNIST."""
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (6, 28, 28), np.uint8),
        "y_train": np.arange(6, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (2, 28, 28), np.uint8),
        "y_test": np.arange(2, dtype=np.uint8),
    }
    np.savez_compressed(path, **arrays)
    return arrays


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A registered file that is small: its bytes, and its arrays. No folder, an empty cache."""
    arrays = small_mnist(tmp_path / "made.npz")
    content = (tmp_path / "made.npz").read_bytes()
    entry = datasets.DataFile("http://127.0.0.1:9/mnist.npz", hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(datasets.REGISTRY, "mnist.npz", entry)
    monkeypatch.setenv("RNNCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    monkeypatch.delenv("RNNCOURSE_OFFLINE", raising=False)
    return content, arrays


@pytest.fixture
def serve(monkeypatch):
    """Serve some bytes as the registered file; returns a list of the requests made."""
    servers = []

    def start(content: bytes):
        requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                requests.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        known = datasets.REGISTRY["mnist.npz"]
        url = f"http://127.0.0.1:{server.server_port}/mnist.npz"
        monkeypatch.setitem(datasets.REGISTRY, "mnist.npz", datasets.DataFile(url, known.sha256))
        return requests

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def put(folder, content):
    folder.mkdir(exist_ok=True)
    (folder / "mnist.npz").write_bytes(content)
    return folder


def test_the_readers_folder_comes_first(small, tmp_path, monkeypatch):
    content, arrays = small
    monkeypatch.setenv("RNNCOURSE_DATA", str(put(tmp_path / "mine", content)))
    loaded = datasets.load_mnist()
    for name, array in arrays.items():
        np.testing.assert_array_equal(getattr(loaded, name), array)
    assert not loaded.source.stand_in
    assert str(loaded.source) == "MNIST, from the folder in RNNCOURSE_DATA"


def test_the_folder_may_lack_the_file(small, tmp_path, monkeypatch, serve):
    content, _ = small
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    serve(content)
    assert "http://127.0.0.1" in str(datasets.load_mnist().source)


@pytest.mark.fault
@pytest.mark.parametrize("damage", ["truncated", "changed", "empty"])
def test_a_damaged_file_in_the_folder_is_named_and_left_alone(small, tmp_path, monkeypatch, damage):
    content, _ = small
    bad = {"truncated": content[:-1], "changed": b"x" + content[1:], "empty": b""}[damage]
    folder = put(tmp_path / "mine", bad)
    monkeypatch.setenv("RNNCOURSE_DATA", str(folder))
    with pytest.raises(datasets.DataError) as error:
        datasets.load_mnist()
    assert str(folder / "mnist.npz") in str(error.value)
    assert datasets.REGISTRY["mnist.npz"].sha256 in str(error.value)
    assert (folder / "mnist.npz").read_bytes() == bad
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_is_none_is_an_error(small, tmp_path, monkeypatch):
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(datasets.DataError, match="RNNCOURSE_DATA must name a readable folder"):
        datasets.load_mnist()


def test_a_download_is_checked_and_kept(small, tmp_path, serve):
    content, arrays = small
    requests = serve(content)
    np.testing.assert_array_equal(datasets.load_mnist().x_train, arrays["x_train"])
    datasets.load_mnist()
    assert len(requests) == 1, "the second time it comes from the cache"
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["mnist.npz"]


@pytest.mark.fault
def test_a_damaged_cache_is_renewed_online_and_named_offline(small, tmp_path, monkeypatch, serve):
    content, arrays = small
    put(tmp_path / "cache", b"half a fi")
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")
    with pytest.raises(datasets.DataError, match="corrupt or truncated"):
        datasets.load_mnist()
    monkeypatch.delenv("RNNCOURSE_OFFLINE")
    serve(content)
    np.testing.assert_array_equal(datasets.load_mnist().y_test, arrays["y_test"])


def test_no_network_means_a_stand_in_that_says_so(small, tmp_path):
    loaded = datasets.load_mnist()  # nothing listens on the registered port
    assert loaded.source.stand_in
    assert "the network cannot be reached" in str(loaded.source)
    assert "Stand-in data" in loaded.source._repr_html_()
    assert list((tmp_path / "cache").glob("*")) == []


def test_offline_never_asks_the_network(small, serve, monkeypatch):
    content, _ = small
    requests = serve(content)
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")
    assert "RNNCOURSE_OFFLINE is set" in str(datasets.load_mnist().source)
    assert requests == []


def test_a_cache_that_cannot_be_written_is_named(small, tmp_path, serve, monkeypatch):
    content, _ = small
    serve(content)
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("RNNCOURSE_CACHE", str(tmp_path / "a file"))
    with pytest.raises(datasets.DataError, match="a file"):
        datasets.load_mnist()


def load_and_sum(registered, cache, barrier, sums):
    import os

    os.environ.update(RNNCOURSE_CACHE=str(cache))
    datasets.REGISTRY["mnist.npz"] = registered
    barrier.wait()
    sums.put(int(datasets.load_mnist().x_train.sum()))


@pytest.mark.fault
def test_two_processes_may_download_at_once(small, tmp_path, serve):
    content, arrays = small
    serve(content)
    spawn = multiprocessing.get_context("spawn")
    barrier, sums = spawn.Barrier(2), spawn.Queue()
    arguments = (datasets.REGISTRY["mnist.npz"], tmp_path / "cache", barrier, sums)
    pair = [spawn.Process(target=load_and_sum, args=arguments) for _ in range(2)]
    for process in pair:
        process.start()
    for process in pair:
        process.join(60)
    assert [sums.get(timeout=1) for _ in pair] == [int(arrays["x_train"].sum())] * 2
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["mnist.npz"]


def test_the_stand_in_has_the_shape_of_the_real_set(small, monkeypatch):
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")
    digits = datasets.load_mnist()
    assert len(digits.x_train) + len(digits.x_test) == 1797
    for images, labels in ((digits.x_train, digits.y_train), (digits.x_test, digits.y_test)):
        assert images.shape[1:] == (28, 28)
        assert images.dtype == labels.dtype == np.uint8
        assert set(labels) == set(range(10))
        assert images.min() == 0
        assert images.max() == 255
    train = {image.tobytes() for image in digits.x_train}
    assert not any(image.tobytes() in train for image in digits.x_test)


def test_a_packed_file_in_the_folder_counts_by_its_content(small, tmp_path, monkeypatch):
    content, arrays = small
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mnist.npz.gz").write_bytes(gzip.compress(content))
    monkeypatch.setenv("RNNCOURSE_DATA", str(folder))
    np.testing.assert_array_equal(datasets.load_mnist().y_test, arrays["y_test"])


@pytest.mark.fault
@pytest.mark.parametrize("damage", ["truncated", "changed"])
def test_a_damaged_packed_file_is_named(small, tmp_path, monkeypatch, damage):
    packed = gzip.compress(small[0])
    bad = {"truncated": packed[:-9], "changed": packed[:40] + b"xx" + packed[42:]}[damage]
    (tmp_path / "mnist.npz.gz").write_bytes(bad)
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    with pytest.raises(datasets.DataError, match=r"mnist\.npz\.gz (cannot be read|is corrupt)"):
        datasets.load_mnist()


def test_shakespeare_is_split_nine_to_one(tmp_path, monkeypatch):
    text = "".join(f"line {i}\n" for i in range(200)).encode()
    entry = datasets.DataFile("http://127.0.0.1:9/t.txt", hashlib.sha256(text).hexdigest())
    monkeypatch.setitem(datasets.REGISTRY, "tinyshakespeare.txt", entry)
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    (tmp_path / "tinyshakespeare.txt.gz").write_bytes(gzip.compress(text))
    plays = datasets.load_shakespeare()
    assert (plays.train + plays.test).encode() == text
    assert len(plays.train) == int(0.9 * len(text))
    assert not plays.source.stand_in


def test_shakespeare_must_be_ascii(tmp_path, monkeypatch):
    text = "caf\u00e9".encode()
    entry = datasets.DataFile("http://127.0.0.1:9/t.txt", hashlib.sha256(text).hexdigest())
    monkeypatch.setitem(datasets.REGISTRY, "tinyshakespeare.txt", entry)
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    (tmp_path / "tinyshakespeare.txt").write_bytes(text)
    with pytest.raises(datasets.DataError, match="should be ASCII"):
        datasets.load_shakespeare()


def test_the_stand_in_for_shakespeare_is_a_long_text_without_repeated_paragraphs(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    monkeypatch.setenv("RNNCOURSE_CACHE", str(tmp_path))
    monkeypatch.setenv("RNNCOURSE_OFFLINE", "1")
    text = datasets.load_shakespeare()
    assert text.source.stand_in
    assert "Python" in str(text.source)
    assert len(text.train) > 200_000
    assert len(text.test) == pytest.approx(len(text.train) / 9, rel=0.01)
    paragraphs = [p for p in (text.train + text.test).split("\n\n")]
    assert len(set(paragraphs)) >= len(paragraphs) - 1, "one may be cut in two"
    assert all(c == "\n" or " " <= c <= "~" for c in text.train + text.test)
