"""The theme ships every icon there is, in fonts and styles; the book keeps those that its pages show."""

import re
from pathlib import Path

from fontTools import subset

FONTS = "_static/vendor/fontawesome/webfonts"
STYLES = "_static/styles/pydata-sphinx-theme.css"
SCRIPT = "_static/scripts/fontawesome.js"  # the icons as drawings, which no page loads: see layout.html
_NAME = re.compile(r"\bfa-([a-z0-9-]+)")
_ESCAPED = re.compile(r'"\\([0-9a-f]{2,5})"')
_PRIVATE = re.compile("[\ue000-\uf8ff]")  # the characters of icons, as a minified style writes them
_WOFF2 = re.compile(r'url\([^)]*/fontawesome/[^)]*\.woff2\) format\("woff2"\),')  # larger than a font cut to few icons
_STYLED = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"[^"]*"\}')


def keep_used_icons(html: Path) -> set[str]:
    """Drop from a rendered book's icons those that neither a page nor a script of the theme names.

    Args:
        html: folder of the rendered book.

    Returns:
        The names of those that are left.
    """
    (html / SCRIPT).unlink()
    files = [file for kind in ("html", "js") for file in html.rglob(f"*.{kind}")]
    used = {name for file in files for name in _NAME.findall(file.read_text())}
    kept = set()

    def keep(found: re.Match) -> str:
        names = used & set(_NAME.findall(found[1]))
        kept.update(names)
        return found[0] if names else ""

    styles = _WOFF2.sub("", _STYLED.sub(keep, (html / STYLES).read_text()))
    (html / STYLES).write_text(styles)
    written = "".join(file.read_text() for file in html.rglob("*.css"))
    drawn = {int(code, 16) for code in _ESCAPED.findall(written)} | set(map(ord, _PRIVATE.findall(written)))
    for font in (html / FONTS).glob("*.ttf"):
        _cut(font, drawn)
        font.with_suffix(".woff2").unlink()
    return kept


def _cut(font: Path, characters: set[int]) -> None:
    """Keep these characters of a font, given by their code points."""
    options = subset.Options()
    cut = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(cut)
    subset.save_font(cut, str(font), options)
