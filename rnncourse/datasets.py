"""Real data by checksum, with a stand-in for a machine that has neither the file nor a network.

Every loader looks in the same three places, and says in its ``source`` which one answered:

1. the folder named by the environment variable ``RNNCOURSE_DATA``;
2. the reader's own cache, filled by a download whose checksum must match;
3. a small stand-in that every machine has. Its numbers are not those of the real data, and it
   says so wherever it is shown.

``RNNCOURSE_OFFLINE=1`` forbids the download, ``RNNCOURSE_CACHE`` moves the cache.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np


class DataError(RuntimeError):
    """A data file is there but cannot be trusted or read; the message names it."""


@dataclass(frozen=True)
class DataFile:
    """What is known of a file before it is read: where it can be had, and its checksum."""

    url: str
    sha256: str


REGISTRY: dict[str, DataFile] = {
    "mnist.npz": DataFile(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    ),
}


@dataclass(frozen=True)
class Source:
    """Where the bytes of a data set came from.

    Attributes:
        name: The data set the chapter asked for, such as ``"MNIST"``.
        where: The place that answered, in words.
        stand_in: True if the data are a substitute for the real set.
    """

    name: str
    where: str
    stand_in: bool = False

    def __str__(self) -> str:
        return (
            f"stand-in for {self.name}: {self.where}"
            if self.stand_in
            else f"{self.name}, {self.where}"
        )

    def _repr_html_(self) -> str:
        if not self.stand_in:
            return f"<p><strong>Data:</strong> {self}.</p>"
        return (
            '<div class="admonition warning"><p class="admonition-title">Stand-in data</p>'
            f"<p>{self.name} could not be had here, so this page was made with {self.where}. "
            "Its numbers are those of the stand-in.</p></div>"
        )


@dataclass(frozen=True)
class Mnist:
    """Handwritten digits.

    Attributes:
        x_train: Training images, uint8 of shape (n, 28, 28), 0 is paper and 255 is ink.
        y_train: Their digits, uint8 of shape (n,).
        x_test: Test images, uint8 of shape (m, 28, 28).
        y_test: Their digits, uint8 of shape (m,).
        source: Where the bytes came from.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    source: Source


def load_mnist() -> Mnist:
    """Load MNIST: 60,000 images to train on and 10,000 to test on (LeCun et al., 1998).

    The stand-in is scikit-learn's 1,797 digits of 8 x 8, enlarged to 28 x 28; the last fifth, which
    comes last in the original order too, is the test set.

    Returns:
        The images, their digits and the source.

    Raises:
        DataError: If a file is found whose checksum is wrong, or that cannot be read.
    """
    found = _find("MNIST", "mnist.npz")
    if isinstance(found, _Missing):
        return _mnist_stand_in(found)
    path, source = found
    with np.load(path, allow_pickle=False) as arrays:
        return Mnist(
            **{k: arrays[k] for k in ("x_train", "y_train", "x_test", "y_test")}, source=source
        )


def _mnist_stand_in(missing: _Missing) -> Mnist:
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    digits = load_digits()
    enlarged = zoom(digits.images / 16.0, (1, 28 / 8, 28 / 8), order=1)  # (n, 28, 28)
    images = np.round(255 * enlarged).astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    train = len(images) * 4 // 5
    where = f"scikit-learn's digits, enlarged from 8×8 to 28×28 ({missing.why})"
    source = Source("MNIST", where, stand_in=True)
    return Mnist(images[:train], labels[:train], images[train:], labels[train:], source)


@dataclass(frozen=True)
class _Missing:
    """The real file is nowhere to be had, and why."""

    why: str


def _find(name: str, filename: str) -> tuple[Path, Source] | _Missing:
    """Look for a registered file in the reader's folder, then in the cache or on the network."""
    folder = os.environ.get("RNNCOURSE_DATA", "")
    if folder:
        path = Path(folder).expanduser() / filename
        if _is_file(path, "RNNCOURSE_DATA"):
            _verify(path, REGISTRY[filename].sha256)
            return path, Source(name, "from the folder in RNNCOURSE_DATA")

    cached = cache_folder() / filename
    source = Source(name, f"from {REGISTRY[filename].url}")
    if os.environ.get("RNNCOURSE_OFFLINE", "") not in ("", "0"):
        if not cached.is_file():
            return _Missing("RNNCOURSE_OFFLINE is set")
        _verify(cached, REGISTRY[filename].sha256)
        return cached, source
    missing = _download(filename)
    return missing or (cached, source)


def cache_folder() -> Path:
    """The folder that downloads go to: ``RNNCOURSE_CACHE``, or the user's cache folder."""
    import pooch

    return Path(os.environ.get("RNNCOURSE_CACHE", "") or pooch.os_cache("rnncourse")).expanduser()


def _is_file(path: Path, variable: str) -> bool:
    """Whether the file is in the folder that the reader named, which must be readable."""
    try:
        os.listdir(path.parent)
    except OSError as error:
        raise DataError(
            f"{variable} must name a readable folder; {path.parent} is none: {error.strerror}"
        ) from error
    return path.is_file()


def _verify(path: Path, sha256: str) -> None:
    """Refuse a file whose content is not the registered one; never touch it."""
    import pooch

    try:
        actual = pooch.file_hash(str(path), alg="sha256")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if actual != sha256:
        raise DataError(
            f"{path} is corrupt or truncated: expected sha256 {sha256}, found {actual}. "
            "The file was left as it is; remove it, or put the right one in its place."
        )


def _download(filename: str) -> _Missing | None:
    """Make sure the file is in the cache with the right checksum; None says that it is.

    Pooch writes to a temporary file beside the target and renames it once the checksum is right, so
    two processes may do this at once and a broken download leaves nothing behind.
    """
    import pooch
    import requests

    registered = REGISTRY[filename]
    cache = cache_folder()
    known = pooch.create(
        path=cache,
        base_url="",
        registry={filename: f"sha256:{registered.sha256}"},
        urls={filename: registered.url},
    )
    try:
        known.fetch(filename, downloader=pooch.HTTPDownloader(timeout=20))
    except requests.RequestException as error:
        return _Missing(f"no download: {_reason(error)}")
    except ValueError as error:  # Pooch's word for a wrong checksum
        raise DataError(
            f"{registered.url} did not deliver {filename}: expected sha256 {registered.sha256}; "
            f"nothing was kept. A login page of the network, perhaps? ({error})"
        ) from error
    except OSError as error:
        raise DataError(f"{cache} cannot hold {filename}: {error.strerror or error}") from error
    return None


def _reason(error: Exception) -> str:
    """A download's failure in a few words that are the same every time."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the network is too slow"
    if isinstance(error, requests.ConnectionError):
        return "the network cannot be reached"
    return "the transfer broke off"
