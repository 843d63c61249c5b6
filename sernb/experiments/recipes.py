"""The one table of recipes, and their training with a study's profile, splits and store.

Nothing heavy is imported before a recipe is trained: commands check what they are given by this table at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from sernb.corpora.ranges import unknown
from sernb.experiments.profiles import Profile
from sernb.training.configs import BaselineConfig, ByolConfig, ContrastiveConfig, LoopConfig

if TYPE_CHECKING:
    from sernb.data.folds import Split
    from sernb.experiments.study import Study
    from sernb.runs import Run, RunStore


@dataclass(frozen=True)
class Recipe:
    """A method of training.

    Attributes:
        name: of its runs, of their folder among the stored results, and on the command line.
        label: on pages and in pictures.
        colour: in pictures; grey, blue and vermilion stay apart for colour-blind readers (Okabe and Ito).
        config: class of its config; of the second stage's where it has two.
        section: of a profile, which fills that config.
        trained_by: "module:function", imported when it is called.
        stage1: class of the first stage's config, filled by the profile's section `name`; None for one stage.
        adapts: whether it learns from unlabelled speech of the targets as well.
    """

    name: str
    label: str
    colour: str
    config: type[LoopConfig]
    section: str
    trained_by: str
    stage1: type[LoopConfig] | None = None
    adapts: bool = True

    def configs(
        self,
        profile: Profile,
        seed: int,
        changes: dict[str, Any] | None = None,
        stage1_changes: dict[str, Any] | None = None,
    ) -> tuple[LoopConfig, ...]:
        """The recipe's config under a profile, and then the first stage's where it has one.

        Args:
            profile: see Profile.
            seed: of both.
            changes: fields that differ from the profile.
            stage1_changes: the same of the first stage.

        Raises:
            ValueError: an unknown field, a value outside its range, or no first stage to change.
        """
        changes, stage1_changes = changes or {}, stage1_changes or {}
        if self.stage1 is None and stage1_changes:
            raise ValueError(no_first_stage([self.name]))
        if "seed" in changes | stage1_changes:
            raise ValueError("the seed is no field to change: it decides the split too; give it by itself (--seed)")
        own = profile.config(self.section, self.config, seed=seed, **changes)
        if self.stage1 is None:
            return (own,)
        return own, profile.config(self.name, self.stage1, seed=seed, **stage1_changes)

    def train(
        self,
        configs: Sequence[LoopConfig],
        split: "Split",
        encoder: str | Path,
        store: "RunStore",
        progress: bool = True,
        about: dict[str, str] | None = None,
    ) -> "Run":
        """The run of these configs: found in the store, or made there.

        Args:
            configs: as `configs` gives them.
            split: what is learned from and judged.
            encoder: initial weights, as WhisperEncoder takes them.
            store: of runs.
            progress: show a progress bar.
            about: what a run's reader wants to know besides the encoder's name.

        Raises:
            ValueError: the encoder can't be loaded, or the split doesn't fill a batch.
        """
        return resolve_name(self.trained_by)(*configs, split, encoder, store, progress, about=about)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "baseline",
            label="baseline",
            colour="#7F7F7F",
            config=BaselineConfig,
            section="baseline",
            trained_by="sernb.training.baseline:train_baseline",
            adapts=False,
        ),
        Recipe(
            "contrastive",
            label="contrastive",
            colour="#0072B2",
            config=BaselineConfig,
            section="baseline",
            trained_by="sernb.training.contrastive:train_stage2",
            stage1=ContrastiveConfig,
        ),
        Recipe(
            "byol",
            label="BYOL",
            colour="#D55E00",
            config=ByolConfig,
            section="byol",
            trained_by="sernb.training.byol:train_byol",
        ),
    )
}
"""Every recipe by its name, in the order of the paper's tables."""


def recipe_named(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
        ValueError: there is none; names those there are.
    """
    if name not in RECIPES:
        raise ValueError(unknown("recipe", name, RECIPES))
    return RECIPES[name]


def no_first_stage(names: Sequence[str]) -> str:
    """What to say of changes to the first stage of recipes that have none."""
    having = ", ".join(recipe.name for recipe in RECIPES.values() if recipe.stage1)
    return f"only {having} has a first stage to change, {', '.join(names)} has not"


def train_recipe(
    recipe: str,
    study: "Study",
    seed: int,
    changes: dict[str, Any] | None = None,
    stage1_changes: dict[str, Any] | None = None,
    languages: Sequence[str] | None = None,
    folds: Sequence[int] = (0, 1, 2, 3, 4),
) -> Iterator["Run"]:
    """The runs of one seed: one for the baseline and for what learns from read speech, one a fold for what adapts.

    Args:
        recipe: name of one of RECIPES.
        study: gives profile, encoder, data and store.
        seed: of every run.
        changes: fields that differ from the profile; of stage 2 for "contrastive".
        stage1_changes: the same of stage 1.
        languages: targets to adapt to; None takes all.
        folds: target folds left out, one after the other.

    Raises:
        ValueError: unknown recipe or field, or a fold without clips.
    """
    chosen = recipe_named(recipe)
    configs = chosen.configs(study.profile, seed, changes, stage1_changes)
    if not chosen.adapts:
        splits = iter((study.zero_shot(seed),))
    elif study.unlabelled:
        splits = iter((study.reading(seed),))
    else:
        splits = (study.adapted(fold, languages, seed) for fold in folds)
    for split in splits:
        yield chosen.train(configs, split, study.encoder, study.store, about=study.about)
