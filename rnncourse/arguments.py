"""Checks of what a function is given: each names the argument, what was expected and what came.

A check returns the value as the function goes on with it. What is wrong with the kind of a value is
a TypeError, what is wrong with its size a ValueError. :func:`checked` looks after
the kinds by a function's own type hints; what remains for the function to check is its meaning.
"""

from __future__ import annotations

import functools
import inspect
import math
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

LARGEST = 2**31 - 1  # of a size or a count: what fits into 32 bits
MANY = 10**6  # of things to make, where each of them takes room


def whole(name: str, value: Any, least: int = 1, most: int = LARGEST) -> int:
    """A whole number from ``least`` to ``most``; True and False are none."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {what(value)}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    if value > most:
        raise ValueError(f"{name} must be at most {most}, got {value}")
    return int(value)


def number(
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    most: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> float:
    """A finite number within bounds; ``above`` and ``below`` do not count themselves."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {what(value)}")
    bounds = (("at least", least), ("above", above), ("at most", most), ("below", below))
    wanted = " and ".join(f"{how} {bound}" for how, bound in bounds if math.isfinite(bound))
    if not (math.isfinite(value) and least <= value <= most and above < value < below):
        raise ValueError(f"{name} must be {wanted or 'finite'}, got {what(value)}")
    return float(value)


def yes_or_no(name: str, value: Any) -> bool:
    """True or False."""
    return bool(instance(name, value, (bool, np.bool_)))


def text(name: str, value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {what(value)}")
    return value


def date(name: str, value: Any) -> np.datetime64:
    """A date such as ``"2019-06-01"``."""
    try:
        day = np.datetime64(value)
    except ValueError as error:
        raise ValueError(f"{name} must look like 2019-06-01, got {value[:40]!r}") from error
    if np.isnat(day) or not 1 <= day.astype("M8[Y]").astype(int) + 1970 <= 9999:
        raise ValueError(f"{name} must look like 2019-06-01, got {value[:40]!r}")
    return day


def items(name: str, values: Any, kind: type | tuple[type, ...] = object, least: int = 0) -> Any:
    """A list, tuple or one-dimensional array of some kind of thing; a string is none."""
    called = _called(kind)
    array = isinstance(values, np.ndarray) and values.ndim > 0
    if isinstance(values, str | bytes) or not (isinstance(values, Sequence) or array):
        raise TypeError(f"{name} must be a list of {called}, got {what(values)}")
    if kind is not object:
        for place, value in enumerate(values):
            if not isinstance(value, kind):
                raise TypeError(f"{name} must be a list of {called}, got {what(value)} at {place}")
    if len(values) < least:
        raise ValueError(f"{name} must be at least {least}, got {len(values) or 'none'}")
    return values


def iterable(name: str, values: Any) -> Any:
    """Whatever can be gone through, but for a string."""
    try:
        if isinstance(values, str | bytes):
            raise TypeError
        return iter(values)
    except TypeError:
        raise TypeError(f"{name} must be a list, got {what(values)}") from None


def texts(name: str, values: Any, least: int = 0) -> Any:
    """A list of strings."""
    return items(name, values, str, least)


def instance(name: str, value: Any, kind: type | tuple[type, ...]) -> Any:
    """A value of a class."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {_called(kind)}, got {what(value)}")
    return value


def function(name: str, value: Any) -> Callable:
    """What can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function, got {what(value)}")
    return value


def generator(name: str, value: Any) -> np.random.Generator:
    """A generator of random numbers."""
    return instance(name, value, np.random.Generator)


def reals(
    name: str, values: Any, *shape: int | None, finite: bool = True, narrow: bool = False
) -> np.ndarray:
    """An array of real numbers of this shape, finite ones by default.

    In a shape, None stands for any length but 0; the shape ``...`` is any, also an empty one.
    Numbers that are ``narrow`` fit into float32.
    """
    array = _array(name, values, shape, "iufb", "real numbers")
    if finite and not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers, got some that are not")
    largest = np.finfo(np.float32).max
    if narrow and array.dtype == np.float64 and (array > largest).any() | (array < -largest).any():
        raise ValueError(f"{name} must hold numbers that fit float32, got some that do not")
    return array


def floats(name: str, values: Any, *shape: int | None) -> np.ndarray:
    """Real numbers as float32, which must have room for them; shape as for :func:`reals`."""
    return reals(name, values, *shape, narrow=True).astype(np.float32, copy=False)


def integers(
    name: str, values: Any, *shape: int | None, least: int = 0, most: int = LARGEST
) -> np.ndarray:
    """An array of whole numbers within bounds; shape as for :func:`reals`."""
    array = _array(name, values, shape, "iu", "whole numbers")
    if array.size and not least <= array.min() <= array.max() <= most:
        raise ValueError(
            f"{name} must lie between {least} and {most}, got {array.min()} to {array.max()}"
        )
    return array


def whole_numbers(name: str, values: Any, least: int = -LARGEST, most: int = LARGEST) -> np.ndarray:
    """Whole numbers in whatever form, also none, as one row."""
    try:
        array = np.asarray(values).ravel()
    except ValueError as error:
        raise ValueError(f"{name} must be whole numbers: {error}") from error
    if not array.size:
        return np.zeros(0, np.int64)
    return integers(name, array, None, least=least, most=most)


def tensor(name: str, value: Any):
    """A tensor of TensorFlow, whatever it holds."""
    import tensorflow as tf

    try:
        return tf.convert_to_tensor(value)
    except (ValueError, TypeError) as error:
        raise type(error)(f"{name} must be a tensor, got {what(value)}: {error}") from error


def what(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype.name} of shape {value.shape}"
    return f"{type(value).__name__} {value!r}"[:80]


def _array(name: str, values: Any, shape: tuple, kinds: str, called: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name} must be an array of {called}: {error}") from error
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name} must hold {called}, got {array.dtype.name}")
    if shape == (...,):
        return array
    fits = array.ndim == len(shape) and all(
        length > 0 if wanted is None else length == wanted
        for length, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name} must have the shape ({wanted}), got {array.shape}")
    return array


def _called(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(one.__name__ for one in kinds)


def checked(function: Callable) -> Callable:
    """Make a function check that its arguments are of the kinds that its type hints name.

    Hints that are understood: ``int`` (from -2**31 to 2**31), ``float`` (finite), ``bool``,
    ``str``, ``Sequence`` and ``list``, also of strings, ``Iterable``, ``Mapping``, ``Callable``,
    ``numpy.ndarray`` (which any array of the library below may stand in for), and classes; each
    also with ``| None``. Arguments with other hints, or with none, are let through.
    """
    parameters = inspect.signature(function).parameters
    names = list(parameters)
    by_place = [name for name in names if parameters[name].kind in _BY_PLACE]

    @functools.cache
    def checks() -> dict[str, Callable[[str, Any], Any]]:
        found = {name: _check_of(function, name) for name in names}
        return {name: check for name, check in found.items() if check is not None}

    @functools.wraps(function)
    def call(*args, **kwargs):
        known = checks()
        for name, value in (*zip(by_place, args, strict=False), *kwargs.items()):
            if name in known:
                known[name](name, value)
        return function(*args, **kwargs)

    return call


_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _check_of(function: Callable, name: str) -> Callable[[str, Any], Any] | None:
    """The check of one parameter; none for one that gathers several, or whose hint is not known."""
    parameter = inspect.signature(function).parameters[name]
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return None
    hint = parameter.annotation
    if hint is parameter.empty:
        return None
    if isinstance(hint, str):
        try:
            hint = eval(hint, vars(sys.modules[function.__module__]))
        except NameError:  # a name for type checkers only
            return None
    *others, last = typing.get_args(hint) or (None,)
    optional = last is type(None) and len(others) == 1
    check = _check_of_hint(others[0] if optional else hint)
    if check is None or not optional:
        return check
    return lambda name, value: None if value is None else check(name, value)


def _check_of_hint(hint: Any) -> Callable[[str, Any], Any] | None:
    if isinstance(hint, types.UnionType):
        kinds = typing.get_args(hint)
        # for Python 3.10 list[int] is a type as well, but nothing can be asked whether it is one
        plain = all(isinstance(kind, type) and not typing.get_args(kind) for kind in kinds)
        return (lambda name, value: instance(name, value, kinds)) if plain else None
    kind, parts = typing.get_origin(hint) or hint, typing.get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if kind in (Sequence, list):
        return texts if parts == (str,) else items
    if kind is Iterable:
        return iterable
    if kind is Callable:
        return function
    if kind is Mapping:
        return lambda name, value: instance(name, value, Mapping)
    if isinstance(kind, type) and kind not in (object, type):
        return lambda name, value: instance(name, value, kind)
    return None


def _array_like(name: str, value: Any) -> Any:
    if not hasattr(value, "__array__") or isinstance(value, np.generic):
        raise TypeError(f"{name} must be an array, got {what(value)}")
    return value


_PLAIN = {
    int: lambda name, value: whole(name, value, -LARGEST),
    float: number,
    bool: yes_or_no,
    str: text,
    np.ndarray: _array_like,
}
