"""What the tests of rendered pages share."""

from collections.abc import Iterator

import pytest
from browsing import served


@pytest.fixture(scope="module")
def address(html) -> Iterator[str]:
    """Where the pages of the file's fixture `html` are served."""
    with served(html) as at:
        yield at
