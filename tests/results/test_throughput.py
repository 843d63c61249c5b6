"""Training throughput: the command that measures it, and the figures computed from what it wrote."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sernb.results import throughput as measurements
from sernb.results.throughput import speed_by_method, step_shares, stored_speeds

ROOT = Path(__file__).parents[2]


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
    (row,) = speed_by_method(rounds()).to_dict("records")
    assert row["clips_per_s"] == pytest.approx(32)
    assert row["ratio"] == row["ratio_low"] == row["ratio_high"] == pytest.approx(32 / 1.6)
    assert row["share_of_square"] == pytest.approx(0.4) and row["share_of_shapes"] == pytest.approx(0.8)
    assert row["gflops_per_clip"] == pytest.approx(0.5)


def test_without_processor_time_quotients_are_of_wall_time():
    measured = rounds().assign(cpu_s=np.nan)
    measured.loc[(measured["who"] == "stock") & (measured["round"] == 1), "wall_s"] *= 3
    (row,) = speed_by_method(measured).to_dict("records")
    assert row["clips_per_s"] == pytest.approx(np.median([32, 16]))
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((20, 60)) and row["ratio"] == pytest.approx(40)


def test_what_was_not_measured_is_no_number():
    (row,) = speed_by_method(rounds().query("who == 'sernb'")).to_dict("records")
    assert row["clips_per_s"] == pytest.approx(32)
    assert all(np.isnan(row[name]) for name in ("stock_clips_per_s", "ratio", "share_of_square"))


def command(script: str, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks" / script, *map(str, arguments)], capture_output=True, text=True
    )


def test_the_command_measures_every_method_both_ways_and_keeps_it(tmp_path):
    results = tmp_path / "results"
    few = ["--encoder", "random-1x32", "--steps", 1, "--rounds", 1, "--batch", 16, "--stock-batch", 16, "--threads", 1]
    done = command("throughput.py", "--profile", "smoke", *few, "--runs", tmp_path / "runs", "--keep", results)
    assert done.returncode == 0, done.stderr
    measured = stored_speeds(results)
    assert list(measured["method"]) == ["baseline, CL stage 2", "CL stage 1", "BYOL"]
    assert (measured["encoder"] == "random-1x32").all()
    figures = measured.select_dtypes("number")
    assert figures.notna().all(axis=None) and (figures > 0).all(axis=None) and (measured["ratio"] > 1).all()
    # a contrastive clip is seen twice by the encoder; one of BYOL's is half the time, by two encoders
    flops = measured.set_index("method")["gflops_per_clip"]
    assert flops["CL stage 1"] == pytest.approx(2 * flops["baseline, CL stage 2"], rel=0.05)
    shares = step_shares(results).set_index("group")
    np.testing.assert_allclose(shares[list(measured["method"])].sum(), 1, atol=1e-3)
    assert (shares.loc["linear layers", list(measured["method"])] > 0).all()
    stored = pd.read_parquet(results / "throughput.parquet")
    environment = json.loads(stored["environment"].iloc[0])
    assert environment["threads"] == 1 and environment["load"]["before"] >= 0 and environment["date"]
    again = stored.drop(columns=["measurement", "environment"])
    measurements.add_measurement(
        results, "here", again, pd.read_parquet(results / "throughput_parts.parquet"), environment
    )
    assert len(pd.read_parquet(results / "throughput.parquet")) == len(stored)


def test_nothing_stored_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match="benchmarks/throughput.py --keep"):
        stored_speeds(tmp_path)
