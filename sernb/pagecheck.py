"""What every rendered page must be: readable by ear, whole, light, free of errors, and at home without a network."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

HEAVIEST = 3_000_000  # bytes of a page with its images: what a slow telephone network brings in a quarter of a minute


class PageError(Exception):
    """Rendered pages have faults; the message names each page and each fault."""


def check(html: Path) -> int:
    """Look at every page of a rendered book; returns how many there are.

    Args:
        html: folder of the rendered book.

    Raises:
        PageError: a page has an image without a description, a player without a name, the dump of an error, a link
            to something that isn't there, a file from the network that it can't do without, or too many bytes.
    """
    files = [path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts]  # templates of the theme's
    pages = {path: BeautifulSoup(path.read_text(), "html.parser") for path in files}
    anchors = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
    faults = [
        f"{path.relative_to(html)}: {fault}"
        for path, page in pages.items()
        for fault in (*_unheard(page), *_errors(page), *_links(path, page, anchors), *_weight(path, page))
    ]
    if faults:
        raise PageError("\n".join(faults))
    return len(pages)


def _unheard(page: BeautifulSoup) -> Iterator[str]:
    for image in page.find_all("img"):
        alt, source = image.get("alt", "").strip(), image.get("src", "")
        # myst-nb describes a bare figure by its file's name
        if not alt or alt.endswith((".png", ".svg", ".jpeg")):
            yield f"an image without alt text ({source[:60]}); show it with sernb.display.figure(..., alt=...)"
    for player in page.find_all("audio"):
        if not player.get("aria-label", "").strip():
            yield "a player without a name; give sernb.display.player a caption"


def _errors(page: BeautifulSoup) -> Iterator[str]:
    for output in page.select(".cell_output .stderr, .cell_output .traceback"):
        yield f"an error's dump in a cell's output: {output.get_text()[:200].strip()!r}"
    for output in page.select(".cell_output .stream"):
        if "Traceback (most recent call last)" in output.get_text():
            yield f"a traceback printed by a cell: {output.get_text()[-200:].strip()!r}"


def _links(path: Path, page: BeautifulSoup, anchors: dict[Path, set[str]]) -> Iterator[str]:
    for tag, attribute in (("a", "href"), ("link", "href"), ("script", "src"), ("img", "src"), ("audio", "src")):
        for found in page.find_all(tag, {attribute: True}):
            link = urlsplit(found[attribute])
            if link.scheme == "data" or (tag == "a" and link.scheme):
                continue
            if link.netloc or link.scheme:
                if tag != "link" or "canonical" not in found.get("rel", []):
                    yield f"needs the network for {found[attribute]}"
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path.resolve()
            if not target.exists():
                yield f"links to {found[attribute]}, which isn't there"
            elif link.fragment and target in anchors and unquote(link.fragment) not in anchors[target]:
                yield f"links to {found[attribute]}, and that page has no such place"


def _weight(path: Path, page: BeautifulSoup) -> Iterator[str]:
    sources = {image["src"] for image in page.find_all("img", src=True) if not image["src"].startswith("data:")}
    files = [(path.parent / unquote(source)).resolve() for source in sources if not urlsplit(source).netloc]
    size = path.stat().st_size + sum(file.stat().st_size for file in files if file.exists())
    if size > HEAVIEST:
        yield f"weighs {size / 1e6:.1f} MB; {HEAVIEST / 1e6:.0f} MB is the most"
