"""Parquet made to do harm: little is unpacked of a bomb, and nothing of it is left."""

from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sernb.corpora import hfparquet
from sernb.corpora.base import TableError
from sernb.data.manifest import harmonize

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


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


def repeated(value: object, rows: int) -> pa.Array:
    """One value in each of many rows, in the file once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([value]))


@pytest.mark.parametrize(("length", "rows"), [(100_000, 2_000), (1, 2_000_000)], ids=["long cells", "many rows"])
def test_text_counts_as_audio_does(tmp_path: Path, length: int, rows: int):
    folder = tmp_path / "corpora" / "set"
    folder.mkdir(parents=True)
    nothing = pa.StructArray.from_arrays([pa.nulls(rows, pa.binary()), pa.nulls(rows, pa.string())], ["bytes", "path"])
    table = pa.table({"audio": nothing, "emotion": repeated("s" * length, rows)})
    pq.write_table(table, folder / "train.parquet", compression="zstd", store_schema=False)
    assert (folder / "train.parquet").stat().st_size < 20_000
    result = harmonize(tmp_path / "corpora", progress=False, unpacked=tmp_path / "unpacked")
    assert "far more than its size" in result.rejected["reason"].item()
    assert not list(tmp_path.glob("unpacked/*"))


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


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4))
def test_damaged_parquet_is_described(tmp_path: Path, changes: list[tuple[float, bytes]]):
    buffer = BytesIO()
    audio = [{"bytes": b"fLaC" * 100, "path": "a.flac"}] * 3
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
