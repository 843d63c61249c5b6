"""What can be refused at once: before anything heavy is imported, and before any audio is read."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sernb.corpora.ranges import unknown
from sernb.experiments.profiles import load_profile
from sernb.experiments.recipes import no_first_stage, recipe_named


def check_recipes(
    profile: str,
    recipes: Sequence[str],
    seeds: Iterable[int] = (0,),
    changes: dict[str, Any] | None = None,
    stage1_changes: dict[str, Any] | None = None,
) -> None:
    """Make the configs that these recipes would be run with.

    Raises:
        ValueError: unknown profile, recipe or field, or a value outside its range.
    """
    chosen, asked = load_profile(profile), [recipe_named(name) for name in recipes]
    if stage1_changes and not any(recipe.stage1 for recipe in asked):
        raise ValueError(no_first_stage(recipes))
    for recipe in asked:
        for seed in seeds:
            recipe.configs(chosen, seed, changes, stage1_changes if recipe.stage1 else None)


def check_languages(asked: Iterable[str] | None, corpora: str | Path | None, source: str = "en") -> None:
    """Compare languages with those that the corpora's tables and names of files tell of.

    Args:
        asked: ISO 639-1 codes; None or none asks nothing.
        corpora: folder of the corpora; None for the demo corpus.
        source: is no target.

    Raises:
        ValueError: one that no clip is in. Where no corpus is found nothing is said: `harmonize` does.
    """
    if not asked:
        return
    if corpora is None:
        from sernb.corpora.demo import DemoConfig

        held = set(DemoConfig().languages)
    else:
        from sernb.corpora.discovery import discover
        from sernb.data.listing import listing

        found = discover(Path(corpora).expanduser().resolve())
        if not found or any(place.corpus.unpack for place in found):
            return  # harmonizing says where nothing lies; languages in an archive are known once it is unpacked
        held = set(listing(found)[0]["language"])
    for language in asked:
        if language not in held - {source}:
            raise ValueError(unknown("language", language, sorted(held - {source})))
