"""Conditions change the speech a method is given, and nothing else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from stored import answers, store
from typer.testing import CliRunner

from sernb.cli import app
from sernb.corpora.demo import DemoConfig
from sernb.data.folds import Split
from sernb.experiments.conditions import (
    CONDITIONS,
    GENDER_CONDITIONS,
    balanced_pool,
    condition_group,
    demo_pool,
    fewer_women,
    reweighted,
    speakers_in,
    splits,
    stored_groups,
    train_condition,
)
from sernb.experiments.kept import Kept, add_runs
from sernb.experiments.study import open_study
from sernb.experiments.sweep import grid


@pytest.fixture
def split(clips):
    def speech(prefix, genders, language, corpus="c"):
        names = [f"{prefix}{number}" for number in range(len(genders)) for _ in range(4)]
        return clips(
            utterance_id=[f"{prefix}/{n}" for n in range(len(names))],
            audio_hash=[f"{prefix}/{n}" for n in range(len(names))],
            corpus=[corpus] * len(names),
            speaker=names,
            gender=[gender for gender in genders for _ in range(4)],
            language=[language] * len(names),
        )

    women_and_men = ["female"] + ["male"] * 3
    return Split(
        train=speech("t", women_and_men, "en"),
        validation=speech("v", women_and_men, "en"),
        test=pd.concat([speech("x", women_and_men, "ur"), speech("y", women_and_men, "de")]),
        unlabelled=pd.concat([speech("u", women_and_men, "ur"), speech("d", ["female", "male"], "de", "d")]),
    )


def test_a_balanced_pool_has_as_many_women_as_men_in_every_corpus(split):
    pool = balanced_pool(split, 0)
    counts = pool.groupby(["corpus", "gender"])["speaker"].nunique()
    assert counts.to_dict() == {("c", "female"): 1, ("c", "male"): 1, ("d", "female"): 1, ("d", "male"): 1}
    assert len(pool) == 16  # whole speakers
    chosen = {frozenset(balanced_pool(split, seed)["speaker"]) for seed in range(10)}
    assert len(chosen) > 1 and balanced_pool(split, 3).equals(balanced_pool(split, 3))


def test_reweighting_repeats_the_rarer_gender_of_each_class(split):
    counts = reweighted(split.train, 0).groupby(["emotion", "gender"]).size()
    assert counts.unstack().eq(3).all(axis=None)
    assert set(reweighted(split.train, 0)["utterance_id"]) == set(split.train["utterance_id"])


def test_women_are_left_out_until_men_are_the_share_asked_for(split):
    clips = split.unlabelled  # 2 women, 4 men
    assert speakers_in(fewer_women(clips, 0.6, 0))["women"] == 2
    assert speakers_in(fewer_women(clips, 0.75, 0)) == {"women": 1, "men": 4, "clips": 20}
    assert speakers_in(fewer_women(clips, 0.99, 0))["women"] == 1
    with pytest.raises(ValueError, match="over 0 and under 1"):
        fewer_women(clips, 1.0, 0)


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_leaves_the_rest_of_the_split_alone(split, name):
    if name == "commonvoice":
        with pytest.raises(ValueError, match="Common Voice"):
            list(splits(CONDITIONS[name], split, 0))
        return
    for changed in splits(CONDITIONS[name], split, 0):
        assert changed.validation.equals(split.validation)
        assert set(changed.test["utterance_id"]) <= set(split.test["utterance_id"])
        assert set(changed.train["utterance_id"]) == set(split.train["utterance_id"])


def test_pools_of_one_gender_and_of_other_languages(split):
    (women,) = splits(CONDITIONS["women"], split, 0)
    assert set(women.unlabelled["gender"]) == {"female"} and speakers_in(women.unlabelled)["men"] == 0
    (english,) = splits(CONDITIONS["english"], split, 0)
    assert english.unlabelled.equals(split.train)
    german, urdu = splits(CONDITIONS["others"], split, 0)
    assert set(german.test["language"]) == {"de"} and set(german.unlabelled["language"]) == {"ur"}
    assert set(urdu.test["language"]) == {"ur"} and set(urdu.unlabelled["language"]) == {"de"}


def test_seeds_go_over_folds_diagonal_by_diagonal():
    cells = [(cell.seed, cell.fold) for cell in grid(["contrastive"], seeds=3, folds=5, diagonals=2)]
    assert cells == [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 3)]
    names = [condition_group("contrastive", "as-it-is"), condition_group("byol", "english")]
    assert names == ["contrastive-as-it-is", "byol-english"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return open_study("ur", "smoke", runs=tmp_path_factory.mktemp("runs"), progress=False)


def test_the_dial_turns_the_pool_and_its_speakers_are_nobody_else(study):
    pool = demo_pool(study, 0.75, speakers=4, sentences=1)
    counts = pool.groupby(["language", "gender"])["speaker"].nunique().unstack()
    assert counts["male"].eq(3).all() and counts["female"].eq(1).all() and set(counts.index) == {"ur", "de", "bn"}
    assert not set(pool["speaker"]) & set(study.manifest["speaker"])
    assert not set(pool["audio_hash"]) & set(study.manifest["audio_hash"])
    assert DemoConfig().male_share == 0.5


def test_conditions_are_runs_of_their_own_and_found_again(study):
    small = {"batches_per_epoch": 2, "epochs": 1, "batch_size": 16}
    changes = {"changes": small, "stage1_changes": small | {"batches": "any"}, "progress": False}
    split = study.adapted(0)
    split = replace(
        split, train=fewer_women(split.train, 0.8, 0), unlabelled=split.unlabelled.query("language == 'ur'")
    )
    runs = {
        name: next(train_condition(name, "contrastive", study, split, 0, **changes))
        for name in ("as-it-is", "balanced-sampler", "reweighted")
    }
    assert len({run.folder for run in runs.values()}) == 3
    first = {name: run.environment["stage1"] for name, run in runs.items()}
    assert first["as-it-is"] == first["reweighted"] != first["balanced-sampler"]
    again = next(train_condition("reweighted", "contrastive", study, split, 0, **changes))
    assert again == runs["reweighted"]
    assert {name: run.first_stage.config["config"]["batches"] for name, run in runs.items()} == {
        "as-it-is": "any", "balanced-sampler": "genders", "reweighted": "any",
    }  # fmt: skip
    assert all(len(run.metrics) == 1 and run.config["config"]["batch_size"] == 16 for run in runs.values())
    for wrong, recipe in (("nonsense", "contrastive"), ("balanced-sampler", "byol"), ("women", "baseline")):
        with pytest.raises(ValueError, match="condition"):
            next(train_condition(wrong, recipe, study, split, 0, progress=False))


def test_the_command_lists_the_conditions():
    listed = CliRunner().invoke(app, ["pool", "--list"]).output
    assert all(name in listed for name in CONDITIONS)


def test_stored_conditions_are_found_by_their_group(tmp_path):
    run = store(tmp_path / "runs" / "a", 0, answers(np.random.default_rng(0)), recipe="contrastive")
    add_runs(tmp_path, [Kept(run, "contrastive-women")])
    assert stored_groups(tmp_path, "contrastive") == {CONDITIONS["women"].what: "contrastive-women"}
    assert set(GENDER_CONDITIONS) <= set(CONDITIONS)
