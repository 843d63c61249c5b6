"""Sphinx extension: what the rendered pages add to the theme's, and mend in it."""

import re
from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Registered in the staged configuration; see `sernb.stage`."""
    app.connect("html-page-context", finish_buttons, priority=900)  # after the theme has made its own
    app.connect("html-page-context", mend_references)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def finish_buttons(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Add the chapter's text to its downloads, and point links into the repository at the files that are there.

    The repository holds each chapter once, as a notebook to launch and a text to edit; the editions in other
    languages, book/LANGUAGE/CHAPTER, are made from it.
    """
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("url", "").startswith("http"):
                button["url"] = re.sub(r"/book/[a-z]{2}/(?=[^/]*$)", "/book/", button["url"])
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


def mend_references(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Don't call a bibliography a list: docutils does, but gives it no list items, and screen readers stumble."""
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
