"""What the door for speech of one's own says of a table it can't use."""

import codecs
from pathlib import Path

import pytest

from sernb.data.manifest import harmonize


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            b"path,emotion\na.wav,sad\n",
            "mine/corpus.csv has no column speaker, only 'path', 'emotion': the first line must",
        ),
        (b"path,Speaker Info\na.wav,male\n", "if 'Speaker Info' holds the speaker, call it speaker"),
        (b"pathh,speaker\na.wav,1\n", "if 'pathh' holds the path, call it path"),
        (b"nr;speaker\n7;1\n", "mine/corpus.csv has no column path, only 'nr', 'speaker': the first line must"),
        (
            b"a.wav,1,sad\nb.wav,2,sad\n",
            "no column path and no column speaker, only 'a.wav', '1', 'sad': the first line",
        ),
        (b"path,speaker, Path\na.wav,1,a.wav\n", "mine/corpus.csv names the column 'path' twice: keep one"),
        (
            b"path,speaker\na.wav,1\nb.wav,2,3\n",
            "mine/corpus.csv has more cells in row 3 than its first row names",
        ),
        (b"\n \n", "mine/corpus.csv is empty: the first line must name the columns"),
        (
            "path,speaker\nmüller.wav,1\n".encode("cp1252"),
            "mine/corpus.csv is not UTF-8: save it as UTF-8",
        ),
        ("path,speaker\na.wav,1\n".encode("utf-16-le"), "its first line is no text: save it as UTF-8"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8\x00\xd8", "mine/corpus.csv is not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path: Path, noise, table: bytes, message: str):
    noise(tmp_path / "mine" / "a.wav")
    noise(tmp_path / "URDU" / "Angry" / "SM1_F1_A01.wav")
    (tmp_path / "mine" / "corpus.csv").write_bytes(table)
    result = harmonize(tmp_path, progress=False)
    (reason,) = result.rejected["reason"]
    assert message in reason
    assert len(result.manifest) == 1  # the other corpus
