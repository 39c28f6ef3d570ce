"""Code of the package as a listing in a page."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable

from IPython.display import Markdown

from rnncourse import arguments
from rnncourse.arguments import checked

FENCE = 3 * "`"


@checked
def listing(*things: Callable | str, language: str = "python") -> Markdown:
    """Show code of the package where it is spoken of.

    Args:
        things: Functions and classes, whose source is shown, or code as it is; one below another.
        language: In which it is written.

    Returns:
        What a notebook and a page show in colours.

    Raises:
        TypeError: If the source of a thing is not to be had.
    """
    for thing in things:
        if not (isinstance(thing, str) or callable(thing)):
            raise TypeError(
                f"things must be functions, classes or code, got {arguments.what(thing)}"
            )
    code = [thing if isinstance(thing, str) else inspect.getsource(thing) for thing in things]
    blocks = (textwrap.dedent(text).rstrip() for text in code)
    return Markdown("\n".join([f"{FENCE}{language}", "\n\n".join(blocks), FENCE]))
