"""Sphinx extension: the reference of the package, and the ways between it and the chapters.

The descriptions are made by autodoc from the docstrings. ``{taught-in} rnncourse.cells`` lists the
chapters that import a module; where a chapter's text names something of the package in full, as in
``unroll.static_rnn``, the name becomes a link to its description.
"""

from __future__ import annotations

import inspect
import json

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import stringify_signature
from sphinx.util.nodes import make_refnode

from book.chapters import IMPORTS, imported_modules

PACKAGE = "rnncourse"


def teaching(module: str, imports: dict[str, list[str]]) -> list[str]:
    """The pages whose code names a module in an import.

    Args:
        module: Its dotted name; of a package, what lies in it counts too.
        imports: What each page imports, in the order of the book.
    """
    inside = f"{module}."
    return [
        page
        for page, names in imports.items()
        if any(name == module or name.startswith(inside) for name in names)
    ]


class TaughtIn(SphinxDirective):
    """``{taught-in} module``: links to the chapters that import it; nothing if none does."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Look at what the chapters import, which changes more rarely than the chapters."""
        module = self.arguments[0]
        if module not in imported_modules(f"import {module}"):
            raise self.error(f"there is no module {module}")
        self.env.note_dependency(str(IMPORTS))
        pages = teaching(module, json.loads(IMPORTS.read_text(encoding="utf-8")))
        links = ", ".join(f"[](/{page}.md)" for page in pages)
        if not links:
            return []
        holder = nodes.container()
        self.state.nested_parse(StringList([f"Used in: {links}."], ""), 0, holder)
        holder.children[0]["classes"].append("taught-in")
        return list(holder.children)


def one_document(app, doctree) -> None:
    """Let all nodes belong to the page's own document.

    Those that an ``eval-rst`` block has parsed belong to a document of its own, which knows the
    environment. Kept with the page, that would bring all pages along: 15 MB, read at every build.
    """
    for node in doctree.findall():
        node.document = doctree


def link_names(app, doctree, docname: str) -> None:
    """Make links of the names of the package that stand in a page's text as code."""
    described = app.env.domains["py"].objects
    for code in list(doctree.findall(nodes.literal)):
        name = code.astext().removesuffix("()").removeprefix(f"{PACKAGE}.")
        found = described.get(f"{PACKAGE}.{name}") if "." in code.astext() else None
        linked = isinstance(code.parent, nodes.reference)
        if found and found.docname != docname and not linked:
            inner = code.deepcopy()
            link = make_refnode(app.builder, docname, found.docname, found.node_id, inner)
            code.replace_self(link)


def own_signature(app, what, name, obj, options, signature, returns) -> tuple | None:
    """Arguments as a reader writes them.

    A Keras layer's ``__new__`` takes any, so autodoc would show none; and a default that a data
    class makes anew for each object has no name that Sphinx can read.
    """
    if what != "class" or signature is None:
        return None
    if signature == "(*args, **kwargs)":
        arguments = inspect.signature(obj.__init__)
        named = list(arguments.parameters.values())[1:]
        signature = stringify_signature(arguments.replace(parameters=named))
    return signature.replace("<factory>", "..."), returns


def setup(app) -> dict:
    """Register with Sphinx."""
    app.add_directive("taught-in", TaughtIn)
    app.connect("autodoc-process-signature", own_signature)
    app.connect("doctree-read", one_document)
    app.connect("doctree-resolved", link_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
