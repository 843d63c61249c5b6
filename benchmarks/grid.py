"""The grid of grid.toml as data: each group as the sweep it is, and as the command that makes it."""

import shlex
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sernb.commands.learn import fields
from sernb.experiments.early import check_recipes
from sernb.experiments.study import Study
from sernb.experiments.sweep import Cell, Planned, Sweep, grid, look_up

FILE = Path(__file__).with_name("grid.toml")
ENCODERS = {"base": "openai/whisper-base", "tiny.en": "openai/whisper-tiny.en"}
TABLES = ("main", "chosen", "held-out", "published", "band", "what-matters")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Runs that differ in seed and fold only, of one recipe or of several; grid.toml says what each field means."""

    methods: tuple[str, ...]
    seeds: int
    folds: int = 5
    set: tuple[str, ...] = ()
    stage1: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ()
    hold_out: tuple[str, ...] = ()
    encoder: str = "base"
    name: str | None = None

    def cells(self) -> list[Cell]:
        """Its runs, in the order they are made."""
        return grid(self.methods, None, self.seeds, self.folds, reading=bool(self.unlabelled))

    def sweep(self, where: Sweep, encoders: dict[str, str]) -> Sweep:
        """What its runs have in common: `where` gives profile, corpora and store, and its changes come last."""
        return replace(
            where,
            encoder=encoders[self.encoder],
            changes=fields(list(self.set)) | where.changes,
            stage1_changes=fields(list(self.stage1)) | where.stage1_changes,
            unlabelled=self.unlabelled,
            held_out=self.hold_out,
        )

    def check(self, profile: str) -> None:
        """Make its configs.

        Raises:
            ValueError: an unknown recipe, field, profile or encoder, or a value outside its range.
        """
        if self.encoder not in ENCODERS:
            raise ValueError(f"unknown encoder {self.encoder!r}; known are {', '.join(ENCODERS)}")
        check_recipes(profile, self.methods, range(self.seeds), fields(list(self.set)), fields(list(self.stage1)))

    def command(self) -> str:
        """The `sernb sweep` that makes it, data, encoder and stores aside."""
        words = ["sernb", "sweep", "--methods", ",".join(self.methods), "--seeds", str(self.seeds)]
        words += [] if self.folds == 5 else ["--folds", str(self.folds)]
        for option, given in (("--set", self.set), ("--stage1", self.stage1)):
            words += [word for change in given for word in (option, change)]
        for option, corpora in (("--unlabelled", self.unlabelled), ("--hold-out", self.hold_out)):
            words += [option, ",".join(corpora)] if corpora else []
        words += ["--name", self.name] if self.name else []
        return shlex.join(words)


def read_grid(file: Path = FILE) -> dict[str, list[Group]]:
    """The groups of every table of runs.

    Raises:
        TypeError: a group has a field that `Group` has not, or lacks one.
    """
    content = tomllib.loads(file.read_text())
    return {table: [_group(content[table], own) for own in content[table]["groups"]] for table in TABLES}


def read_profile(file: Path = FILE) -> str:
    """Name of the profile that the grid is made with."""
    return tomllib.loads(file.read_text())["profile"]


def title(table: str, file: Path = FILE) -> str:
    """What a table asks."""
    return tomllib.loads(file.read_text())[table]["title"]


def plan_group(group: Group, asked: Sweep, study: Study) -> list[Planned]:
    """Every run of a group and what the store says of it; a run that can't be made is `impossible`, not an error."""
    own = replace(study, encoder=asked.encoder or study.encoder, unlabelled=asked.unlabelled, held_out=asked.held_out)
    return [look_up(asked, own, cell) for cell in group.cells()]


def _group(table: dict[str, Any], own: dict[str, Any]) -> Group:
    shared = {name: value for name, value in table.items() if name not in ("title", "groups")}
    given = shared | own
    for name in ("set", "stage1"):
        given[name] = _changes(shared.get(name, []), own.get(name, []))
    if "contrastive" not in given["methods"]:
        given["stage1"] = ()
    frozen: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Group(**frozen)


def _changes(*lists: list[str]) -> tuple[str, ...]:
    """Changes one after the other, each field's last one kept."""
    last = {change.partition("=")[0]: change for changes in lists for change in changes}
    return tuple(last.values())
