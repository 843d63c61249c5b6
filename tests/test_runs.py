"""The run store: same key, same run; nothing half-made is ever taken for finished."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from stored import PLACE, answers

from sernb.data.writing import data_hash, write_table
from sernb.runs import Run, RunStore, days


@dataclass(frozen=True)
class Config:
    seed: int = 0


def fill(folder):
    (folder / "metrics.jsonl").write_text('{"epoch": 1, "loss": 0.5}\n')
    answers(np.random.default_rng(0), speakers=1).to_parquet(folder / "predictions.parquet")


def test_a_run_is_made_once(tmp_path):
    made = []
    store = RunStore(tmp_path)
    for _ in range(2):
        run = store.run("toy", Config(), {"data": "a"}, lambda folder: (made.append(1), fill(folder)))
    assert made == [1]
    assert run.metrics["loss"].tolist() == [0.5] and len(run.predictions) == 8
    assert run.config == {"recipe": "toy", "config": {"seed": 0}, "inputs": {"data": "a"}}
    assert {"date", "wall_s", "versions", "processor", "gpu"} <= set(run.environment)


@pytest.mark.parametrize(
    "other", [("toy", Config(1), {"data": "a"}), ("toy", Config(), {"data": "b"}), ("else", Config(), {"data": "a"})]
)
def test_whatever_determines_a_run_names_it(tmp_path, other):
    store = RunStore(tmp_path)
    assert store.run("toy", Config(), {"data": "a"}, fill).folder != store.run(*other, fill).folder


def test_a_failed_run_is_not_finished_and_goes_on_where_it_was(tmp_path):
    def fail(folder):
        (folder / "half").touch()
        raise RuntimeError("power cut")

    store = RunStore(tmp_path)
    with pytest.raises(RuntimeError):
        store.run("toy", Config(), {}, fail)
    assert [path.suffix for path in tmp_path.glob("toy-*")] == [".partial"]
    found = []
    run = store.run("toy", Config(), {}, lambda folder: (found.extend(folder.iterdir()), fill(folder)))
    assert "half" in [path.name for path in found]
    assert json.loads((run.folder / "config.json").read_text())["recipe"] == "toy"


def test_two_askers_at_once_share_one_run(tmp_path):
    made = []
    with ThreadPoolExecutor(4) as pool:
        runs = list(
            pool.map(
                lambda _: RunStore(tmp_path).run("toy", Config(), {}, lambda folder: (made.append(1), fill(folder))),
                range(4),
            )
        )
    assert made == [1] and len({run.folder for run in runs}) == 1


def test_the_data_hash_sees_sound_and_labels_not_places_or_order():
    clips = pd.DataFrame(
        {
            "utterance_id": ["a", "b"],
            "path": ["/x/a.wav", "/x/b.wav"],
            "speaker": ["1", "2"],
            "emotion": ["sad", "happy"],
            "language": ["ur", "ur"],
            "audio_hash": ["00", "11"],
        }
    )
    assert data_hash(clips) == data_hash(clips.assign(path="/y")) == data_hash(clips[::-1])
    assert data_hash(clips) != data_hash(clips.assign(emotion="sad"))
    assert data_hash(clips) != data_hash(clips.assign(audio_hash="22"))


def test_a_written_table_is_the_same_and_smaller(tmp_path):
    draw = np.random.default_rng(0)
    table = pd.DataFrame(draw.dirichlet(np.ones(4), 500).astype(np.float32), columns=["a", "b", "c", "d"])
    table = table.assign(half=draw.normal(size=500).astype(np.float16), speaker=["s1", None] * 250, fold=range(500))
    write_table(tmp_path / "ours.parquet", table)
    table.to_parquet(tmp_path / "plain.parquet", index=False)
    assert (tmp_path / "ours.parquet").stat().st_size < 0.9 * (tmp_path / "plain.parquet").stat().st_size
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "ours.parquet"), pd.read_parquet(tmp_path / "plain.parquet"), check_exact=True
    )


def test_days_span_from_the_first_run_to_the_last(tmp_path):
    def made(date):
        (tmp_path / date).mkdir(exist_ok=True)
        (tmp_path / date / "environment.json").write_text(json.dumps(PLACE | {"date": date}))
        return Run(tmp_path / date)

    assert days(map(made, ["2026-03-01", "2026-02-28", "2026-02-28"])) == "2026-02-28 to 2026-03-01"
    assert days(map(made, ["2026-03-01"] * 2)) == "2026-03-01"
