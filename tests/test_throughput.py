"""Training throughput: the command that measures it, and the figures computed from what it wrote."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sernb.evaluation import scores_by
from sernb.results import stored
from sernb.throughput import parts, summary, throughput

ROOT = Path(__file__).parents[1]


def rounds() -> pd.DataFrame:
    """Two rounds, the second under twice the load: wall time doubles, the processor's does not."""
    rows = []
    for number, load in ((0, 1), (1, 2)):
        for who, clips, flops, busy in (
            ("sernb", 64, 32e9, 2.0),
            ("stock", 8, None, 5.0),
            ("square", None, 80e9, 2.0),
            ("shapes", None, 40e9, 2.0),
        ):
            row = {"method": "BYOL", "round": number, "who": who, "clips": clips, "flops": flops}
            rows.append(row | {"wall_s": busy * load, "cpu_s": busy})
    return pd.DataFrame(rows)


def test_ratio_and_shares_are_of_the_same_round_and_of_processor_time():
    (row,) = summary(rounds()).to_dict("records")
    assert row["clips_per_s"] == pytest.approx(32)
    assert row["ratio"] == row["ratio_low"] == row["ratio_high"] == pytest.approx(32 / 1.6)
    assert row["share_of_square"] == pytest.approx(0.4) and row["share_of_shapes"] == pytest.approx(0.8)
    assert row["gflops_per_clip"] == pytest.approx(0.5)


def test_without_processor_time_quotients_are_of_wall_time():
    measured = rounds().assign(cpu_s=np.nan)
    measured.loc[(measured["who"] == "stock") & (measured["round"] == 1), "wall_s"] *= 3
    (row,) = summary(measured).to_dict("records")
    assert row["clips_per_s"] == pytest.approx(np.median([32, 16]))
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((20, 60)) and row["ratio"] == pytest.approx(40)


def test_what_was_not_measured_is_no_number():
    (row,) = summary(rounds().query("who == 'sernb'")).to_dict("records")
    assert row["clips_per_s"] == pytest.approx(32)
    assert all(np.isnan(row[name]) for name in ("stock_clips_per_s", "ratio", "share_of_square"))


def command(script: str, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks" / script, *map(str, arguments)], capture_output=True, text=True
    )


def test_the_command_measures_every_method_both_ways_and_keeps_it(tmp_path):
    place = tmp_path / "results" / "throughput" / "here"
    few = ["--encoder", "random-1x32", "--steps", 1, "--rounds", 1, "--batch", 16, "--stock-batch", 16, "--threads", 1]
    done = command("throughput.py", "--profile", "smoke", *few, "--runs", tmp_path / "runs", "--keep", place)
    assert done.returncode == 0, done.stderr
    measured = throughput(tmp_path / "results")
    assert list(measured["method"]) == ["baseline, CL stage 2", "CL stage 1", "BYOL"]
    assert (measured["encoder"] == "random-1x32").all()
    figures = measured.select_dtypes("number")
    assert figures.notna().all(axis=None) and (figures > 0).all(axis=None) and (measured["ratio"] > 1).all()
    # a contrastive clip is seen twice by the encoder; one of BYOL's is half the time, by two encoders
    flops = measured.set_index("method")["gflops_per_clip"]
    assert flops["CL stage 1"] == pytest.approx(2 * flops["baseline, CL stage 2"], rel=0.05)
    shares = parts(tmp_path / "results").set_index("group")
    np.testing.assert_allclose(shares[list(measured["method"])].sum(), 1, atol=1e-3)
    assert (shares.loc["linear layers", list(measured["method"])] > 0).all()
    environment = json.loads((place / "environment.json").read_text())
    assert environment["threads"] == 1 and environment["load"]["before"] >= 0 and environment["date"]
    assert sum(path.stat().st_size for path in place.iterdir()) < 50_000


def test_one_command_trains_every_method_and_measures_its_speed(tmp_path):
    out, short = tmp_path / "out", ("epochs=1", "batches_per_epoch=2", "workers=0")
    little = "--steps 1 --rounds 1 --batch 8 --stock-batch 8 --threads 1 --method baseline"
    arguments = ["--profile", "smoke", "--encoder", "random-1x32", "--seeds", 1, "--folds", 1, "--shape", "tiny"]
    changes = [f"--set={change}" for change in short]
    done = command("reproduce.py", *arguments, *changes, "--speed", little, "--runs", tmp_path / "runs", "--out", out)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out / "scores.csv")
    assert set(zip(table["method"], table["language"], strict=True)) == {
        (method, language) for method in ("baseline", "contrastive", "byol") for language in ("ur", "de", "bn")
    }
    for method in ("baseline", "contrastive", "byol"):
        (run,) = stored(method, out)
        scores = scores_by(run.predictions.query("part == 'test'"), "language").set_index("language")["macro_f1"]
        printed = table[table["method"] == method].set_index("language")["macro_f1"].str.split().str[0].astype(float)
        np.testing.assert_allclose(printed.sort_index(), scores.sort_index(), atol=6e-4)
    measured = throughput(out).set_index("encoder")
    assert set(measured.index) == {"random-1x32", "whisper-tiny, random weights"}
    assert measured.loc["random-1x32", "ratio"] > 1 and np.isnan(measured.loc["whisper-tiny, random weights", "ratio"])
    assert measured.loc["whisper-tiny, random weights", "share_of_square"] > 0
    assert not list(out.rglob("*.safetensors"))


def test_nothing_stored_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match="benchmarks/throughput.py --keep"):
        throughput(tmp_path)
