"""Stores made to do harm: a run, a manifest or a cache is believed in what it proves, and never written through."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stored import PLACE, answers, store

from sernb.data import files
from sernb.data.export import EXPORTERS
from sernb.data.inspection import check_all
from sernb.data.manifest import MANIFEST_FILE, Harmonized, harmonize
from sernb.evaluation.model_card import CARD_FILE, carded
from sernb.experiments.kept import Kept, add_runs
from sernb.experiments.stored import RUNS_FILE, open_stored
from sernb.results import report
from sernb.runs import FinishedRuns, Run, RunStore, finished_runs, partial_folder


@dataclass(frozen=True)
class Config:
    seed: int = 0


def fill(folder: Path) -> None:
    (folder / "metrics.jsonl").write_text('{"epoch": 1, "step": 3, "loss": 0.5}\n')
    answers(np.random.default_rng(0), speakers=1).to_parquet(folder / "predictions.parquet")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return RunStore(tmp_path / "runs").run("baseline", Config(), {"data": "a"}, fill)


def one_line(caught: pytest.ExceptionInfo) -> str:
    message = str(caught.value)
    assert message.isprintable() and len(message) < 1000
    return message


@pytest.mark.parametrize("finder", [RunStore, FinishedRuns])
def test_a_run_whose_config_does_not_give_its_name_is_refused(run: Run, finder):
    forged = run.config | {"inputs": {"data": "b"}}
    (run.folder / "config.json").write_text(json.dumps(forged))
    with pytest.raises(ValueError, match="config.json gives the name") as caught:
        finder(run.folder.parent).run("baseline", Config(), {"data": "a"}, fill)
    one_line(caught)


def test_forged_results_under_another_runs_name_are_not_reported(tmp_path: Path):
    run = store(tmp_path / "runs" / "a", 0, answers(np.random.default_rng(0)))
    add_runs(tmp_path, [Kept(run, "baseline")])
    assert len(report.stored("baseline", tmp_path)) == 1
    shutil.copytree(run.folder, run.folder.with_name("baseline-000000000000"))
    with pytest.raises(ValueError, match="baseline-000000000000.*remove the folder"):
        finished_runs(tmp_path / "runs")
    table = pd.read_parquet(tmp_path / RUNS_FILE)
    table.assign(run="baseline-000000000000").to_parquet(tmp_path / RUNS_FILE)
    with pytest.raises(ValueError, match="baseline-000000000000 gives the name") as caught:
        report.stored("baseline", tmp_path)
    one_line(caught)


@pytest.mark.parametrize(
    ("column", "value"), [("config", "{}"), ("config", "\x1b[2J"), ("inputs", None), ("environment", "[]")]
)
def test_forged_tables_of_runs(run: Run, tmp_path: Path, column: str, value: str | None):
    add_runs(tmp_path, [Kept(run, "baseline")])
    pd.read_parquet(tmp_path / RUNS_FILE).assign(**{column: value}).to_parquet(tmp_path / RUNS_FILE)
    with pytest.raises(ValueError, match=RUNS_FILE) as caught:
        _ = [one.environment for one in report.stored("baseline", tmp_path)]
    one_line(caught)


def test_every_stored_reference_run_gives_its_name():
    stored = open_stored(report.FOLDER)
    runs = [run for group in stored.runs["group"].unique() for run in stored.group(group)]
    assert len(runs) == len(stored.runs) > 100 and all(run.environment["wall_s"] > 0 for run in runs)


ENVIRONMENTS = {
    "a list": [],
    "no date": {name: value for name, value in PLACE.items() if name != "date"},
    "text for seconds": PLACE | {"wall_s": "\x1b[2J"},
    "no versions": PLACE | {"versions": ["torch"]},
    "a path for the first stage": PLACE | {"stage1": "../../../etc"},
    "a number for the first stage": PLACE | {"stage1": 1},
    "a list for the encoder": PLACE | {"encoder": ["whisper-tiny"]},
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_forged_environments(run: Run, name: str):
    (run.folder / "environment.json").write_text(json.dumps(ENVIRONMENTS[name]))
    with pytest.raises(ValueError, match="environment.json") as caught:
        _ = run.environment
    one_line(caught)


PREDICTIONS = {
    "without part": lambda table: table.drop(columns="part"),
    "without classes": lambda table: table.drop(columns="p_sad"),
    "a class nobody knows": lambda table: table.assign(emotion="\x1b[2J"),
    "text": lambda table: table.assign(p_sad="1"),
    "beyond one": lambda table: table.assign(p_sad=2.0),
    "without rows and columns": lambda table: pd.DataFrame(),
}


@pytest.mark.parametrize("name", PREDICTIONS)
def test_forged_predictions(run: Run, name: str):
    PREDICTIONS[name](run.predictions).to_parquet(run.folder / "predictions.parquet")
    with pytest.raises(ValueError, match="predictions.parquet") as caught:
        _ = run.predictions
    one_line(caught)


@pytest.mark.parametrize("kind", ["fifo", "empty", "text"])
@pytest.mark.parametrize("name", ["config.json", "environment.json", "predictions.parquet"])
def test_only_files_of_their_kind_are_read(run: Run, name: str, kind: str):
    file = run.folder / name
    file.unlink()
    os.mkfifo(file) if kind == "fifo" else file.write_text("" if kind == "empty" else "\x1b[2J")
    with pytest.raises(ValueError, match=name) as caught:
        _ = (run.config, run.environment, run.predictions)
    one_line(caught)


def test_a_small_table_that_fills_the_memory(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(files, "MAX_TABLE", 1 << 24)
    constant = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"a": constant}), tmp_path / "x.parquet", compression="zstd", store_schema=False)
    assert (tmp_path / "x.parquet").stat().st_size < 10_000
    with pytest.raises(ValueError, match="unpacks to more than"):
        files.read_table(tmp_path / "x.parquet")


@pytest.mark.parametrize("at", ["folder", "inside"])
def test_what_was_begun_is_not_written_through_links(tmp_path: Path, at: str):
    runs = RunStore(tmp_path / "runs")
    partial = partial_folder(runs.identity("toy", Config(), {})[1])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("mine")
    partial.parent.mkdir()
    if at == "folder":
        partial.symlink_to(elsewhere)
    else:
        partial.mkdir()
        (partial / "metrics.jsonl").symlink_to(elsewhere / "mine")
    with pytest.raises(ValueError, match="is a link"):
        runs.run("toy", Config(), {}, fill)
    assert [path.name for path in elsewhere.iterdir()] == ["mine"] and (elsewhere / "mine").read_text() == "mine"


def test_files_are_replaced_not_written_through_links(tmp_path: Path):
    run = store(tmp_path / "a", 0, answers(np.random.default_rng(0)))
    run.model.mkdir()
    (tmp_path / "mine").write_text("mine")
    (run.model / f"{CARD_FILE}.tmp").symlink_to(tmp_path / "mine")
    (run.model / "README.tmp").symlink_to(tmp_path / "mine")
    carded(run)
    assert (tmp_path / "mine").read_text() == "mine" and not (run.model / CARD_FILE).is_symlink()


def test_a_kept_run_brings_nothing_from_outside(tmp_path: Path):
    run = store(tmp_path / "runs" / "a", 0, answers(np.random.default_rng(0)))
    (run.folder / "speakers.json").symlink_to("/etc/passwd")
    with pytest.raises(ValueError, match="is a link"):
        add_runs(tmp_path / "kept", [Kept(run, "baseline")])
    assert not (tmp_path / "kept").exists()


def test_a_run_whose_folder_vanished_is_not_finished(tmp_path: Path):
    def vanish(folder: Path) -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        fill(folder)

    runs = RunStore(tmp_path)
    with pytest.raises(FileNotFoundError, match="was removed while the run was made"):
        runs.run("toy", Config(), {}, vanish)
    assert not runs.identity("toy", Config(), {})[1].exists()


@pytest.fixture
def harmonized(tmp_path: Path, noise) -> Harmonized:
    folder = tmp_path / "corpora" / "mine"
    noise(folder / "a.wav")
    noise(folder / "b.wav")
    (folder / "corpus.csv").write_text("path,speaker,emotion\na.wav,1,sad\nb.wav,2,sad\n")
    return harmonize(tmp_path / "corpora", progress=False)


@pytest.mark.parametrize("format", EXPORTERS)
@pytest.mark.parametrize("hashed", [True, False])
def test_export_copies_only_the_clips_that_were_harmonized(
    tmp_path: Path, harmonized, noise, format: str, hashed: bool
):
    other = noise(tmp_path / "private" / "secret.wav", seconds=2)
    for path in ("/etc/passwd", "/dev/zero", str(tmp_path / "none.wav"), str(other)):
        manifest = harmonized.manifest.copy()
        manifest.loc[1, "path"] = path
        if not hashed:
            manifest["audio_hash"] = None
        with pytest.raises(ValueError, match="nothing was copied"):
            EXPORTERS[format](manifest, tmp_path / "out", progress=False)
        assert not (tmp_path / "out").exists()
    EXPORTERS[format](harmonized.manifest, tmp_path / "out", progress=False)
    assert len(list((tmp_path / "out" / "audio").iterdir())) == 2


def test_a_manifest_that_is_none_is_refused_in_one_line(tmp_path: Path, harmonized):
    harmonized.save(tmp_path / "data")
    wrong = harmonized.manifest.assign(emotion="\x1b[2J")
    for table in (wrong, wrong.drop(columns="path"), pd.DataFrame()):
        table.to_parquet(tmp_path / "data" / MANIFEST_FILE)
        with pytest.raises(ValueError, match=MANIFEST_FILE) as caught:
            Harmonized.load(tmp_path / "data")
        one_line(caught)


def test_other_audio_of_the_same_size_and_time_is_noticed(tmp_path: Path, noise):
    path, cache = noise(tmp_path / "a.wav"), tmp_path / "checks.parquet"
    before, stat = check_all([path], cache, progress=False), path.stat()
    data = path.read_bytes()
    path.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert check_all([path], cache, progress=False)["audio_hash"].item() != before["audio_hash"].item()


@pytest.mark.parametrize("kind", ["empty", "no rows", "other columns", "text", "fifo"])
def test_a_cache_that_is_none_is_made_anew(tmp_path: Path, noise, kind: str):
    path, cache = noise(tmp_path / "a.wav"), tmp_path / "checks.parquet"
    found = check_all([path], cache, progress=False)
    if kind == "no rows":
        found.iloc[:0].astype(object).to_parquet(cache)
    elif kind == "other columns":
        pd.DataFrame({"a": [1]}).to_parquet(cache)
    elif kind == "text":
        found.astype({"size": str}).assign(size="many").to_parquet(cache)
    else:
        cache.unlink()
        os.mkfifo(cache) if kind == "fifo" else cache.touch()
    if kind in ("empty", "text", "fifo"):
        with pytest.warns(UserWarning, match="every file is checked again") as caught:
            again = check_all([path], cache, progress=False)
        assert str(caught[0].message).isprintable()
    else:
        again = check_all([path], cache, progress=False)
    pd.testing.assert_frame_equal(again, found)


def test_numbers_are_read_back_as_they_were_written(run: Run):
    numbers = [3.1391509566786695, 0.1 + 0.2, 1e-300, 5e-324, 1.7976931348623157e308]
    numbers += np.random.default_rng(0).normal(0, 1, 2000).tolist()
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps({"loss": one}) + "\n" for one in numbers))
    assert run.metrics["loss"].tolist() == numbers
