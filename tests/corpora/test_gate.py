"""One gate for every table, YAML and JSON of a corpus: what may not pass rejects its corpus, in time, and no other."""

import os
from pathlib import Path

import audformat
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sernb.corpora import audformat as parser
from sernb.corpora import base, gate
from sernb.corpora.base import TableError
from sernb.corpora.iemocap import TURN
from sernb.corpora.tables import read_table
from sernb.data.manifest import harmonize

# a table of each parser that reads any, and an audio file that makes it a corpus
TABLES = {
    "corpus.csv": "a.wav",
    "metadata.csv": "a.wav",
    "metadata.jsonl": "a.wav",
    "train/metadata.csv": "train/a.wav",
    "db.yaml": "a.wav",
    "validated.tsv": "clips/a.mp3.wav",
    "Labels/labels_consensus.csv": "Audios/a.wav",
    "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": "Session1/sentences/wav/Ses01F_impro01/a.wav",
}


@pytest.fixture
def good(tmp_path: Path, noise) -> Path:
    """A folder of corpora with one that is in order."""
    noise(tmp_path / "corpora" / "URDU" / "Angry" / "SM1_F1_A01.wav")
    return tmp_path / "corpora"


def reason(root: Path) -> str:
    """Why a corpus was rejected, while the other was kept."""
    result = harmonize(root, progress=False)
    assert len(result.manifest) == 1
    (reason,) = set(result.rejected["reason"])
    return reason


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "outside"])
def test_only_files_of_the_corpus_pass(good: Path, noise, name: str, kind: str):
    noise(good / "it" / TABLES[name])
    table = good / "it" / name
    table.parent.mkdir(parents=True, exist_ok=True)
    if kind == "fifo":
        os.mkfifo(table)
    elif kind == "folder":
        table.mkdir()
    elif kind == "device":
        table.symlink_to("/dev/zero")
    else:
        (good.parent / "secret").write_text("path,speaker,file_name,emotion\na.wav,1,a.wav,sad\n")
        table.symlink_to(good.parent / "secret")
    said = "is not a regular file" if kind in ("fifo", "folder") else "leads out of the corpus's folder"
    assert f"{table.parent.name}/{table.name} {said}" in reason(good)


def test_a_linked_folder_of_labels_does_not_lead_out(good: Path, noise):
    noise(good / "it" / "Audios" / "a.wav")
    (good.parent / "elsewhere").mkdir()
    (good.parent / "elsewhere" / "labels_consensus.csv").write_text("FileName\n")
    (good / "it" / "Labels").symlink_to(good.parent / "elsewhere")
    assert "leads out of the corpus's folder" in reason(good)


def test_size_and_cells_are_limited(tmp_path: Path, monkeypatch):
    table = tmp_path / "t.csv"
    with table.open("wb") as file:
        file.truncate(gate.MAX_BYTES + 1)  # takes no room on disk
    with pytest.raises(TableError, match="t.csv is larger than 1024 MiB"):
        read_table(table)
    table.write_text("a,b\n" + "1,2\n" * 10)
    monkeypatch.setattr(gate, "MAX_CELLS", 15)
    with pytest.raises(TableError, match="t.csv claims 11 rows of 2 columns"):
        read_table(table)


def test_a_file_of_zeros_is_no_table(tmp_path: Path):
    with (tmp_path / "t.csv").open("wb") as file:
        file.truncate(1 << 20)
    with pytest.raises(TableError, match="no header"):
        read_table(tmp_path / "t.csv")


def test_a_corpus_without_its_audio_keeps_the_others(good: Path):
    (good / "msp" / "Labels").mkdir(parents=True)
    (good / "msp" / "Labels" / "labels_consensus.csv").write_text(
        "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set\na.wav,N,4,5,5,1,Male,Train\n"
    )
    assert reason(good) == "listed, but missing"


def test_folders_nested_without_end(good: Path, noise):
    noise(good / "mine" / "a.wav")
    (good / "mine" / "corpus.csv").write_text("path,speaker\na.wav,1\n")
    here = os.open(good / "mine", os.O_RDONLY)
    for _ in range(250):  # more letters than a path may have
        os.mkdir("d" * 20, dir_fd=here)
        below = os.open("d" * 20, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert f"mine nests folders more than {base.MAX_DEPTH} deep" in reason(good)


def test_turns_of_any_length_take_no_time():
    assert TURN.fullmatch("Ses01F_impro" + "_F" * 60_000) is None
    assert TURN.fullmatch("Ses01F_script" + "01_F" * 20_000 + "F000")["speaker"] == "F"
    assert TURN.fullmatch("Ses05M_script03_2_F012").groupdict() == {"session": "5", "style": "script", "speaker": "F"}


@pytest.fixture
def database(good: Path, noise) -> Path:
    """A corpus in audformat, stored as csv."""
    noise(good / "db" / "a.wav")
    db = audformat.Database("mydb", source="here", usage="research")
    db.schemes["emotion"] = audformat.Scheme("str")
    db["files"] = audformat.Table(audformat.filewise_index(["a.wav"]))
    db["files"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["files"]["emotion"].set(["anger"])
    db.save(str(good / "db"), storage_format="csv")
    return good / "db"


def repeated(path: Path, text: str, rows: int) -> None:
    """A Parquet table of a few hundred bytes that holds one text in many rows."""
    numbers = pa.array([0] * rows, pa.int32())
    columns = {
        name: pa.DictionaryArray.from_arrays(numbers, pa.array([value]))
        for name, value in (("file", "a.wav"), ("emotion", text))
    }
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False, dictionary_pagesize_limit=1 << 30)
    assert path.stat().st_size < 10_000


def test_a_parquet_table_that_asks_for_gigabytes(good: Path, database: Path):
    (database / "db.files.csv").unlink()
    repeated(database / "db.files.parquet", "x" * (1 << 20), 4_000)
    assert "db/db.files.parquet holds more than 1024 MiB of text when read" in reason(good)


def test_a_parquet_table_of_endless_rows(good: Path, database: Path, monkeypatch):
    (database / "db.files.csv").unlink()
    monkeypatch.setattr(gate, "MAX_CELLS", 1_000)
    repeated(database / "db.files.parquet", "sad", 1_000)
    assert "db/db.files.parquet claims 1000 rows of 2 columns" in reason(good)


def test_a_parquet_table_in_order_passes(good: Path, database: Path):
    (database / "db.files.csv").unlink()
    pd.DataFrame({"file": ["a.wav"], "emotion": ["anger"]}).to_parquet(database / "db.files.parquet")
    assert len(harmonize(good, progress=False).manifest) == 2


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_of_a_database_pass_the_gate(good: Path, database: Path, kind: str):
    (database / "db.files.csv").rename(good.parent / "outside")
    (database / f"db.files.{kind}").symlink_to(good.parent / "outside")
    assert f"db/db.files.{kind} leads out of the corpus's folder" in reason(good)


@pytest.mark.parametrize(("depth", "said"), [(100, f"nested more than {parser.MAX_DEPTH} deep"), (100_000, "nest")])
def test_a_header_nested_without_end(good: Path, database: Path, depth: int, said: str):
    with (database / "db.yaml").open("a") as header:
        header.write("meta: " + "[" * depth)
    assert said in reason(good)
