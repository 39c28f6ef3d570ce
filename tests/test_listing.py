"""Listings show what the package holds, word for word."""

import pytest

from rnncourse import listing, sorting


def test_methods_are_shown_without_their_indent_one_below_another():
    shown = listing.listing(sorting.Sorter.encode, sorting.Sorter.decode).data
    assert shown.startswith("```python\ndef encode(self,")
    assert "\n\ndef decode(self," in shown
    assert shown.endswith("\n```") and not shown.endswith("\n\n```")


def test_text_is_shown_as_it_is():
    assert listing.listing("let a = 1", language="javascript").data == (
        "```javascript\nlet a = 1\n```"
    )


def test_what_has_no_source_is_refused():
    with pytest.raises(TypeError, match="things must be functions, classes or code, got int"):
        listing.listing(3)
