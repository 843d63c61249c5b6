"""Pictures and sounds of a page as files beside it, so that a page is light and loads what is looked at.

A chapter holds them as data URIs: a notebook is one file. The build takes them out.
"""

import base64
import hashlib
import io
import re
from pathlib import Path

import nbformat
from PIL import Image

FOLDER = "_images"
_ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/svg+xml": ".svg",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
}
_TAG = re.compile(r"<(?:img|audio|source)\b[^>]*>")
_KINDS = "|".join(map(re.escape, _ENDINGS))
_DATA = re.compile(rf'\s(?P<name>src|data-dark)="data:(?P<kind>{_KINDS});base64,(?P<content>[^"]*)"')


def take_out(notebook: nbformat.NotebookNode, folder: Path, address: str) -> None:
    """Write the data URIs in a notebook's HTML as files, named by their content, and point the HTML at them.

    Pictures are loaded when a reader comes near, and keep their place before. One with a second picture for dark pages,
    data-dark (see `sernb.book.display.figure`), becomes two, of which the theme shows one.

    Args:
        notebook: changed in place.
        folder: where the files go.
        address: of that folder, as seen from the page.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = _TAG.sub(
                    lambda found: _pointed(found[0], folder, address), output.data["text/html"]
                )


def _pointed(tag: str, folder: Path, address: str) -> str:
    found = {one["name"]: one for one in _DATA.finditer(tag)}
    if "src" not in found:
        return tag
    bare = _DATA.sub("", tag)
    if not tag.startswith("<img"):
        return _filled(bare, src=f"{address}/{_write(found['src'], folder)[0]}")
    kinds = {"src": "only-light", "data-dark": "only-dark"} if "data-dark" in found else {"src": ""}
    shown = ""
    for name, kind in kinds.items():
        file, content = _write(found[name], folder)
        size = dict(zip(("width", "height"), _size(file, content), strict=False))
        sized = {key: value for key, value in size.items() if f" {key}=" not in bare}
        shown += _filled(bare, src=f"{address}/{file}", loading="lazy", **sized, **({"class": kind} if kind else {}))
    return shown


def _filled(tag: str, **attributes: object) -> str:
    """A tag with more attributes, those it has already left alone."""
    added = "".join(f' {name}="{value}"' for name, value in attributes.items() if f" {name}=" not in tag)
    return f"{tag.rstrip('/>').rstrip()}{added}>"


def _write(found: re.Match, folder: Path) -> tuple[str, bytes]:
    content = base64.b64decode(found["content"])
    name = hashlib.sha256(content).hexdigest()[:16] + _ENDINGS[found["kind"]]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return name, content


def _size(file: str, content: bytes) -> tuple[int, ...]:
    """Width and height in pixels; nothing for what has none."""
    return () if file.endswith(".svg") else Image.open(io.BytesIO(content)).size
