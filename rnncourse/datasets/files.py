"""Finding a data file: the reader's folder, the cache, a download; never with a wrong checksum."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rnncourse.arguments import checked

PATIENCE = 20  # seconds without a byte, and before a transfer is called slow
SLOWEST = 10_000  # bytes a second
LARGEST = 200_000_000  # bytes; no registered file comes near it, packed or not


class DataError(RuntimeError):
    """A data file is there but cannot be trusted or read; the message names it."""


@dataclass(frozen=True)
class DataFile:
    """What is known of a file before it is read: where it can be had, and its checksum.

    A text file may lie in the reader's folder as it is or as ``<name>.gz``; the checksum is that of
    the content, unpacked. Where the URL delivers a zip archive in which the file lies under its
    name, ``archive`` is the checksum of that. A file without a ``url`` cannot be downloaded: its
    loader says how to make it.
    """

    url: str | None
    sha256: str
    archive: str = ""


_DHIM = (
    "https://raw.githubusercontent.com/J-zin/DHIM/477e226cdc5a2c83a6114e46187da1091bd6a345/"
    "data/dbpedia/"
)
_BROWNLEE = (
    "https://raw.githubusercontent.com/jbrownlee/Datasets/d20fcb6402ae34e653d4513b00f39257bb37ed7f/"
)

REGISTRY: dict[str, DataFile] = {
    "fra-eng.zip": DataFile(
        "https://github.com/genimind/seq2seq/raw/4f3f8eb0adde54fcc8b89394336b002e7961244c/"
        "fra-eng.zip",
        "16c4f7d0df9e7c5e6c54cdb0447f3f4a18a55052ff5e2e0b27dd4a06c0e49d04",
    ),
    "irish.abc": DataFile(
        "https://raw.githubusercontent.com/aamini/introtodeeplearning/"
        "fd8023c7804bd352fc7212ac3aa587bd90912653/mitdeeplearning/data/irish.abc",
        "df3782d5f7b5a2f4c66aa7c13f13008d5f48757b3f5f51620cd6c1ceb2c53023",
    ),
    "mnist.npz": DataFile(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    ),
    "tinyshakespeare.txt": DataFile(
        "https://raw.githubusercontent.com/karpathy/char-rnn/"
        "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
    "glove.6B.50d.10k.txt": DataFile(
        "https://raw.githubusercontent.com/noallynoclan/data/"
        "b93ca71d83563ebb519af4a01b9aa82b9bbe64a7/glove.6B.50d.10k.txt",
        "f6ff508f0c7eb106528d58e3d2d23048fbbf167b05887988304fd1299b26ac3a",
    ),
    "questions-words.txt": DataFile(
        "https://raw.githubusercontent.com/tmikolov/word2vec/"
        "20c129af10659f7c50e86e3be406df663beff438/questions-words.txt",
        "8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36",
    ),
    "dbpedia14_val.csv": DataFile(
        _DHIM + "val.csv",
        "3c3d46d39475eedbe4309352755a395ff12aed1ed740627b96781a5152e3867a",
    ),
    "dbpedia14_test.csv": DataFile(
        _DHIM + "test.csv",
        "fb256b4ed9038a5ad8eb98ad4d847748fe8179a34ee426937a3c79e4898ef608",
    ),
    "imdb_10k.csv": DataFile(  # a cut of a set of 84 MB: see rnncourse.datasets.reviews
        None,
        "0c5576dce13089412de4d3485657d8e5b8e4a19da40ddb8bbb8cf35b549825a9",
    ),
    "cta_ridership.csv": DataFile(
        "https://raw.githubusercontent.com/ageron/data/2ea73147454d2ff8c8a933913be4606f05b352ca/"
        "ridership/CTA_-_Ridership_-_Daily_Boarding_Totals.csv",
        "34faaba085ca21434b7dd3e0abcbaf8cde5be3a4f170dda1c8caef72c5c4bd06",
    ),
    "monthly-sunspots.csv": DataFile(
        _BROWNLEE + "monthly-sunspots.csv",
        "c4ec8cc57d9f6fb6ecdb3e1f37f25b6f4badd5124c55931052b0cd2fc3bc71f3",
    ),
    "daily-min-temperatures.csv": DataFile(
        _BROWNLEE + "daily-min-temperatures.csv",
        "8b9de63ed6789492bf497625e7f9beb96a63d367b4b0a21754006f749fa5e5da",
    ),
    "pollution.csv": DataFile(
        _BROWNLEE + "pollution.csv",
        "892e9559205d16d32623135c127a3951c12e46ea1e0b3093e107ce89a9fd60e2",
    ),
    "twitter_training.csv": DataFile(
        "https://raw.githubusercontent.com/mohamedYoussfi/nlp-sentiment-analysis-bert/"
        "34870bf0bab829e45f7db953dd0f9fdf0e4d06ce/twitter_training.csv.zip",
        "68ebaee4f44bda5de49b96b5e5630184f1af894970b994aa6bb0aa5e1dbfe9a0",
        archive="c7c40f45588691ac87a50ee72915a5906fce22ddaf181fec2dd67e1c025943b4",
    ),
    "twitter_validation.csv": DataFile(
        "https://raw.githubusercontent.com/sheetal25081997/SentimentalAnalysis_LLM/"
        "dfb5d5c220ed67fc9075dea2a084ede6b54fb4f1/twitter_validation.csv",
        "f06b0791cca4c977bdf5093678a704ba97fcb7fc592c963c45424346f80136f1",
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
class Missing:
    """The real file is nowhere to be had, and why."""

    why: str


@checked
def find(name: str, filename: str) -> tuple[bytes, Source] | Missing:
    """Read a registered file from the reader's folder, or from the cache or the network.

    Returns:
        The content, which has the registered checksum, and where it came from.

    Raises:
        DataError: If a file is found whose checksum is wrong, or that cannot be read.
        ValueError: If no such file is registered.
    """
    if filename not in REGISTRY:
        raise ValueError(f"filename must be one of {', '.join(REGISTRY)}, got {filename[:40]!r}")
    folder = os.environ.get("RNNCOURSE_DATA", "")
    if folder:
        for path in in_folder(folder, filename):
            if _is_file(path, "RNNCOURSE_DATA"):
                return _read(path, filename), Source(name, "from the folder in RNNCOURSE_DATA")

    if REGISTRY[filename].url is None:
        return Missing(f"no {filename} in RNNCOURSE_DATA, and no download of it")
    cached = cache_folder() / _as_delivered(filename)
    source = Source(name, f"from {REGISTRY[filename].url}")
    if os.environ.get("RNNCOURSE_OFFLINE", "") not in ("", "0"):
        if not cached.is_file():
            return Missing("RNNCOURSE_OFFLINE is set")
    elif missing := _download(filename):
        return missing
    return _read(cached, filename), source


@checked
def in_folder(folder: str | Path, filename: str) -> tuple[Path, Path]:
    """The two forms in which a file may lie in the reader's folder: as it is, and packed."""
    path = Path(folder).expanduser() / filename
    return path, path.with_name(filename + ".gz")


def cache_folder() -> Path:
    """The folder that downloads go to: ``RNNCOURSE_CACHE``, or the user's cache folder."""
    import pooch

    return Path(os.environ.get("RNNCOURSE_CACHE", "") or pooch.os_cache("rnncourse")).expanduser()


def _as_delivered(filename: str) -> str:
    """What the download is called in the cache."""
    return filename + ".zip" if REGISTRY[filename].archive else filename


def _is_file(path: Path, variable: str) -> bool:
    """Whether the file is in the folder that the reader named, which must be readable."""
    try:
        os.listdir(path.parent)
    except OSError as error:
        raise DataError(
            f"{variable} must name a readable folder; {path.parent} is none: {error.strerror}"
        ) from error
    return path.is_file()


def _read(path: Path, filename: str) -> bytes:
    """The content of a registered file; refuse it if it is another, and leave it.

    A path with one more suffix than the file's own name is packed, and unpacked here.
    """
    try:
        content = path.read_bytes()
        if path.name == filename:
            pass
        elif path.suffix == ".gz":
            content = _unpacked(gzip.GzipFile(fileobj=io.BytesIO(content)), path)
        elif path.suffix == ".zip":
            content = read_member(content, path.stem, path)
    except (OSError, EOFError, KeyError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    sha256, actual = REGISTRY[filename].sha256, hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise DataError(
            f"{path} is corrupt or truncated: expected sha256 {sha256}, found {actual}. "
            "The file was left as it is; remove it, or put the right one in its place."
        )
    return content


def read_member(archive: bytes, member: str, path: Path | str) -> bytes:
    """Read one file of a zip archive into memory; nothing is ever unpacked to the disk.

    Args:
        archive: The archive.
        member: The name of the file in it.
        path: What the archive is called in a message.

    Raises:
        KeyError: If there is no such file in it.
        zipfile.BadZipFile: If it is no archive, or a damaged one.
        DataError: If the file is larger than any that the course needs.
    """
    return _unpacked(zipfile.ZipFile(io.BytesIO(archive)).open(member), path)


def _unpacked(stream: IO[bytes], path: Path | str) -> bytes:
    """All that comes out of a packed file, unless a small file unpacks to a huge one."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise DataError(f"{path} unpacks to more than {LARGEST:,} bytes; it was left as it is")
    return content


def _download(filename: str) -> Missing | None:
    """Make sure the file is in the cache with the right checksum; None says that it is.

    Pooch writes to a temporary file beside the target and renames it once the checksum is right, so
    two processes may do this at once and a broken download leaves nothing behind.
    """
    import pooch
    import requests
    from urllib3.exceptions import HTTPError

    registered, delivered = REGISTRY[filename], _as_delivered(filename)
    sha256 = registered.archive or registered.sha256
    cache = cache_folder()
    known = pooch.create(
        path=cache,
        base_url="",
        registry={delivered: f"sha256:{sha256}"},
        urls={delivered: registered.url},
    )
    try:
        known.fetch(delivered, downloader=_transfer)
    except (requests.RequestException, HTTPError) as error:
        return Missing(f"no download: {_reason(error)}")
    except ValueError as error:  # Pooch's word for a wrong checksum
        raise DataError(
            f"{registered.url} did not deliver {delivered}: expected sha256 {sha256}; "
            f"nothing was kept. A login page of the network, perhaps? ({error})"
        ) from error
    except OSError as error:
        raise DataError(f"{cache} cannot hold {filename}: {error.strerror or error}") from error
    return None


def _transfer(url: str, path: str, _) -> None:
    """Fetch a URL into a file; what Pooch's own downloader lacks is a limit on the whole.

    A time-out is for a silent server. One that sends a byte a second is never silent, and one that
    never ends fills the disk.
    """
    import requests

    started, received = time.monotonic(), 0
    with requests.get(url, stream=True, timeout=PATIENCE) as response, open(path, "wb") as file:
        response.raise_for_status()
        while some := response.raw.read1(2**16, decode_content=True):
            file.write(some)
            received, seconds = received + len(some), time.monotonic() - started
            if seconds > PATIENCE and received < SLOWEST * seconds:
                raise requests.Timeout(f"{received:,} bytes in {seconds:.0f} s")
            if received > LARGEST:
                raise ValueError(f"it sends more than {LARGEST:,} bytes")


def _reason(error: Exception) -> str:
    """A download's failure in a few words that are the same every time."""
    import requests
    from urllib3.exceptions import ReadTimeoutError

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return "the network is too slow"
    if isinstance(error, requests.TooManyRedirects):
        return "the server redirects without end"
    if isinstance(error, requests.ConnectionError):
        return "the network cannot be reached"
    return "the transfer broke off"
