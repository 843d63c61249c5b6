"""What the door for speech of one's own says of a table it can't use."""

from pathlib import Path

import pytest

from sernb.manifest import harmonize


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("path,emotion\na.wav,sad\n", "corpus.csv has no column speaker, only 'path', 'emotion': add it"),
        ("path;speaker\na.wav;1\n", "no column path and no column speaker, only 'path;speaker': separate the cells by"),
        ("file,speaker\na.wav,1\n", "corpus.csv has no column path, only 'file', 'speaker': add it"),
    ],
)
def test_a_table_without_its_columns_says_which_it_has(tmp_path: Path, noise, table: str, message: str):
    noise(tmp_path / "mine" / "a.wav")
    (tmp_path / "mine" / "corpus.csv").write_text(table)
    (reason,) = harmonize(tmp_path, progress=False).rejected["reason"]
    assert message in reason
