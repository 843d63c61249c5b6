"""The theme ships every icon there is, 1.5 MB of a script and styles; the book keeps those that its pages show."""

import re
from pathlib import Path

_NAME = re.compile(r"\bfa-([a-z0-9-]+)")
# an icon's name, and in the brackets its other names
_DRAWN = r'"?([a-z0-9-]+)"?:\[\d+,\d+,\[([^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
_STYLED = r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"[^"]*"\}'
FILES = {"_static/scripts/fontawesome.js": _DRAWN, "_static/styles/pydata-sphinx-theme.css": _STYLED}


def keep_used_icons(html: Path) -> set[str]:
    """Drop from a rendered book's icons those that neither a page nor a script of the theme names.

    Args:
        html: folder of the rendered book.

    Returns:
        The names of those that are left.
    """
    files = [file for kind in ("html", "js") for file in html.rglob(f"*.{kind}")]
    used = {
        name for file in files if str(file.relative_to(html)) not in FILES for name in _NAME.findall(file.read_text())
    }
    kept = set()
    for name, pattern in FILES.items():

        def keep(found: re.Match) -> str:
            names = used & {name.removeprefix("fa-") for name in re.findall(r"[\w-]+", " ".join(found.groups()))}
            kept.update(names)
            return found[0] if names else ""

        (html / name).write_text(re.sub(pattern, keep, (html / name).read_text()))
    return kept
