"""What heads that a model's own names taught bring, in the stored runs; and which way of teaching English chooses."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from sernb.data.files import read_table
from sernb.data.grouping import each_corpus
from sernb.data.shipped import RESULTS
from sernb.evaluation import comparison, uncertainty
from sernb.evaluation.ensembles import ensemble_scores
from sernb.evaluation.predictions import prediction_table
from sernb.evaluation.uncertainty import FEWEST_SPEAKERS
from sernb.experiments import frozen
from sernb.experiments.layers import from_english, probe, transferred
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.languages import language_name
from sernb.models.statistics import Statistics
from sernb.results import sentences
from sernb.results.findings import METHODS, runs_of_group
from sernb.results.ladder import STORE, gain_by_language, macro_f1_interval, shifted_back
from sernb.runs import SELF_TRAINED, STATISTICS
from sernb.training.self_training import Settings, self_trained

CHOICE_FILE = f"{STORE}/choice.parquet"
"""Scores of every way to teach, made by benchmarks/self_training.py. A row is a setting, an English corpus and a seed;
one without a setting is the model that has not taught itself."""
SETTINGS = [field.name for field in fields(Settings)]
TOGETHER = 5  # models of an ensemble


def choices(table: pd.DataFrame) -> pd.DataFrame:
    """Macro-F1 of every way to teach, the mean over seeds, a column an English corpus, in the order of the table.

    Args:
        table: of CHOICE_FILE.

    Returns:
        Columns of SETTINGS, one a corpus, and mean, of those with FEWEST_SPEAKERS: where there are two, a
        single voice teaches the head that judges the other.
    """
    wide = table.pivot_table(index=SETTINGS, columns="held_out", values="macro_f1", dropna=False, sort=False)
    several = table.loc[table["speakers"] >= FEWEST_SPEAKERS, "held_out"].unique()
    return wide.dropna(how="all").assign(mean=wide[several].mean(axis=1)).rename_axis(columns=None).reset_index()


def chosen(table: pd.DataFrame) -> Settings:
    """The settings with the highest mean in `choices`; of CHOICE_FILE."""
    best = best_choices(table).iloc[1]
    return Settings(float(best["share"]), float(best["inverse_penalty"]), bool(best["whole"]), int(best["rounds"]))


def best_choices(table: pd.DataFrame, count: int = 10) -> pd.DataFrame:
    """Of `choices`, the model that has not taught itself, and then the best ways to teach."""
    ways = choices(table)
    untaught = ways["share"].isna()
    return pd.concat([ways[untaught], ways[~untaught].nlargest(count, "mean")], ignore_index=True)


def gains(root: Path = RESULTS) -> pd.DataFrame:
    """What self-training adds to target statistics, in every method of STORE.

    Returns:
        One row a method and language: method, language, corpus, seeds; statistics, evened and self_trained, the
        macro-F1 of single models with target statistics, with these and classes brought to equal shares (see `evened`),
        and self-trained; value, low, high of what the last has over the first; statistics_of_five and
        self_trained_of_five, of ensembles, the mean over sets of five models; NaN where there are fewer.
    """
    rows = []
    for group, method in METHODS.items():
        runs = runs_of_group(root / STORE, group)
        if not runs:
            continue
        before, after = shifted_back(runs), comparison.pooled(runs, variant=SELF_TRAINED)
        kinds = {"statistics": before, "evened": evened(before), "self_trained": after}
        scored = {kind: _scores(table) for kind, table in kinds.items()}
        several = {f"{kind}_of_five": _of_five(kinds[kind]) for kind in ("statistics", "self_trained")}
        for gain in gain_by_language(after, before):
            own = {kind: values.get(gain["corpus"]) for kind, values in (scored | several).items()}
            rows.append({"method": method, "seeds": after["seed"].nunique()} | gain | own)
    return pd.DataFrame(rows)


def over_baseline(root: Path = RESULTS) -> pd.DataFrame:
    """What each other method of STORE has over the baseline, if the heads of both taught themselves.

    Returns:
        One row a method and language: method, seeds, language, corpus; value, low, high of the difference in macro-F1.
    """
    tables = {
        method: comparison.pooled(runs, variant=SELF_TRAINED)
        for group, method in METHODS.items()
        if (runs := runs_of_group(root / STORE, group))
    }
    base = tables.pop(METHODS["baseline"], None)
    return pd.DataFrame(
        {"method": method, "seeds": judged["seed"].nunique()} | gain
        for method, judged in tables.items()
        if base is not None
        for gain in gain_by_language(judged, base)
    )


def evened(judged: pd.DataFrame) -> pd.DataFrame:
    """Predictions whose probabilities are brought to equal mean shares of the classes, in each corpus and round.

    Self-training takes it that classes are equally frequent. This is what that alone brings, without a new head.

    Args:
        judged: of one method, from `comparison.pooled`.
    """
    shares = judged[PROBABILITIES]
    for _ in range(100):  # what evens the classes unsettles the clips' sums, and the other way: both settle (Sinkhorn)
        shares = shares / shares.groupby([judged["corpus"], judged["seed"]]).transform("mean")
        shares = shares.div(shares.sum(axis=1), axis=0)
    return judged.assign(**shares)


def gains_page(table: pd.DataFrame) -> pd.DataFrame:
    """`gains` as the results page shows them."""
    named = table.assign(gain=[uncertainty.in_words(row) for row in table.to_dict("records")])
    columns = {
        "statistics": "target statistics",
        "evened": "classes evened",
        "self_trained": "self-trained",
        "gain": "gain",
        "statistics_of_five": "five together, target statistics",
        "self_trained_of_five": "five together, self-trained",
    }
    return named[["method", "corpus", "seeds", *columns]].rename(columns=columns)


def choices_page(table: pd.DataFrame) -> pd.DataFrame:
    """`best_choices` as pages show them."""
    best = best_choices(table)
    shown = {
        "inverse_penalty": [None if np.isnan(one) else f"{one:g}" for one in best["inverse_penalty"]],
        "whole": best["whole"].map({True: "all", False: "of statistics"}),
        "rounds": best["rounds"].astype("Int64"),
    }
    return best.assign(**shown).rename(columns={"inverse_penalty": "C", "whole": "clips heard"})


def gain_sentence(found: pd.DataFrame) -> str:
    """What self-training brings the baseline with target statistics; of `gains`."""
    rows = found[found["method"] == METHODS["baseline"]]
    return (
        "A new head, taught on other speakers' clips that the model itself has named, adds to the baseline with target "
        f"statistics {sentences.by_language(rows)} ({rows['seeds'].max()} seeds). Equal shares of the classes alone, "
        f"without a new head, add {_listed(rows['evened'] - rows['statistics'], rows['language'])}."
    )


def method_sentences(differences: pd.DataFrame) -> Iterator[str]:
    """What each method has over a baseline whose heads taught themselves too; of `over_baseline`."""
    for method, rows in differences.groupby("method", sort=False) if len(differences) else ():
        yield (
            f"Over a baseline whose heads taught themselves too, {method} has {sentences.by_language(rows)} "
            f"({rows['seeds'].max()} seeds)."
        )


def choice_sentence(table: pd.DataFrame) -> str:
    """How the way to teach was chosen; of CHOICE_FILE."""
    ways, best = choices(table), chosen(table)
    taught, before = ways.dropna(subset="share"), ways[ways["share"].isna()].iloc[0]
    heard = "all clips of the other folds" if best.whole else "the clips that statistics are taken over"
    share = "all" if best.share == 1 else f"{best.share:.0%}"
    rounds = "once" if best.rounds == 1 else f"in {best.rounds} rounds"
    few = list(table.loc[table["speakers"] < FEWEST_SPEAKERS, "held_out"].unique())
    left_out = "".join(
        f" {name.upper()} has too few speakers to choose: there every way changes macro-F1 by "
        f"{(taught[name] - before[name]).min():+.3f} to {(taught[name] - before[name]).max():+.3f}."
        for name in few
    )
    corpora = list(table["held_out"].unique())
    better = int((taught[corpora].mean(axis=1) > before[corpora].mean()).sum())
    if few:
        left_out += f" If it chose too, {better or 'none'} of the {len(taught)} ways would beat statistics alone."
    return (
        f"How it is taught, English chose. Of {len(taught)} ways the best hears {heard}, names {share} of them, "
        f"teaches {rounds} and has C = {best.inverse_penalty:g}: in English corpora that they never heard, "
        f"baselines of {table['seed'].nunique()} seeds reach a macro-F1 of {taught['mean'].max():.3f} with it, and "
        f"{before['mean']:.3f} with the corpus's own statistics alone. The other ways reach {taught['mean'].min():.3f} "
        f"or more.{left_out}"
    )


def said(found: pd.DataFrame, root: Path = RESULTS) -> list[str]:
    """All sentences, each where its runs are stored; of `gains`."""
    file = root / CHOICE_FILE
    return [
        *([gain_sentence(found)] if len(found) else ()),
        *method_sentences(over_baseline(root)),
        *([choice_sentence(read_table(file))] if file.exists() else ()),
    ]


def where_it_works(language: str, root: Path = RESULTS) -> pd.DataFrame:
    """Self-training on frozen embeddings and on those of a trained model, in one language.

    Both are of the same real clips. The trained models are the baselines of STORE; the spread is that of the main
    table's baseline of seed 0. On frozen embeddings a probe that learnt from English names the clips.

    Args:
        language: ISO 639-1.
        root: folder of the stored runs.

    Returns:
        One row each: embeddings; between emotions, the share of the embeddings' spread that lies between the emotions'
        means; re-centred and self-trained, macro-F1.
    """
    clips, embeddings = frozen.read(root / frozen.FILE.name)
    split = from_english(clips)
    source, test = embeddings[split.train.index], embeddings[split.test.index]
    english = probe(source, split.train["emotion"])
    order = [list(english.classes_).index(emotion) for emotion in EMOTIONS]
    taught = self_trained(
        test, split.test, test, split.test, Statistics.of(source), lambda moved: english.predict_proba(moved)[:, order]
    )
    named = transferred(split, embeddings).query("part == 'test' and statistics == 'target'")
    vectors = pd.DataFrame(test, index=split.test["utterance_id"])
    models, first = runs_of_group(root / STORE, "baseline"), runs_of_group(root, "baseline")[0]
    answers = (comparison.pooled(models, variant=variant) for variant in (STATISTICS, SELF_TRAINED))

    def row(what: str, vectors: pd.DataFrame, *tables: pd.DataFrame) -> dict:
        own = [table[table["language"] == language] for table in tables]
        scored = [macro_f1_interval(table)["value"] for table in own]
        clips = own[0].drop_duplicates("utterance_id")
        spread = between_classes(vectors.loc[clips["utterance_id"]].to_numpy(float), clips["emotion"].to_numpy(str))
        return {"embeddings": what, "between emotions": spread, "re-centred": scored[0], "self-trained": scored[1]}

    one_model = (table.assign(seed=0) for table in (named, prediction_table(split.test, taught)))
    return pd.DataFrame(
        [row("frozen", vectors, *one_model), row("trained on English emotion", first.embeddings, *answers)]
    )


def between_classes(embeddings: np.ndarray, label: np.ndarray) -> float:
    """Share of embeddings' variance that lies between the means of classes: 0 to 1, the mean over dimensions.

    Args:
        embeddings: shape (clips, width).
        label: of each clip, shape (clips,).
    """
    away = embeddings - embeddings.mean(0)
    parts = [(label == name).mean() * away[label == name].mean(0) ** 2 for name in np.unique(label)]
    return float((np.sum(parts, axis=0) / away.var(0).clip(min=1e-12)).mean())


def _scores(judged: pd.DataFrame) -> dict[str, float]:
    return {about["corpus"]: macro_f1_interval(clips)["value"] for about, clips in each_corpus(judged)}


def _of_five(judged: pd.DataFrame) -> dict[str, float]:
    if judged["seed"].nunique() < TOGETHER:
        return {}
    return dict(ensemble_scores(judged, TOGETHER).groupby("corpus")["macro_f1"].mean())


def _listed(values: pd.Series, languages: pd.Series) -> str:
    return sentences.listed(
        [f"{value:+.3f} in {language_name(code)}" for value, code in zip(values, languages, strict=True)]
    )
