"""Sphinx extension: what the rendered pages add to the theme's, and mend in it."""

import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

_TERM = re.compile(r'(?<=\shref=")([^"#]*)#(term-[^"]+)"')


def setup(app: Sphinx) -> dict[str, Any]:
    """Registered in the staged configuration; see `sernb.book.layout`."""
    app.connect("autodoc-process-docstring", name_no_type, priority=400)  # before napoleon
    app.connect("doctree-read", drop_empty_headings)
    app.connect("html-page-context", finish_buttons, priority=900)  # after the theme has made its own
    app.connect("html-page-context", mend_references)
    app.connect("html-page-context", explain_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def name_no_type(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Napoleon takes what stands before a colon for a type. Annotations tell types here: say that none is named."""
    if what in ("attribute", "data", "property"):
        starts = [0]
    else:
        starts = [number + 1 for number, line in enumerate(lines[:-1]) if line.strip() == "Returns:"]
    for number in starts:
        text = lines[number].lstrip()
        lines[number] = f"{lines[number][: -len(text)]}: {text}" if text else ""


def drop_empty_headings(app: Sphinx, doctree: nodes.document) -> None:
    """Markdown can't write a table without a row of headings: drop one that is empty; the first column heads rows."""
    for table in list(doctree.findall(nodes.table)):
        heads = list(table.findall(nodes.thead))
        if heads and not any(head.astext().strip() for head in heads):
            for head in heads:
                head.parent.remove(head)
            next(table.findall(nodes.colspec))["stub"] = 1


def finish_buttons(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Add the chapter's text to its downloads, and point links for editing at the text, which is what one edits."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("label") == "source-edit-button":
                button["url"] = re.sub(r"\.ipynb$", ".md", button["url"])
        if group.get("label") == "download-buttons" and context.get("sourcename", "").endswith(".ipynb"):
            text = {
                "type": "link",
                "url": f"{context['pathto']('_sources', 1)}/{page}.md",
                "text": ".md",
                "icon": "fas fa-file-lines",
                "tooltip": "Download the chapter as text",
                "label": "download-text-button",
            }
            group["buttons"].insert(1, text)


def explain_terms(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Give links to the glossary what it says there, which book/_static/terms.js shows beside them."""
    if "body" in context and "#term-" in context["body"]:
        known = definitions(app.env)
        context["body"] = _TERM.sub(
            lambda found: found[0] + (f' data-definition="{escape(known[found[2]])}"' if found[2] in known else ""),
            context["body"],
        )


def definitions(env: BuildEnvironment) -> dict[str, str]:
    """What the glossary says, by the id of the term."""
    terms = {page for _, _, kind, page, _, _ in env.get_domain("std").get_objects() if kind == "term"}
    return {
        name: re.sub(r"\s+", " ", item.next_node(nodes.definition).astext())
        for page in terms
        for item in env.get_doctree(page).findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        for name in term["ids"]
    }


def mend_references(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Don't call a bibliography a list: docutils does, but gives it no list items, and screen readers stumble."""
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
