"""Every recipe by name, with a study's profile, splits and store."""

from collections.abc import Iterator, Sequence
from typing import Any

from sernb.runs import Run
from sernb.study import Study
from sernb.training.baseline import BaselineConfig, train_baseline
from sernb.training.byol import ByolConfig, train_byol
from sernb.training.contrastive import ContrastiveConfig, train_stage2

RECIPES = ("baseline", "contrastive", "byol")


def train_recipe(
    recipe: str,
    study: Study,
    seed: int,
    changes: dict[str, Any] | None = None,
    stage1_changes: dict[str, Any] | None = None,
    languages: Sequence[str] | None = None,
    folds: Sequence[int] = (0, 1, 2, 3, 4),
) -> Iterator[Run]:
    """The runs of one seed: one for the baseline, one a fold for what adapts to target speech.

    Args:
        recipe: one of RECIPES.
        study: gives profile, encoder, data and store.
        seed: of every run.
        changes: fields that differ from the profile; of stage 2 for "contrastive".
        stage1_changes: the same of stage 1.
        languages: targets to adapt to; None takes all.
        folds: target folds left out, one after the other.

    Raises:
        ValueError: unknown recipe or field, or a fold without clips.
    """
    if recipe not in RECIPES:
        raise ValueError(f"unknown recipe {recipe!r}; known are {', '.join(RECIPES)}")
    if stage1_changes and recipe != "contrastive":
        raise ValueError(f"only contrastive has a first stage to change, {recipe} has not")
    profile, store, changes = study.profile, study.store, changes or {}
    if recipe == "baseline":
        config = profile.config("baseline", BaselineConfig, seed=seed, **changes)
        yield train_baseline(config, study.zero_shot(), study.encoder, store)
        return
    for fold in folds:
        split = study.adapted(fold, languages)
        if recipe == "contrastive":
            first = profile.config("contrastive", ContrastiveConfig, seed=seed, **stage1_changes or {})
            config = profile.config("baseline", BaselineConfig, seed=seed, **changes)
            yield train_stage2(config, first, split, study.encoder, store)
        else:
            config = profile.config("byol", ByolConfig, seed=seed, **changes)
            yield train_byol(config, split, study.encoder, store)
