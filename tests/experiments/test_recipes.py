"""Every recipe from the command line, with its runs kept; profiles that name fields the configs have."""

import subprocess
import sys
from inspect import signature
from pkgutil import resolve_name

import pandas as pd
import pytest

from sernb.experiments.profiles import load_profile, profile_names
from sernb.experiments.recipes import RECIPES, train_recipe
from sernb.results.report import scores_of_runs, stored
from sernb.training.baseline import BaselineConfig
from sernb.training.byol import ByolConfig
from sernb.training.contrastive import ContrastiveConfig

SHORT = ["epochs=1", "batches_per_epoch=2", "workers=0"]


def train(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from sernb.cli import main; main()", "train", "--profile", "smoke"]
    return subprocess.run([*command, "--encoder", "random-1x32", *map(str, arguments)], capture_output=True, text=True)


@pytest.mark.parametrize("recipe", ["contrastive", "byol"])
def test_a_recipe_is_trained_fold_by_fold_and_kept_without_weights(recipe, tmp_path):
    changes = [f"--set={change}" for change in SHORT]
    changes += [f"--stage1={change}" for change in SHORT] if recipe == "contrastive" else []
    where = ["--runs", tmp_path / "runs", "--keep", tmp_path / "kept"]
    # one language of the demo corpus has too few speakers for a contrastive batch
    languages = ["--language", "de"] if recipe == "byol" else []
    done = train("--recipe", recipe, "--fold", 1, "--fold", 3, *languages, *changes, *where)
    assert done.returncode == 0, done.stderr
    kept = stored(recipe, tmp_path / "kept")
    assert len(kept) == 2 and not list((tmp_path / "kept").rglob("*.safetensors"))
    assert set(scores_of_runs(kept)["language"]) == ({"de"} if languages else {"ur", "de", "bn"})
    tested = pd.concat([run.predictions.query("part == 'test'") for run in kept])
    assert not tested["utterance_id"].duplicated().any() and tested["speaker"].nunique() == (4 if languages else 12)


def test_unknown_recipes_and_fields_are_named():
    with pytest.raises(ValueError, match="baseline, contrastive, byol"):
        next(train_recipe("simclr", None, 0))
    smoke = load_profile("smoke")
    with pytest.raises(ValueError, match="only contrastive has a first stage to change, byol has not"):
        RECIPES["byol"].configs(smoke, 0, stage1_changes={"epochs": 1})
    with pytest.raises(ValueError, match="--seed"):
        RECIPES["contrastive"].configs(smoke, 0, stage1_changes={"seed": 1})


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_is_trained_by_a_function_that_takes_its_configs(recipe):
    takes = list(signature(resolve_name(recipe.trained_by), eval_str=True).parameters.values())
    configs = recipe.configs(load_profile("smoke"), 0)
    assert [one.annotation for one in takes[: len(configs)]] == [type(config) for config in configs]
    assert [one.name for one in takes[len(configs) :]][:4] == ["split", "encoder", "store", "progress"]


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_has_both_methods(name):
    profile = load_profile(name)
    contrastive = profile.config("contrastive", ContrastiveConfig)
    byol = profile.config("byol", ByolConfig)
    baseline = profile.config("baseline", BaselineConfig)
    assert contrastive.seconds == baseline.seconds == 4.0 and byol.seconds == 3.0
    assert (byol.weight_start, byol.weight_end, byol.weight_schedule) == (0.8, 0.2, "linear")


def test_the_paper_profile_has_the_papers_numbers():
    profile = load_profile("paper")
    for recipe, kind in (("baseline", BaselineConfig), ("contrastive", ContrastiveConfig), ("byol", ByolConfig)):
        config = profile.config(recipe, kind)
        assert (config.batch_size, config.batches_per_epoch, config.learning_rate) == (64, 100, 1e-5)
    assert profile.config("contrastive", ContrastiveConfig).clips_per_speaker == 4
