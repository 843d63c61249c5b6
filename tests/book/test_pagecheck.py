"""Every fault that a rendered page must not have is found, and named with its page."""

import re

import pytest

from sernb.book.pagecheck import PageError, check_pages

FAULTS = {
    '<img src="a.png">': "without alt text",
    '<div class="cell_output"><img src="a.png" alt="x" width="1" height="1"></div>': "loaded at once",
    '<div class="cell_output"><img src="a.png" alt="x" loading="lazy"></div>': "has no size",
    '<img src="data:image/png;base64,AA==" alt="x">': "within the page",
    '<audio src="a.png" aria-label="x"></audio>': "loaded before it is played",
    '<b id="top"></b>': "2 things with the id 'top'",
    "<table><thead><tr><th>a</th></tr></thead></table>": "a table without rows (a)",
    "<table><thead><tr><th></th></tr></thead><tr><td>a</td></tr></table>": "headings is empty (a)",
    "<table><tr><td>&lt;NA&gt;</td></tr></table>": "a table with <NA> in a cell",
    '<img src="a.png" alt="_images/a.png">': "without alt text",
    '<audio src="a.png"></audio>': "a player without a name",
    '<div class="cell_output"><div class="output stderr">oh</div></div>': "an error's dump",
    '<div class="cell_output"><div class="output traceback">oh</div></div>': "an error's dump",
    '<div class="cell_output"><div class="stream">Traceback (most recent call last)</div></div>': "a traceback printed",
    '<a href="nowhere.html">x</a>': "nowhere.html, which isn't there",
    '<a href="other.html#nowhere">x</a>': "no such place",
    '<a href="#nowhere">x</a>': "no such place",
    '<script src="https://cdn.example.org/x.js"></script>': "needs the network",
    '<link rel="stylesheet" href="//cdn.example.org/x.css">': "needs the network",
    f"<p>{'x' * 1_500_000}</p>": "weighs 1.5 MB",
    "<script src='heavy.js'></script>": "weighs 1.6 MB",
}


@pytest.mark.parametrize("fault", FAULTS, ids=FAULTS.values())
def test_a_fault_of_a_page_is_found(fault, tmp_path):
    sound = (
        '<h1 id="top">x</h1><a href="other.html#top">x</a><a href="https://example.org">x</a><img src="a.png" alt="a">'
    )
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "heavy.js").write_bytes(b"x" * 1_600_000)
    for name in ("page.html", "other.html"):
        (tmp_path / name).write_text(sound)
    assert check_pages(tmp_path) == 2
    (tmp_path / "page.html").write_text(sound + fault)
    with pytest.raises(PageError, match=re.escape(FAULTS[fault])) as found:
        check_pages(tmp_path)
    assert str(found.value).startswith("page.html: ")
