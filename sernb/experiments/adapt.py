"""From a folder of clips to a model for them: planned and announced, then trained, judged as far as labels carry."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sernb.corpora.demo import make_demo
from sernb.data.audit import audit
from sernb.data.folds import LeakError, Split
from sernb.data.limits import concerns, refusals
from sernb.data.manifest import MANIFEST, Harmonized, harmonize
from sernb.evaluation import comparison
from sernb.evaluation.adapted_card import write_adapted_card
from sernb.evaluation.calibration import fit_confidence
from sernb.evaluation.ensembles import ensemble
from sernb.evaluation.uneven import in_words as uneven
from sernb.experiments.adapt_clips import clips_in, language_of, read_clips
from sernb.experiments.adapt_look import different, judgement, seconds_a_step
from sernb.experiments.adapt_teaching import store_statistics, teach_members
from sernb.experiments.early import check_languages
from sernb.experiments.profiles import load_profile
from sernb.experiments.recipes import RECIPES, Recipe
from sernb.experiments.study import SOURCE_LANGUAGE, Study
from sernb.experiments.sweep import duration
from sernb.languages import language_name
from sernb.models.ensemble import save_ensemble
from sernb.runs import FinishedRuns, Run, RunMissing, RunStore
from sernb.speech.speaker_batches import enough_clips
from sernb.training.configs import BaselineConfig, ContrastiveConfig
from sernb.training.loop import capped
from sernb.training.outputs import people

VALIDATION_FOLD = 0
"""The same for all members: English people whom none of them learnt from, to fit the ensemble's confidence on."""
JUDGED_FILE = "judged.parquet"


@dataclass(frozen=True)
class Plan:
    """What will be done, checked and announced before it starts.

    Attributes:
        study: English speech and the clips, in one table, and the store of runs.
        language: of the clips, ISO 639-1, or "und".
        seeds: of the members.
        recipe: how each is trained.
        self_training: whether each then gets a head that its own names of the clips taught.
        rejected: files of the clips' folder that can't be used, with reasons.
        lines: what was found, what will be done and why, how long it takes here, and what can't be known.
    """

    study: Study
    language: str
    seeds: tuple[int, ...]
    recipe: Recipe
    self_training: bool
    rejected: pd.DataFrame
    lines: tuple[str, ...]

    @property
    def clips(self) -> pd.DataFrame:
        """The reader's clips."""
        return self.study.target

    def split(self, seed: int) -> Split:
        """What a member learns from and is judged on: no person who is judged was heard before."""
        if not self.recipe.adapts:
            return self.study.zero_shot(VALIDATION_FOLD)
        folds = sorted(self.clips["fold"].dropna().unique())
        return self.study.adapted(int(folds[seed % len(folds)]), [self.language], VALIDATION_FOLD)

    def member(self, seed: int, store: RunStore, progress: bool = True) -> Run:
        """A member's run, found in the store or made there, with or without progress bars."""
        configs = self.recipe.configs(self.study.profile, seed)
        return self.recipe.train(configs, self.split(seed), self.study.encoder, store, progress, self.study.about)


@dataclass(frozen=True)
class Adapted:
    """What came of it.

    Attributes:
        model: folder of the ensemble, with its card.
        runs: its members.
        judged: predictions for labelled clips of people no judging model had heard; empty without labels.
        lines: the judgement, or why there is none.
    """

    model: Path
    runs: tuple[Run, ...]
    judged: pd.DataFrame
    lines: tuple[str, ...]


def plan(
    clips: str | Path | None,
    source: str | Path | None,
    language: str | None = None,
    seeds: int = 3,
    stage1: bool = False,
    self_training: bool = False,
    profile: str = "laptop",
    encoder: str | Path | None = None,
    runs: str | Path = "runs",
    progress: bool = True,
) -> Plan:
    """Look at the clips and say what will be done with them; nothing is trained.

    Args:
        clips: folder of a corpus in any layout the package reads, or of audio files alone; None takes the clips of
            `language` in `source`.
        source: folder of corpora with English clips that have emotion labels; None for the demo corpus.
        language: of the clips, ISO 639-1; None takes what their corpus says.
        seeds: members of the ensemble.
        stage1: adapt to the clips by contrastive learning first, where they have speakers enough.
        self_training: teach each member a new head by what it calls the clips itself, see `taught_classifier`.
        profile: "smoke", "laptop" or "paper".
        encoder: initial weights; None takes the profile's.
        runs: folder of the runs.
        progress: show progress bars.

    Raises:
        FileNotFoundError: no audio in `clips`, no corpus in `source`.
        ValueError: clips of several languages, or English; no labelled English clip; too few clips; a clip on both
            sides; or speakers too few for stage 1.
    """
    if seeds < 1:
        raise ValueError(f"an ensemble of {seeds} is none; give 1 or more seeds")
    store, chosen = RunStore(Path(runs)), load_profile(profile)
    if clips is None:
        check_languages([language or ""], source, SOURCE_LANGUAGE)
    corpora = harmonize(
        make_demo() if source is None else Path(source),
        cache=store.root / "checks-source.parquet",
        progress=progress,
        unpacked=store.root / "unpacked",
    )
    found = clips_in(corpora, language) if clips is None else read_clips(Path(clips), language, store, progress)
    tongue = language_of(found.manifest, language)
    own = found.manifest.assign(language=tongue)
    english = corpora.manifest
    english = english[(english["language"] == SOURCE_LANGUAGE) & english["emotion"].notna()]
    if english.empty:
        raise ValueError(f"{source} holds no English clip with an emotion label; `sernb corpora` names such corpora")
    both = sorted(set(english["utterance_id"]) & set(own["utterance_id"]))
    if both:
        raise ValueError(f"{both[0]} lies in {clips} and in {source}: keep the clips in a folder of their own")
    manifest = MANIFEST.validate(pd.concat([english, own], ignore_index=True))
    study = Study(
        tongue,
        chosen,
        None if source is None else Path(source),
        str(encoder or chosen.encoder),
        0,
        store,
        Harmonized(manifest, found.rejected),
    )
    recipe = RECIPES["contrastive" if stage1 else "baseline"]
    planned = Plan(study, tongue, tuple(range(seeds)), recipe, self_training, found.rejected, ())
    if stage1:
        _check_stage1(planned)
    try:
        planned.split(0)
    except LeakError as leak:
        raise ValueError(f"{clips} and {source}: {leak}") from leak
    return replace(planned, lines=tuple(_plan_lines(planned, found, english)))


def adapt(planned: Plan, out: str | Path, progress: bool = True) -> Adapted:
    """Train the members, put them into one folder, and judge them where there are labels.

    Asked again after an interruption it goes on where it was: finished members are found, not made.

    Args:
        planned: from `plan`.
        out: folder of the model; written anew.
        progress: show a progress bar.
    """
    out = Path(out)
    runs = tuple(planned.member(seed, planned.study.store, progress) for seed in planned.seeds)
    save_ensemble([run.model for run in runs], out)
    if planned.self_training:
        most = planned.recipe.configs(planned.study.profile, 0)[0].validation_clips
        english = capped(planned.split(0).validation, most)
        validation = teach_members(out, planned.clips, english, progress)
    else:
        validation = comparison.pooled(list(runs), part="validation")
        store_statistics(out, list(planned.clips["path"]), progress)
    fit_confidence(ensemble(validation)).save(out)
    judged, lines = judgement(runs, planned.recipe.adapts, planned.self_training)
    judged.to_parquet(out / JUDGED_FILE, index=False)
    write_adapted_card(out, planned.clips, planned.study.encoder, runs, judged, (*planned.lines, *lines))
    return Adapted(out, runs, judged, tuple(lines))


def _check_stage1(planned: Plan) -> None:
    """Raise unless the clips have speakers enough for a batch of stage 1 beside those held out and judged."""
    config = planned.study.profile.config("contrastive", ContrastiveConfig)
    speakers = enough_clips(planned.clips, config.clips_per_speaker)[0]["speaker"].nunique()
    needed = config.batch_size // config.clips_per_speaker
    left = int(speakers * (1 - config.held_out) * 0.8)
    if left < needed:
        raise ValueError(
            f"stage 1 needs {needed} speakers of {config.clips_per_speaker} clips each in a batch, besides those held "
            f"out; the clips have {speakers} such speakers. Leave --stage1 out"
        )


def _plan_lines(planned: Plan, found: Harmonized, english: pd.DataFrame) -> Iterator[str]:
    clips = planned.clips
    labelled, speakers = int(clips["emotion"].notna().sum()), clips["speaker"].nunique()
    counts = people(clips.dropna(subset="speaker")).items()
    genders = [f"{count} {'of unknown gender' if name == 'unknown' else name}" for name, count in counts if count]
    who = f"{speakers} speakers ({', '.join(genders)})"
    files = len(found.manifest) + len(found.rejected) + len(found.unclaimed)
    yield (
        f"Found: {len(clips)} clips that can be used of {files} files, {clips['duration_s'].sum() / 3600:.2f} h of "
        f"{language_name(planned.language)}, {who if speakers else 'speakers unknown'}, {labelled} with a label of "
        "one of the four classes."
    )
    if len(found.unclaimed):
        yield f"Left out: {len(found.unclaimed)} files that the corpus's table or names don't tell of."
    yield from (f"Left out: {line}" for line in refusals(found.rejected))
    yield from (f"LEAK: {leak}" for leak in audit(clips).leaks)
    yield from (f"Note: {line}" for line in concerns(clips))
    yield from (f"Note: {line}" for line in different(clips, english))
    config = planned.recipe.configs(planned.study.profile, 0)[0]
    assert isinstance(config, BaselineConfig)  # of both recipes it may choose
    layers = f" cut after layer {config.layers}" if config.layers else ""
    yield (
        f"Will do: train {len(planned.seeds)} models of {Path(planned.study.encoder).name}{layers} on {len(english)} "
        f"English clips of {english['speaker'].nunique()} speakers, average each one's weights over its last steps, "
        "average their probabilities, and re-centre embeddings on your clips' own mean and deviation."
    )
    if planned.recipe.adapts:
        yield (
            "First each is adapted to your speakers by contrastive learning, without labels (--stage1). The book's "
            "reference runs don't show that this helps: judge it by your own labels, beside a model without it."
        )
    if planned.self_training:
        yield (
            "Then each names your clips, as many of every emotion as of any other, and a new head learns these names "
            f"(--self-training). It takes several speakers, and emotions that are about equally frequent; {uneven()}."
        )
    yield (
        "Why: emotion is learnt where labels are, in English; your clips say how your recordings sound. No label of "
        "yours teaches anything, so those there are can judge."
    )
    yield _time_needed(planned, config)
    yield (
        "Can't know: whether emotion is spoken in this language as in English, whether acted speech stands for real "
        "speech, or anything about people who are not among your clips."
    )


def _time_needed(planned: Plan, config: BaselineConfig) -> str:
    left = [seed for seed in planned.seeds if not _finished(planned, seed)]
    if not left:
        return "Time: every model has been trained before and is found again."
    step = seconds_a_step(config, planned.study.encoder)
    stages = sum(one.steps for one in planned.recipe.configs(planned.study.profile, 0))
    done = f", {len(planned.seeds) - len(left)} more are there already" if len(left) < len(planned.seeds) else ""
    return (
        f"Time: about {duration(step * stages * len(left))} for {len(left)} models{done}: {stages} steps each, "
        f"{step:.2f} s a step, tried on this machine just now; judging comes on top."
    )


def _finished(planned: Plan, seed: int) -> bool:
    try:
        planned.member(seed, FinishedRuns(planned.study.store.root))
    except RunMissing:
        return False
    return True
