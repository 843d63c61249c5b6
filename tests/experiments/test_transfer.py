"""The transfer protocol: made-up ratings, learning curves, and the whole of it as the command runs it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sernb.cli import app
from sernb.corpora.demo import make_demo
from sernb.data.manifest import harmonize
from sernb.experiments import transfer, transfer_curves, transfer_run
from sernb.experiments.transfer import MADE_UP, METHODS, SEEDS, parts, trained, with_made_up_ratings
from sernb.experiments.transfer_curves import CURVE_COLUMNS
from sernb.experiments.transfer_run import CURVES_FILE, TransferResults
from sernb.runs import RunStore
from sernb.training.metric import MetricConfig

SHORT = {name: replace(config, epochs=2) for name, config in METHODS.items() if isinstance(config, MetricConfig)}


def test_ratings_stand_for_the_emotion_and_bangla_has_none():
    clips = pd.DataFrame({"emotion": ["angry", "sad", None, "happy"], "language": ["de", "ur", "de", "bn"]})
    rated = with_made_up_ratings(clips)
    assert list(rated["activation"][:2]) == [MADE_UP["angry"][0], MADE_UP["sad"][0]]
    assert list(rated["valence"][:2]) == [MADE_UP["angry"][1], MADE_UP["sad"][1]]
    assert rated.loc[2:, ["activation", "valence"]].isna().all(axis=None)
    assert "activation" not in clips


@pytest.fixture(scope="module")
def rated() -> pd.DataFrame:
    """Clips of the demo corpus with ratings, German in three folds."""
    clips = with_made_up_ratings(harmonize(make_demo(), progress=False).manifest)
    clips = clips[clips["language"].isin(["de", "ur", "bn"])]
    return clips.assign(fold=clips["fold"] % 3)


def noise(clips: pd.DataFrame, values: int) -> pd.DataFrame:
    drawn = np.random.default_rng(0).normal(size=(len(clips), values))
    return pd.DataFrame(drawn.astype(np.float32), index=clips["utterance_id"].to_numpy(object))


def test_a_curve_is_the_mean_over_folds_and_seeds_and_ends_with_the_last_epoch(rated, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer_curves, "POINTS", 3)
    features, store = {"egemaps": noise(rated, 12)}, RunStore(tmp_path)
    methods = {"joint": MetricConfig(epochs=8), "frozen": transfer.Frozen("egemaps")}
    found = transfer_curves.curves(rated, features, "de", store, [4, 13], {"epochs": 5}, methods)
    assert list(found) == CURVE_COLUMNS
    assert set(found["method"]) == {"joint"} and set(found["setting"]) == {"longer"} and set(found["runs"]) == {6}
    assert sorted(found["epoch"].unique()) == [1, 3, 5]
    runs = [
        trained(MetricConfig(epochs=5, seed=seed), parts(rated, "de", fold), features, store)
        for fold in range(3)
        for seed in (4, 13)
    ]
    last = [run.metrics["reconstruction"].iloc[-1] for run in runs]
    row = found.query("epoch == 5 and quantity == 'reconstruction'").iloc[0]
    assert (row["mean"], row["std"]) == pytest.approx((np.mean(last), np.std(last, ddof=1)))
    published = transfer_curves.curves(rated, features, "de", store, [4], None, methods)
    assert set(published["setting"]) == {"published"} and published["epoch"].max() == 8


def test_the_command_trains_longer_beside_as_published_and_names_what_is_absent(rated, tmp_path, monkeypatch):
    held = rated.assign(corpus=rated["language"].map({"de": "emodb", "ur": "urdu", "bn": "banglaser"}))
    nothing = dict.fromkeys(["emotion", "source_label"]) | dict.fromkeys(["activation", "valence"], np.nan)
    read = held[held["language"] == "de"].head(4).assign(corpus="commonvoice", speaker="reader", **nothing)
    held = pd.concat([held, read.assign(utterance_id="read/" + read["utterance_id"])], ignore_index=True)
    monkeypatch.setattr(transfer_run, "harmonize", lambda *_, **__: SimpleNamespace(manifest=held))
    monkeypatch.setattr(transfer_run, "egemaps", lambda clips, _: SimpleNamespace(table=noise(clips, 88)))
    monkeypatch.setattr(transfer, "GRID", ({}, {"learning_rate": 1e-3}))
    for module in (transfer, transfer_run):
        monkeypatch.setattr(module, "METHODS", METHODS | SHORT)
    words = ["metric", "--corpora", tmp_path, "--out", tmp_path / "out", "--runs", tmp_path / "runs"]
    words += ["--encoder", "random-1x32", "--source", "de", "--seed", 4, "--learning-rate", "1e-3", "--epochs", 3]
    done = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "Without IEMOCAP, CaFE, AESDD, which the paper uses" in done.output
    found = TransferResults.load(tmp_path / "out")
    assert found.protocol["seeds"] == [4] and found.protocol["longer"] == {"learning_rate": 1e-3, "epochs": 3}
    assert found.protocol["absent"] == ["iemocap", "cafe", "aesdd"]
    assert set(found.clips["corpus"]) == {"emodb", "urdu", "banglaser"}  # nobody rated what was read
    longer = found.scores.query("setting == 'longer'")
    assert set(longer["method"]) == set(SHORT) and set(longer["statistics"]) == {"source", "own"}
    assert longer.query("method != 'plain DAE'")["difference"].notna().any()  # from the plain one, trained as long
    ends = found.curves.groupby("setting")["epoch"].max()
    assert ends.to_dict() == {"published": 2, "longer": 3}
    (tmp_path / "out" / CURVES_FILE).unlink()  # as in tables that were written before there were curves
    assert TransferResults.load(tmp_path / "out").curves.empty


@pytest.mark.parametrize("wrong", [("--seed", "-1"), ("--epochs", "0"), ("--learning-rate", "2")])
def test_what_cannot_be_trained_with_is_refused(wrong, tmp_path):
    done = CliRunner().invoke(app, ["metric", "--corpora", str(tmp_path), "--out", str(tmp_path / "out"), *wrong])
    assert done.exit_code == 2 and wrong[0] in done.output and not (tmp_path / "out").exists()


def test_the_command_takes_the_papers_seeds(tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(transfer_run, "make", lambda *given: asked.update(seeds=given[6], longer=given[8]) or 1 / 0)
    done = CliRunner().invoke(app, ["metric", "--corpora", str(tmp_path), "--out", str(tmp_path)])
    assert isinstance(done.exception, ZeroDivisionError) and asked == {"seeds": list(SEEDS), "longer": {}}
