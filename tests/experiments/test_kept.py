"""Finished runs become rows of a few tables, without their weights, and come back from there as they were."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stored import answers, store

from sernb.evaluation.predictions import PROBABILITIES
from sernb.experiments import kept
from sernb.experiments.kept import Kept, add_runs, remove, rename
from sernb.experiments.stored import open_stored
from sernb.runs import REPORT_FILE, REPORTED, Run
from sernb.training.outputs import CURVE_FILE


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    return tmp_path / "tables"


def make(tmp_path: Path, name: str = "a", seed: int = 0, **about) -> Run:
    """A run under the last-step protocol: variants, embeddings, what it said of target clips after each epoch."""
    generator = np.random.default_rng(seed)
    judged = answers(generator)
    variants = {variant: answers(generator) for variant in ("last", "statistics", "last-statistics")}
    run = store(tmp_path / "runs" / name, seed, judged, variants, generator.normal(size=(len(judged), 8)), **about)
    seen = judged[["utterance_id", *PROBABILITIES]].astype(dict.fromkeys(PROBABILITIES, np.float16))
    pd.concat([seen.assign(step=step) for step in (3, 6)]).to_parquet(run.folder / CURVE_FILE, index=False)
    return run


def of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*.parquet")
    }


def test_rounded_probabilities_keep_every_answer_and_take_half_the_room(tmp_path):
    generator = np.random.default_rng(0)
    exact = generator.dirichlet(np.ones(4), 20_000).astype(np.float32)
    exact[0] = 0.25, np.nextafter(np.float32(0.25), np.float32(1)), 0.25, 0.25  # rounding makes a tie of it
    table = pd.DataFrame(exact, columns=PROBABILITIES)
    short = kept.rounded(table)[PROBABILITIES].to_numpy()
    assert (short.argmax(axis=1) == exact.argmax(axis=1)).all()
    np.testing.assert_allclose(short, exact, rtol=1 / 8000)
    pd.testing.assert_frame_equal(kept.rounded(kept.rounded(table)), kept.rounded(table))
    for name, rows in (("exact", table), ("short", kept.rounded(table))):
        kept.write_table(tmp_path / name, rows)
    assert (tmp_path / "short").stat().st_size < 0.6 * (tmp_path / "exact").stat().st_size


def test_a_run_comes_back_from_the_tables_as_it_was(tmp_path, tables):
    run = make(tmp_path)
    add_runs(tables, [Kept(run, "baseline", fold=2)])
    (stored,) = open_stored(tables).group("baseline")
    assert stored.name == run.name and stored.config == run.config and stored.environment == run.environment
    assert stored.variants == run.variants == ["last", "last-statistics", "statistics"]
    for variant in (None, *run.variants):
        pd.testing.assert_frame_equal(stored.variant(variant), run.variant(variant))
    pd.testing.assert_frame_equal(stored.metrics, run.metrics)
    pd.testing.assert_frame_equal(stored.embeddings, run.embeddings, rtol=1 / 256)
    kept_bits = stored.embeddings.to_numpy(np.float16).view(np.uint16)
    assert not (kept_bits % 8).any() and kept_bits.any()  # the last three bits are left out
    assert open_stored(tables).runs["fold"].tolist() == [2] and not list(tables.rglob("*.safetensors"))
    with pytest.raises(FileNotFoundError, match="no variant 'online'; it has last, last-statistics, statistics"):
        stored.variant("online")


def test_target_clips_judged_after_each_epoch_become_scores(tmp_path, tables):
    run = make(tmp_path)
    add_runs(tables, [Kept(run, "baseline")])
    curves = pd.read_parquet(tables / "curves.parquet")
    target = curves[curves["corpus"] == "urdu"].pivot(index="epoch", columns="metric", values="value")
    judged = run.predictions.query("part == 'test'")
    right = (judged[PROBABILITIES].idxmax(axis=1).str.removeprefix("p_") == judged["emotion"]).mean()
    assert target.index.tolist() == [1, 2] and target["accuracy"].tolist() == pytest.approx([right, right])


def test_what_is_left_out_is_not_stored_and_can_come_later(tmp_path, tables):
    run = make(tmp_path)
    add_runs(tables, [Kept(run, "slim", variants=False, embeddings=False)])
    (slim,) = open_stored(tables).group("slim")
    assert slim.variants == [] and not slim.has_embeddings
    add_runs(tables, [Kept(run, "whole")])
    (whole,) = open_stored(tables).group("whole")
    assert whole.variants == run.variants and whole.has_embeddings


def test_the_same_runs_again_change_nothing_and_their_order_makes_no_difference(tmp_path, tables):
    runs = [make(tmp_path, str(seed), seed) for seed in range(3)]
    add_runs(tables, [Kept(run, "baseline") for run in runs])
    before = of(tables)
    add_runs(tables, [Kept(run, "baseline") for run in runs])
    assert of(tables) == before
    for run in reversed(runs):
        add_runs(tmp_path / "other", [Kept(run, "baseline")])
    other = {name: content for name, (_, content) in of(tmp_path / "other").items()}
    assert other == {name: content for name, (_, content) in before.items()}


def test_a_run_shows_only_once_all_of_it_is_stored(tmp_path, tables, monkeypatch):
    add_runs(tables, [Kept(make(tmp_path, "a"), "baseline")])
    run = make(tmp_path, "b", 1)
    with monkeypatch.context() as patched:
        patched.setattr(kept, "_write_embeddings", lambda file, table: (_ for _ in ()).throw(OSError("power cut")))
        with pytest.raises(OSError, match="power cut"):
            add_runs(tables, [Kept(run, "baseline")])
    assert len(open_stored(tables).group("baseline")) == 1
    add_runs(tables, [Kept(run, "baseline")])
    stored = open_stored(tables).group("baseline")[1]
    pd.testing.assert_frame_equal(stored.predictions, run.predictions)
    assert stored.has_embeddings


def test_a_first_stage_is_stored_beside_its_second(tmp_path, tables):
    first = make(tmp_path, "first", recipe="contrastive-stage1")
    figures = dict.fromkeys(REPORTED, 0.25)
    (first.folder / REPORT_FILE).write_text(json.dumps({"before": figures, "after": figures, "clips": 3}))
    add_runs(tables, [Kept(make(tmp_path, "second", recipe="contrastive", stage1=first.name), "contrastive")])
    (stored,), (second,) = (open_stored(tables).group(name) for name in ("contrastive-stage1", "contrastive"))
    assert stored.report == first.report and second.first_stage == stored and stored.first_stage is None
    assert len(stored.metrics) == 2 and stored.variants == [] and not stored.has_embeddings


def test_runs_that_differ_in_more_than_the_seed_share_no_group(tmp_path, tables):
    add_runs(tables, [Kept(make(tmp_path, str(seed), seed), "byol") for seed in (0, 1)])
    before = of(tables)
    with pytest.raises(ValueError, match="differs from .* in rate; give these runs a --name"):
        add_runs(tables, [Kept(make(tmp_path, "2", 2, changes={"rate": 0.2}), "byol")])
    with pytest.raises(ValueError, match="in encoder"):
        add_runs(tables, [Kept(make(tmp_path, "3", 3, encoder="another"), "byol")])
    with pytest.raises(ValueError, match="in rate"):
        add_runs(tables, [Kept(make(tmp_path, str(n), n, changes={"rate": n}), "new") for n in (4, 5)])
    assert of(tables) == before


def test_groups_are_renamed_and_removed_with_their_first_stages(tmp_path, tables):
    first = make(tmp_path, "first", recipe="contrastive-stage1")
    second = make(tmp_path, "second", recipe="contrastive", stage1=first.name)
    other = make(tmp_path, "other")
    add_runs(tables, [Kept(second, "contrastive"), Kept(other, "baseline")])
    rename(tables, "contrastive", "earlier")
    assert set(open_stored(tables).runs["group"]) == {"baseline", "earlier", "earlier-stage1"}
    with pytest.raises(ValueError, match="holds a group 'baseline' already"):
        rename(tables, "earlier", "baseline")
    remove(tables, "earlier")
    left = open_stored(tables)
    assert left.runs["run"].tolist() == [other.name] and left.predictions.keys() == {other.name}
    assert left.curves.keys() == left.embeddings.keys() == {other.name}
    with pytest.raises(ValueError, match="no run of the group 'earlier'"):
        remove(tables, "earlier")
