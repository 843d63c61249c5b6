"""What every rendered page must be: readable by ear, whole, light, free of errors, and at home without a network."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

HEAVIEST = 1_500_000  # bytes of a page before it is scrolled: what a slow telephone network brings in seconds
NOTHING = ("<NA>", "NaN", "nan", "NaT")  # what pandas writes for what lacks


class PageError(Exception):
    """Rendered pages have faults; the message names each page and each fault."""


def check_pages(html: Path) -> int:
    """Look at every page of a rendered book; returns how many there are.

    Args:
        html: folder of the rendered book.

    Raises:
        PageError: a page has an image without a description, a player without a name, the dump of an error, a link
            to something that isn't there, a file from the network that it can't do without, two things of one id, a
            table without rows or with empty headings, a picture that is not a file, or too many bytes.
    """
    files = [path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts]  # templates of the theme's
    pages = {path: BeautifulSoup(path.read_text(), "html.parser") for path in files}
    anchors = {path: {_attribute(tag, "id") for tag in page.find_all(id=True)} for path, page in pages.items()}
    faults = [
        f"{path.relative_to(html)}: {fault}"
        for path, page in pages.items()
        for fault in (
            *_unheard(page),
            *_errors(page),
            *_tables(page),
            *_twice(page),
            *_links(path, page, anchors),
            *_inside(page),
            *_weight(path, page),
        )
    ]
    if faults:
        raise PageError("\n".join(faults))
    return len(pages)


def _attribute(tag: Tag, name: str) -> str:
    """An attribute's text, empty where there is none; the words of one that is a list."""
    value = tag.get(name)
    return value.strip() if isinstance(value, str) else " ".join(value or [])


def _unheard(page: BeautifulSoup) -> Iterator[str]:
    for image in page.find_all("img"):
        alt, source = _attribute(image, "alt"), _attribute(image, "src")
        # myst-nb describes a bare figure by its file's name
        if not alt or alt.endswith((".png", ".svg", ".jpeg")):
            yield f"an image without alt text ({source[:60]}); show it with sernb.book.display.figure(..., alt=...)"
    for player in page.find_all("audio"):
        if not _attribute(player, "aria-label"):
            yield "a player without a name; give sernb.book.display.player a caption"


def _errors(page: BeautifulSoup) -> Iterator[str]:
    for output in page.select(".cell_output .stderr, .cell_output .traceback"):
        yield f"an error's dump in a cell's output: {output.get_text()[:200].strip()!r}"
    for output in page.select(".cell_output .stream"):
        if "Traceback (most recent call last)" in output.get_text():
            yield f"a traceback printed by a cell: {output.get_text()[-200:].strip()!r}"


def _tables(page: BeautifulSoup) -> Iterator[str]:
    for table in page.find_all("table"):
        cells = [cell.get_text().strip() for cell in table.find_all("td")]
        what = " ".join(table.get_text(" ").split())[:60]
        if not cells:
            yield f"a table without rows ({what}); show a sentence instead"
        if table.thead is not None and not table.thead.get_text().strip():
            yield f"a table whose row of headings is empty ({what})"
        for nothing in sorted({*cells} & {*NOTHING}):
            yield f"a table with {nothing} in a cell ({what}); show it with sernb.book.display.table"


def _twice(page: BeautifulSoup) -> Iterator[str]:
    for name, times in Counter(tag["id"] for tag in page.find_all(id=True)).items():
        if times > 1:
            yield f"{times} things with the id {name!r}"


def _links(path: Path, page: BeautifulSoup, anchors: dict[Path, set[str]]) -> Iterator[str]:
    for tag, attribute in (("a", "href"), ("link", "href"), ("script", "src"), ("img", "src"), ("audio", "src")):
        for found in page.find_all(tag, {attribute: True}):
            address = _attribute(found, attribute)
            link = urlsplit(address)
            if link.scheme == "data" or (tag == "a" and link.scheme):
                continue
            if link.netloc or link.scheme:
                if tag != "link" or "canonical" not in _attribute(found, "rel"):
                    yield f"needs the network for {address}"
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path.resolve()
            if not target.exists():
                yield f"links to {address}, which isn't there"
            elif link.fragment and target in anchors and unquote(link.fragment) not in anchors[target]:
                yield f"links to {address}, and that page has no such place"


def _inside(page: BeautifulSoup) -> Iterator[str]:
    for one in page.find_all(("img", "audio", "video", "source"), src=True):
        source = _attribute(one, "src")
        if source.startswith("data:"):
            yield f"a picture or sound within the page ({source[:30]}); the build makes files of those in HTML"
    for image in page.select(".cell_output img"):
        lacks = [name for name in ("width", "height") if not image.has_attr(name)]
        if image.get("loading") != "lazy" or lacks:
            yield f"a picture that is loaded at once, or has no size ({image['src'][-40:]})"
    for player in page.find_all("audio"):
        if player.get("preload") != "none":
            yield f"a sound that is loaded before it is played ({player.get('aria-label', '')})"


def _weight(path: Path, page: BeautifulSoup) -> Iterator[str]:
    """The page itself, its scripts and styles, and the pictures that don't wait until a reader comes near."""
    sources = {_attribute(tag, "src") for tag in page.find_all("script", src=True)}
    sources |= {_attribute(tag, "href") for tag in page.find_all("link", rel="stylesheet", href=True)}
    sources |= {_attribute(tag, "src") for tag in page.find_all("img", src=True) if tag.get("loading") != "lazy"}
    files = {
        (path.parent / unquote(urlsplit(source).path)).resolve()
        for source in sources
        if not urlsplit(source).netloc and not source.startswith("data:")
    }
    size = path.stat().st_size + sum(file.stat().st_size for file in files if file.is_file())
    if size > HEAVIEST:
        yield f"weighs {size / 1e6:.1f} MB before it is scrolled; {HEAVIEST / 1e6:.1f} MB is the most"
