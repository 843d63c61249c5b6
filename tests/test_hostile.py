"""Corpora made to do harm: nothing outside their folder is read, nothing they contain is run, nothing crashes."""

import json
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from sernb.checks import check
from sernb.cli import app
from sernb.corpora import hfparquet
from sernb.corpora.base import TableError
from sernb.escape import cell, markdown, printable
from sernb.manifest import harmonize

MARKUP = "<script>alert(1)</script>|[x](javascript:alert(1))|**b**|`c`|{eval-rst}|[red]r[/red]|\x1b[2J|=1+1"


def write_csv(folder: Path, *paths: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.csv").write_text("path,speaker\n" + "".join(f'"{path}",1\n' for path in paths))


@pytest.fixture
def secret(tmp_path: Path, noise) -> Path:
    return noise(tmp_path / "secret.wav")


def test_paths_that_leave_the_folder_are_refused(tmp_path: Path, secret: Path, noise):
    noise(tmp_path / "corpora" / "mine" / "good.wav")
    noise(tmp_path / "corpora" / "mine-too" / "neighbour.wav")  # its folder's name begins as the corpus's does
    absolute = noise(tmp_path / "elsewhere" / "absolute.wav")
    leaving = ("../../secret.wav", str(absolute), "a/../../../x.wav", "../mine-too/neighbour.wav")
    write_csv(tmp_path / "corpora" / "mine", "good.wav", *leaving)
    result = harmonize(tmp_path / "corpora", progress=False)
    assert [Path(path).name for path in result.manifest["path"]] == ["good.wav"]
    assert len(result.rejected) == 4
    assert result.rejected["reason"].str.contains("leaves the corpus's folder").all()


def test_links_out_of_the_folder_are_refused(tmp_path: Path, secret: Path, noise):
    folder = tmp_path / "corpora" / "mine"
    noise(folder / "good.wav")
    (folder / "inside.wav").symlink_to(folder / "good.wav")
    (folder / "outside.wav").symlink_to(secret)
    (folder / "dangling.wav").symlink_to(folder / "none.wav")
    (folder / "loop").symlink_to(folder)
    (folder / "up").symlink_to(tmp_path)
    write_csv(folder, "good.wav", "inside.wav", "outside.wav", "dangling.wav", "up/secret.wav", "loop/good.wav")
    result = harmonize(tmp_path / "corpora", progress=False)
    kept = [Path(path).relative_to(folder).as_posix() for path in result.manifest["path"]]
    assert kept == ["good.wav", "inside.wav", "loop/good.wav"]
    reasons = {Path(row.path).name: row.reason for row in result.rejected.itertuples()}
    assert reasons == {
        "outside.wav": "a link out of the corpus's folder: refused",
        "dangling.wav": "listed, but missing",
        "secret.wav": "path leaves the corpus's folder: refused",
    }


def test_corpora_known_by_name_follow_no_link_out_either(tmp_path: Path, secret: Path, noise):
    noise(tmp_path / "corpora" / "URDU" / "Angry" / "SM1_F1_A01.wav")
    (tmp_path / "corpora" / "URDU" / "Angry" / "SM1_F1_A02.wav").symlink_to(secret)
    result = harmonize(tmp_path / "corpora", progress=False)
    assert len(result.manifest) == 1
    assert result.rejected["reason"].item() == "a link out of the corpus's folder: refused"


def test_names_no_file_system_or_format_takes(tmp_path: Path, noise):
    folder = tmp_path / "corpora" / "URDU"
    noise(folder / "Angry" / "SM1_F1_A01.wav")
    noise(Path(os.fsdecode(os.fsencode(folder / "Angry") + b"/SM1_F1_A0\xe8.wav")))  # Latin-1, as old archives have it
    write_csv(tmp_path / "corpora" / "mine", "a" * 5000 + ".wav", "nul\x00.wav")
    result = harmonize(tmp_path / "corpora", progress=False)
    assert len(result.manifest) == 1
    assert len(result.rejected) == 3
    result.save(tmp_path / "out")


def test_json_with_half_a_character(tmp_path: Path, noise):
    noise(tmp_path / "set" / "a.wav")
    row = json.dumps({"file_name": "a.wav", "emotion": "sad", "speaker": "\ud800x"})
    (tmp_path / "set" / "metadata.jsonl").write_text(row)
    result = harmonize(tmp_path, progress=False)
    assert result.manifest["speaker"].item() == "set/\\ud800x"
    result.save(tmp_path / "out")


def test_json_nested_without_end(tmp_path: Path, noise):
    noise(tmp_path / "set" / "a.wav")
    (tmp_path / "set" / "metadata.jsonl").write_text('{"file_name": "a.wav", "emotion": ' + "[" * 100_000)
    assert "metadata.jsonl can't be read" in harmonize(tmp_path, progress=False).rejected["reason"].item()


def bomb(folder: Path, size: int, rows: int) -> Path:
    """A Parquet file of a few kB whose audio column repeats one value of `size` zeros `rows` times."""
    folder.mkdir(parents=True)
    zeros = pa.array([bytes(size)], pa.binary()).take(pa.array([0]))
    audio = pa.StructArray.from_arrays(
        [pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), zeros), pa.array(["x.wav"] * rows)],
        ["bytes", "path"],
    )
    file = folder / "train.parquet"
    table = pa.table({"audio": audio, "emotion": ["sad"] * rows})
    pq.write_table(table, file, compression="zstd", dictionary_pagesize_limit=1 << 30, store_schema=False)
    assert file.stat().st_size < 100_000
    return file


@pytest.mark.parametrize(("size", "rows"), [(1 << 21, 1), (1 << 19, 1000)])
def test_parquet_bombs_are_not_unpacked(tmp_path: Path, size: int, rows: int, monkeypatch):
    monkeypatch.setattr(hfparquet, "MAX_EXPANSION_FLOOR", 1 << 20)
    bomb(tmp_path / "set", size, rows)
    with pytest.raises(TableError, match="far more than its size"):
        hfparquet.write_audiofolder(tmp_path / "set", tmp_path / "unpacked")
    assert sum(path.stat().st_size for path in (tmp_path / "unpacked").rglob("*.wav")) <= 1 << 20


def test_nothing_is_left_of_a_parquet_bomb(tmp_path: Path):
    bomb(tmp_path / "corpora" / "set", 1 << 24, 100)
    result = harmonize(tmp_path / "corpora", progress=False, unpacked=tmp_path / "unpacked")
    assert "far more than its size" in result.rejected["reason"].item()
    assert not list(tmp_path.glob("unpacked/*"))


def test_parquet_that_crashes_its_reader_is_rejected(tmp_path: Path, monkeypatch):
    bomb(tmp_path / "corpora" / "set", 10, 1)
    (tmp_path / "bin").mkdir()
    crash = tmp_path / "bin" / "python"
    crash.write_text("#!/bin/sh\nkill -ABRT $$\n")
    crash.chmod(0o755)
    monkeypatch.setattr(hfparquet.sys, "executable", str(crash))
    result = harmonize(tmp_path / "corpora", progress=False, unpacked=tmp_path / "unpacked")
    assert "crashed" in result.rejected["reason"].item()


def test_parquet_may_hold_what_audio_needs(tmp_path: Path, noise):
    clip = noise(tmp_path / "a.wav", seconds=10, rate=48_000).read_bytes()
    (tmp_path / "corpora" / "set").mkdir(parents=True)
    table = pa.table({"audio": [{"bytes": clip, "path": "a"}] * 100, "emotion": ["sad"] * 100})
    pq.write_table(table, tmp_path / "corpora" / "set" / "train.parquet", use_dictionary=False)
    folder = hfparquet.unpack(tmp_path / "corpora" / "set", tmp_path / "unpacked")
    assert len(list((folder / "audio").iterdir())) == 100


def test_names_in_a_parquet_choose_no_path(tmp_path: Path, noise):
    clip = noise(tmp_path / "a.wav").read_bytes()
    (tmp_path / "corpora" / "set").mkdir(parents=True)
    row = {"bytes": clip, "path": "../../../escaped.wav"}
    pq.write_table(
        pa.table({"audio": [row], "emotion": ["sad"], "dataset": ["../../up"]}),
        tmp_path / "corpora" / "set" / "x.parquet",
    )
    result = harmonize(tmp_path / "corpora", progress=False, unpacked=tmp_path / "unpacked")
    assert Path(result.manifest["path"].item()).is_relative_to(tmp_path / "unpacked")
    assert not list(tmp_path.rglob("escaped*"))


def test_markup_is_shown_not_rendered(tmp_path: Path, noise):
    folder = tmp_path / "corpora" / "mine"
    for name in ("a.wav", "b.wav"):
        noise(folder / name)
    (folder / "b.wav").write_bytes((folder / "a.wav").read_bytes())
    quoted = MARKUP.replace('"', '""')
    (folder / "corpus.csv").write_text(f'path,speaker,emotion\na.wav,"{quoted}","{quoted}"\nb.wav,"{quoted}",sad\n')
    printed = CliRunner().invoke(app, ["harmonize", str(tmp_path / "corpora"), "--out", str(tmp_path / "out")])
    assert printed.exit_code == 0, printed.exception
    printed = CliRunner().invoke(app, ["audit", str(tmp_path / "out")])
    assert "\x1b[2J" not in printed.output
    assert "[red]" in printed.output.replace("\n", "").replace(" ", "")
    page = (tmp_path / "out" / "card.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page
    card = (tmp_path / "out" / "card.md").read_text()
    assert "\x1b" not in card + page
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(card)
    assert "alert(1)" in rendered and "<table>" in rendered
    for dangerous in ("<script", "<a ", "<strong", "<code"):
        assert dangerous not in rendered


@given(st.text(max_size=60))
@example(MARKUP)
@settings(max_examples=100, deadline=None)
def test_escaped_text_is_inert(text: str):
    assert printable(text).isprintable()
    shown = markdown(text)
    for place, character in enumerate(shown):
        if character in "<>|`*_[]{}$&!#~":
            before = shown[:place]
            assert (len(before) - len(before.rstrip("\\"))) % 2 == 1  # each is escaped, and its escape is not
    assert not str(cell(text)).startswith(("=", "+", "-", "@"))


def encoded(kind: str) -> bytes:
    samples = np.random.default_rng(0).normal(0, 0.1, 2_000)
    buffer = BytesIO()
    soundfile.write(buffer, samples, 16_000, format=kind)
    return buffer.getvalue()


SOUNDS = {kind: encoded(kind) for kind in ("WAV", "FLAC", "AIFF", "OGG", "MP3", "W64", "CAF", "RF64")}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(SOUNDS)),
    changes=st.lists(st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=8)), max_size=6),
    length=st.integers(0, 6_000),
)
@example(kind="WAV", changes=[(24, b"\x00\x00\x00\x00")], length=6_000)  # 0 Hz
@example(kind="WAV", changes=[(22, b"\xff\xff")], length=6_000)  # 65,535 channels
def test_damaged_audio_is_described(tmp_path: Path, kind: str, changes: list[tuple[int, bytes]], length: int):
    data = bytearray(SOUNDS[kind])
    for place, change in changes:
        data[place : place + len(change)] = change
    path = tmp_path / "x.wav"
    path.write_bytes(data[:length])
    found = check(path)
    assert found.problem or found.audio_hash
    assert found.problem or (found.duration_s > 0 and np.isfinite(found.peak))
    quick = check(path, headers_only=True)
    assert quick.problem or quick.duration_s > 0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), suffix=st.sampled_from([".wav", ".mp3", ".flac", ".au", ".ogg", ".m4a"]))
def test_noise_instead_of_audio_is_described(tmp_path: Path, data: bytes, suffix: str):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(data)
    found = check(path)
    assert found.problem or found.audio_hash


TABLES = {
    "corpus.csv": b"path,speaker,emotion,gender,language,split,valence\n"
    b"a.wav,1,sad,f,ur,train,1\nb.wav,2,angry,m,de,test,2\n",
    "metadata.csv": b"file_name,speaker,emotion,gender\na.wav,1,sad,f\nb.wav,2,angry,m\n",
    "metadata.jsonl": b'{"file_name": "a.wav", "emotion": "sad"}\n{"file_name": "b.wav", "emotion": "happy"}\n',
    "db.yaml": b"name: x\nsource: x\nusage: research\nlanguages: [deu]\nschemes:\n  emotion: {dtype: str}\n"
    b"tables:\n  t:\n    type: filewise\n    columns:\n      emotion: {scheme_id: emotion}\n",
    "db.t.csv": b"file,emotion\na.wav,sad\nb.wav,angry\n",
    "Labels/labels_consensus.csv": b"FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set\n"
    b"a.wav,N,4,5,5,1,Male,Train\nb.wav,A,5,2,5,2,Female,Test1\n",
    "Partitions.txt": b"Train; a.wav\nTest3; b.wav\n",
    "validated.tsv": b"client_id\tpath\tgender\tlocale\n1\ta.wav\tmale\tur\n2\tb.wav\tfemale\tur\n",
    "clip_durations.tsv": b"clip\tduration[ms]\na.wav\t1000\nb.wav\t2000\n",
    "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": b"[6.2 - 8.2]\tSes01F_impro01_F000\tneu\t[2.5, 2.5, 2.5]\n",
    "VideoDemographics.csv": b"ActorID,Age,Sex,Race,Ethnicity\n1001,51,Male,x,y\n",
}
WITH = {  # what else makes a corpus of a table: where its audio lies, and tables beside it
    "metadata.csv": ("", ()),
    "db.yaml": ("", ("db.t.csv",)),
    "db.t.csv": ("", ("db.yaml",)),
    "Labels/labels_consensus.csv": ("Audios/", ()),
    "Partitions.txt": ("Audios/", ("Labels/labels_consensus.csv",)),
    "validated.tsv": ("clips/", ()),
    "clip_durations.tsv": ("clips/", ("validated.tsv",)),
    "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": ("Session1/sentences/wav/Ses01F_impro01/", ()),
    "VideoDemographics.csv": ("AudioWAV/1001_DFA_ANG_XX/", ()),
}
HARM = (b"../a.wav", b"/etc/passwd", b"\x00", b"\xff\xfe", b'"', b"\t", b"\n", b",", b"1e999", b"1.2.3", b"&a [*a]")
CHANGES = st.tuples(st.integers(0, 160), st.integers(0, 12), st.sampled_from(HARM) | st.binary(max_size=6))
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=15, deadline=None, suppress_health_check=QUIET)
@given(changes=st.lists(CHANGES, min_size=1, max_size=4))
@example(changes=[(84, 0, b"../a.wav")])  # in db.yaml: no tables left
@pytest.mark.parametrize("name", TABLES)
def test_damaged_tables_lose_no_file(tmp_path: Path, name: str, changes: list[tuple[int, int, bytes]]):
    place, others = WITH.get(name, ("", ()))
    for file in ("a.wav", "b.wav", "AudioWAV/1001_DFA_ANG_XX.wav" if name == "VideoDemographics.csv" else "c.wav"):
        path = tmp_path / "corpora" / "it" / (place if "/" not in file else "") / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SOUNDS["WAV"])
    for table in (name, *others):
        path = tmp_path / "corpora" / "it" / table
        path.parent.mkdir(parents=True, exist_ok=True)
        data = bytearray(TABLES[table])
        for start, length, new in changes if table == name else ():
            data[start : start + length] = new
        path.write_bytes(data)
    try:
        result = harmonize(tmp_path / "corpora", progress=False)
    except FileNotFoundError:
        return  # so damaged that no corpus is recognised
    rows = [*result.manifest["path"], *result.rejected["path"]]
    found = [str(path) for path in (tmp_path / "corpora").rglob("*.wav") if path.is_file()]
    assert set(found) <= set(rows)
    assert all(rows.count(path) >= 1 for path in found)
    inside = str(tmp_path / "corpora" / "it") + os.sep
    assert result.manifest["path"].map(lambda path: os.path.realpath(path).startswith(inside)).all()


@settings(max_examples=4, deadline=None, suppress_health_check=QUIET)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4))
def test_damaged_parquet_is_described(tmp_path: Path, changes: list[tuple[float, bytes]]):
    buffer = BytesIO()
    audio = [{"bytes": SOUNDS["FLAC"][:500], "path": "a.flac"}] * 3
    pq.write_table(pa.table({"audio": audio, "emotion": ["sad"] * 3, "speaker": ["1", "2", "3"]}), buffer)
    data = bytearray(buffer.getvalue())
    for place, change in changes:
        start = int(place * (len(data) - 8))
        data[start : start + len(change)] = change
    folder = tmp_path / "corpora" / "set"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.parquet").write_bytes(data)
    try:
        result = harmonize(tmp_path / "corpora", progress=False, unpacked=tmp_path / "unpacked")
    except FileNotFoundError:
        return  # so damaged that no corpus is recognised
    assert len(result.manifest) + len(result.rejected) >= 1
