"""The theme ships the style of every icon there is; the book keeps those that its pages show."""

import re
from pathlib import Path

STYLES = "_static/styles/pydata-sphinx-theme.css"
SCRIPT = "_static/scripts/fontawesome.js"  # the icons as drawings, which no page loads: see layout.html
_NAME = re.compile(r"\bfa-([a-z0-9-]+)")
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

    styles = html / STYLES
    styles.write_text(_STYLED.sub(keep, styles.read_text()))
    return kept
