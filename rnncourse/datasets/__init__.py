"""Real data by checksum, with a stand-in for a machine that has neither the file nor a network.

Every loader looks in the same three places, and says in its ``source`` which one answered:

1. the folder named by the environment variable ``RNNCOURSE_DATA``;
2. the reader's own cache, filled by a download whose checksum must match;
3. a small stand-in that every machine has. Its numbers are not those of the real data, and it
   says so wherever it is shown.

``RNNCOURSE_OFFLINE=1`` forbids the download, ``RNNCOURSE_CACHE`` moves the cache.
"""

from rnncourse.datasets.files import REGISTRY, DataError, DataFile, Source, cache_folder, in_folder
from rnncourse.datasets.messages import (
    ATTITUDES,
    PROTOCOLS,
    Messages,
    Tweets,
    hold_out,
    load_messages,
    near_copies,
    resemblance,
    twins,
)
from rnncourse.datasets.mnist import Mnist, load_mnist
from rnncourse.datasets.series import Series, load_series
from rnncourse.datasets.shakespeare import Shakespeare, load_shakespeare
from rnncourse.datasets.tunes import Tunes, load_tunes

__all__ = [
    "ATTITUDES",
    "PROTOCOLS",
    "REGISTRY",
    "DataError",
    "DataFile",
    "Messages",
    "Mnist",
    "Series",
    "Shakespeare",
    "Source",
    "Tunes",
    "Tweets",
    "cache_folder",
    "hold_out",
    "in_folder",
    "load_messages",
    "load_mnist",
    "load_series",
    "load_shakespeare",
    "load_tunes",
    "near_copies",
    "resemblance",
    "twins",
]
