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
from rnncourse.datasets.ontology import Ontology, load_ontology
from rnncourse.datasets.pairs import Pairs, Sentence, load_pairs, normalised
from rnncourse.datasets.reviews import Reviews, load_reviews
from rnncourse.datasets.series import Series, load_series
from rnncourse.datasets.shakespeare import Shakespeare, load_shakespeare
from rnncourse.datasets.tunes import Tunes, load_tunes
from rnncourse.datasets.word_vectors import WordVectors, load_word_vectors

__all__ = [
    "ATTITUDES",
    "PROTOCOLS",
    "REGISTRY",
    "DataError",
    "DataFile",
    "Messages",
    "Mnist",
    "Ontology",
    "Pairs",
    "Reviews",
    "Sentence",
    "Series",
    "Shakespeare",
    "Source",
    "Tunes",
    "Tweets",
    "WordVectors",
    "cache_folder",
    "hold_out",
    "in_folder",
    "load_messages",
    "load_mnist",
    "load_ontology",
    "load_pairs",
    "load_reviews",
    "load_series",
    "load_shakespeare",
    "load_tunes",
    "load_word_vectors",
    "near_copies",
    "normalised",
    "resemblance",
    "twins",
]
