"""Activation and valence of Das et al. 2022, joined by name to corpora that have none of their own."""

from pathlib import Path

import pytest

from sernb.corpora import das2022
from sernb.data.manifest import harmonize


@pytest.fixture
def corpora(tmp_path: Path, noise) -> Path:
    for name in ("anger/a01 (2).wav", "sadness/s05 (3).wav"):
        noise(tmp_path / "AESDD" / name)
    noise(tmp_path / "URDU" / "Angry" / "SM1_F1_A01.wav")
    noise(tmp_path / "CaFE" / "Neutre" / "01-N-1-1.wav")
    noise(tmp_path / "EMO-DB" / "wav" / "03a01Fa.wav")
    labels = tmp_path / "labels"
    labels.mkdir()
    (labels / "AESD.csv").write_text("filename,activation,valence \na01 (2).wav,4,2.5\ns05 (3).wav,nan,nan\n")
    (labels / "URDU.csv").write_text(",,filename,activation,valence\n,,SM1_F1_A01.wav,4.5,1\n,,SM9_F9_A09.wav,1,1\n")
    (labels / "CAFE.csv").write_text("filname,activation ,valence\n01-N-1-1.wav,2,3\n")
    (labels / "EMO_DB.csv").write_text("filename,activation,valence \n03a01Fa.wav,3,3.5\n")
    return tmp_path


def test_odd_headers_and_empty_rows(corpora: Path):
    rows = harmonize(corpora, progress=False).manifest.set_index("corpus")
    assert tuple(rows.loc["urdu", ["activation", "valence"]]) == (4.5, 1)
    assert tuple(rows.loc["cafe", ["activation", "valence"]]) == (2, 3)
    assert tuple(rows.loc["emodb", ["activation", "valence"]]) == (3, 3.5)
    aesdd = rows.loc["aesdd"].set_index("source_label")
    assert tuple(aesdd.loc["anger", ["activation", "valence"]]) == (4, 2.5)
    assert aesdd.loc["sadness", ["activation", "valence"]].isna().all()


def test_unusable_labels_are_reported_and_cost_no_clip(corpora: Path):
    (corpora / "labels" / "URDU.csv").write_text("name,activation,valence\nx,1,1\n")
    result = harmonize(corpora, progress=False)
    assert len(result.manifest) == 5
    assert result.rejected["path"].item().endswith("URDU.csv")


def test_published_files(corpora_dir: Path):
    labels = {path.name: das2022.read(path) for path in das2022.find(corpora_dir)}
    assert {name: len(rows) for name, rows in labels.items()} == {
        "AESD.csv": 454,  # 455, one without values
        "CAFE.csv": 936,
        "EMO_DB.csv": 535,
        "URDU.csv": 400,
    }
    for rows in labels.values():
        assert rows[["activation", "valence"]].stack().between(1, 5).all()
        assert (rows[["activation", "valence"]].stack() * 2 % 1 == 0).all()
