"""Handwritten digits: MNIST, or scikit-learn's where it cannot be had."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from rnncourse.datasets.files import DataError, Missing, Source, find


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
    found = find("MNIST", "mnist.npz")
    if isinstance(found, Missing):
        return _mnist_stand_in(found)
    content, source = found
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"mnist.npz does not hold the arrays of MNIST: {error}") from error
    return Mnist(**arrays, source=source)


def _mnist_stand_in(missing: Missing) -> Mnist:
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
