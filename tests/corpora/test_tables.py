"""Tables as people make them in spreadsheets and notebooks: each kind is read as it was meant, or noted."""

import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from sernb.corpora.genders import genders
from sernb.corpora.paths import located
from sernb.corpora.tables import number, one_name_each
from sernb.data.manifest import harmonize

ROWS = "path,speaker,emotion,gender\nclips/a.wav,s1,angry,f\nclips/b.wav,s2,sad,m\n"


def corpus(folder: Path, noise, table: bytes | str, *names: str) -> pd.DataFrame:
    """The manifest of a corpus with such a table; its rows by file name."""
    for name in names or ("clips/a.wav", "clips/b.wav"):
        noise(folder / "mine" / name)
    (folder / "mine" / "corpus.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    manifest = harmonize(folder, progress=False).manifest
    return manifest.set_index(manifest["path"].map(lambda path: Path(path).name))


@pytest.mark.parametrize(
    "table",
    [
        ROWS.replace("path,speaker,emotion,gender", "Path, Speaker ,EMOTION,Gender").encode(),
        ROWS.replace("path,speaker,emotion,gender", "File Name,Speaker-ID,Emotion Label,Sex").encode(),
        ROWS.replace("path,speaker,emotion,gender", "Datei,Sprecher,Gefühl,Geschlecht").encode(),
        ROWS.replace(",", ";").encode("utf-8-sig"),
        ROWS.replace(",", "\t").encode(),
        ROWS.replace(",", "|").encode(),
        ROWS.replace("\n", "\r\n").encode("utf-16"),  # Excel's "Unicode text", but for the commas
        ROWS.replace(",", "\t").encode("utf-16"),
        b"sep=;\r\n" + ROWS.replace(",", ";").encode(),
        b"\n" + ROWS.replace("\n", ",,\n").encode() + b",,,,,\n,,,,,\n",  # empty lines and columns at the edges
        ROWS.replace("m\n", "m,\n").encode(),  # one separator too many
        ROWS.replace(",", ", ").replace("angry", '"angry"').encode(),
        ROWS.replace("clips/", ".\\clips\\").encode(),
        ROWS.replace("clips/", "./clips//").encode(),
        ROWS.replace("clips/a.wav", "Clips/A.WAV").encode(),
        ROWS.replace(".wav", "").encode(),
        ROWS.replace("clips/", "C:\\Users\\Lenovo\\My Corpus\\clips\\").encode(),
        ROWS.replace("clips/", "/content/drive/MyDrive/mine/clips/").encode(),
    ],
)
def test_kinds_of_tables(tmp_path: Path, noise, table: bytes):
    rows = corpus(tmp_path, noise, table)
    assert rows["speaker"].to_dict() == {"a.wav": "mine/s1", "b.wav": "mine/s2"}
    assert rows["emotion"].to_dict() == {"a.wav": "angry", "b.wav": "sad"}
    assert rows["gender"].to_dict() == {"a.wav": "female", "b.wav": "male"}


@pytest.mark.parametrize(("written", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_composed_and_decomposed(tmp_path: Path, noise, written: str, stored: str):
    name = "größe/é.wav"
    table = unicodedata.normalize(written, f"path,speaker\n{name},Zoé\n")
    rows = corpus(tmp_path, noise, table, unicodedata.normalize(stored, name))
    assert rows["speaker"].item() == unicodedata.normalize("NFC", "mine/Zoé")


def test_folders_left_out_are_noted_and_only_those_all_paths_share(tmp_path: Path):
    audio = [str(tmp_path / name) for name in ("s1/1.wav", "s2/1.wav")]
    for path in map(Path, audio):
        path.parent.mkdir(parents=True)
        path.touch()
    paths, note = located(["D:\\data\\s1\\1.wav", "D:\\data\\s2\\1.wav", None], tmp_path, audio)
    assert paths[:2] == audio and "'D:/data', which isn't here" in note
    # s3 is missing: its clip is not taken for another speaker's
    paths, note = located(["s1/1.wav", "s3/1.wav"], tmp_path, audio)
    assert paths == [audio[0], str(tmp_path / "s3" / "1.wav")] and note is None


def test_speakers_whose_zeros_a_spreadsheet_dropped(tmp_path: Path, noise):
    table = "path,speaker\nclips/a.wav,01\nclips/b.wav,1\n"
    rows = corpus(tmp_path, noise, table)
    assert set(rows["speaker"]) == {"mine/1"}
    assert rows.loc["a.wav", "note"] == "speaker '01' is taken for speaker '1': give every speaker one spelling"
    assert one_name_each(["007", "7.0", "8", "08a", "10", None]) == {"007": "007", "7.0": "007"}
    assert one_name_each(["01", "02", "a1", "A01"]) == {}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["weiblich", "Männlich", "W.", "M"], "fmfm"),
        (["femme", "Homme"], "fm"),
        (["mujer", "HOMBRE"], "fm"),
        (["F.", "M.", None, "x"], "fm--"),
        (["H", "M"], "mf"),  # hombre, mujer
        (["F", "H"], "fm"),  # femme, homme
        (["N", "F"], "fm"),  # nő, férfi
        (["K", "E"], "fm"),  # kadın, erkek
        (["L", "P"], "mf"),  # laki-laki, perempuan
        (["женский", "м", "ж"], "fmf"),
        (["মহিলা", "পুরুষ"], "fm"),
        (["عورت", "مرد"], "fm"),
        (["女", "男"], "fm"),
        (["0", "1", "2"], "---"),  # which is which differs from corpus to corpus
        (["M", "M"], "mm"),
    ],
)
def test_genders_in_the_words_of_many_languages(cells: list[str | None], expected: str):
    assert genders(cells) == [{"f": "female", "m": "male", "-": None}[letter] for letter in expected]


def test_what_is_not_understood_is_noted(tmp_path: Path, noise):
    table = 'path;speaker;gender;split;valence;arousal\nclips/a.wav;1;0;Teil 3;hoch;"2,5"\nclips/b.wav;2;unknown;;;\n'
    rows = corpus(tmp_path, noise, table)
    assert rows.loc["a.wav", "note"].split("\n") == [
        "gender '0' is not understood: write female or male",
        "split 'Teil 3' is not understood: write train, validation or test",
        "valence 'hoch' is not understood: write a number",
    ]
    assert rows.loc["a.wav", "activation"] == 2.5
    assert pd.isna(rows.loc["b.wav", "note"])


def test_a_table_without_an_emotion_column_names_the_columns_left(tmp_path: Path, noise):
    rows = corpus(tmp_path, noise, "path,speaker,accent,emotion_ai\nclips/a.wav,1,north,Sad\n", "clips/a.wav")
    assert rows["note"].item() == "no column is called emotion or label; not read are 'accent', 'emotion_ai'"


def test_numbers():
    assert [number(text) for text in ("2.5", "2,5", "1.234,5", "", None, "inf")] == [2.5, 2.5, None, None, None, None]


def test_a_nested_corpus_is_named(tmp_path: Path, noise):
    noise(tmp_path / "mine" / "inner" / "wav" / "c.wav")
    (tmp_path / "mine" / "inner" / "corpus.csv").write_text("path,speaker\nwav/c.wav,1\n")
    corpus(tmp_path, noise, ROWS)
    (reason,) = harmonize(tmp_path, progress=False).rejected["reason"]
    assert reason == (
        "there, but not listed in corpus.csv; inner has a table of its own: move it out of mine, to lie beside it"
    )


@pytest.mark.parametrize("split", ["valid", "eval", "Train"])
def test_audiofolder_of_any_splits(tmp_path: Path, noise, split: str):
    for name in (split, "custom"):
        noise(tmp_path / "set" / name / f"{name}.wav")
        (tmp_path / "set" / name / "metadata.csv").write_text(f"file_name,emotion,speaker\n{name}.wav,sad,{name}\n")
    noise(tmp_path / "set" / "extra" / "x.wav")
    result = harmonize(tmp_path, progress=False)
    assert len(result.manifest) == 2 and set(result.manifest["corpus"]) == {"set"}
    assert result.rejected["reason"].tolist() == ["there, but in no folder of set with a metadata file"]
