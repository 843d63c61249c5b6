"""Profiles: how large and how long, from seconds on a laptop to the paper's own numbers. One TOML file each."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeVar

from sernb.corpora.ranges import from_plain, unknown

Config = TypeVar("Config")


@dataclass(frozen=True)
class Profile:
    """A named set of numbers for every recipe.

    Attributes:
        name: the file's name.
        encoder: the initial weights, unless the user gives others.
        recipes: per recipe the fields of its config that differ from the defaults.
    """

    name: str
    encoder: str
    recipes: dict[str, dict[str, Any]]

    def config(self, recipe: str, kind: type[Config], **changes: Any) -> Config:
        """A recipe's config under this profile.

        Args:
            recipe: name of the recipe's section.
            kind: its config's class.
            changes: fields that differ from the profile, such as the seed; of a field that is itself a config, a dict
                of what differs in it.

        Raises:
            ValueError: a field the config doesn't have, or a value outside its range.
        """
        return kind(**from_plain(kind, self.recipes.get(recipe, {}) | changes))


def profile_names() -> list[str]:
    """The profiles that exist."""
    return sorted(path.name.removesuffix(".toml") for path in files(__name__).iterdir() if path.name.endswith(".toml"))


def load_profile(name: str) -> Profile:
    """Read a profile.

    Raises:
        ValueError: no such profile; names those that exist.
    """
    if name not in profile_names():
        raise ValueError(unknown("profile", name, profile_names()))
    content = tomllib.loads((files(__name__) / f"{name}.toml").read_text())
    return Profile(name, content.pop("encoder"), content)
