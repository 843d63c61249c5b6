"""The grid as data: every group can be made, and is the sweep whose command it prints."""

import re
import shlex
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sernb.cli import app
from sernb.corpora.registry import CORPORA
from sernb.evaluation.predictions import scores_by
from sernb.evaluation.uneven import SHARES, UNEVEN_FILE, by_share, in_words
from sernb.labels import EMOTIONS
from sernb.results.report import stored
from sernb.results.selection import chosen
from sernb.results.self_training import CHOICE_FILE, SETTINGS
from sernb.results.self_training import chosen as chosen_way
from sernb.results.throughput import stored_speeds
from sernb.training.self_training import Settings

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
READ = ["--unlabelled", "commonvoice,openslr"]
RUN = re.compile(r"(?:baseline|contrastive(?:-stage1)?|byol)-[0-9a-f]{12}")


@pytest.fixture
def grid(monkeypatch):
    """The module that reads grid.toml."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import grid

    return grid


@pytest.fixture(scope="module")
def corpora(tmp_path_factory, noise) -> Path:
    """Noise under the names of the corpora that the grid is made of."""
    root = tmp_path_factory.mktemp("corpora")
    for person in range(1, 11):
        for emotion in ("01", "03", "04", "05"):
            noise(root / "RAVDESS" / f"Actor_{person:02}" / f"03-01-{emotion}-01-01-01-{person:02}.wav", 0.6)
        for emotion in ("ANG", "HAP", "NEU", "SAD"):
            noise(root / "CREMA-D" / "AudioWAV" / f"10{person:02}_DFA_{emotion}_XX.wav", 0.6)
    for person in ("OAF", "YAF"):
        for emotion in ("angry", "happy", "neutral", "sad"):
            noise(root / "TESS" / f"{person}_{emotion}" / f"{person}_back_{emotion}.wav", 0.6)
    for person in ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16"):
        for text in ("a01", "a02", "a04", "a05"):
            for emotion in "WFNT":
                noise(root / "EMO-DB" / "wav" / f"{person}{text}{emotion}a.wav", 0.6)
    urdu, bangla = root / "CommonVoice" / "ur", root / "SLR53" / "asr_bengali"
    rows, lines = ["client_id\tpath\tgender\tlocale"], []
    for number in range(48):
        noise(urdu / "clips" / f"{number}.wav", 0.6)
        noise(bangla / "data" / f"{number % 16:x}0" / f"{number % 16:x}0{number:08x}.flac", 0.6)
        rows.append(f"u{number % 12}\t{number}.wav\t{('female', 'male')[number % 2]}\tur")
        lines.append(f"{number % 16:x}0{number:08x}\tb{number % 12:04}\ttext")
    (urdu / "validated.tsv").write_text("\n".join(rows) + "\n")
    (bangla / "utt_spk_text.tsv").write_text("\n".join(lines) + "\n")
    return root


def reproduce(*arguments) -> subprocess.CompletedProcess:
    script = BENCHMARKS / "reproduce.py"
    return subprocess.run([sys.executable, script, *map(str, arguments)], capture_output=True, text=True)


def test_every_group_has_known_recipes_fields_ranges_and_corpora(grid):
    tables = grid.read_grid()
    assert list(tables) == list(grid.TABLES) and all(tables.values()) and all(map(grid.title, tables))
    configs: dict = {}
    for groups in tables.values():
        for group in groups:
            for profile in (grid.read_profile(), "smoke"):
                group.check(profile)
            assert {*group.unlabelled, *group.hold_out} <= set(CORPORA)
            for method in group.methods:  # a group of stored runs differs in seed and data alone
                what = (group.set, group.stage1, group.unlabelled, group.hold_out, group.encoder)
                assert configs.setdefault((method, group.name), what) == what
    assert len(configs) == len({(method, *what) for (method, _), what in configs.items()})


def test_a_group_that_means_nothing_is_refused(grid):
    for wrong, problem in (
        ({"set": ("laeyrs=2",)}, "unknown field 'laeyrs'"),
        ({"set": ("dropout=2.0",)}, "dropout is 2.0; give a number, at least 0 and at most 1"),
        ({"stage1": ("epochs=1",)}, "only contrastive has a first stage"),
        ({"methods": ("simclr",)}, "unknown recipe 'simclr'"),
        ({"encoder": "large"}, "unknown encoder 'large'"),
    ):
        with pytest.raises(ValueError, match=problem):
            grid.Group(**{"methods": ("baseline",), "seeds": 1} | wrong).check("smoke")


def test_a_group_adds_its_changes_to_its_tables(grid, tmp_path):
    file = tmp_path / "grid.toml"
    one = '[{0}]\ntitle = "t"\nseeds = 2\nset = ["epochs=4", "layers=2"]\nstage1 = ["epochs=1"]\n'
    own = '[[{0}.groups]]\nmethods = ["{1}"]\nset = ["layers=none"]\n'
    file.write_text(
        "".join(one.format(t) + own.format(t, "baseline") + own.format(t, "contrastive") for t in grid.TABLES)
    )
    plain, two = grid.read_grid(file)["main"]
    assert plain.command() == "sernb sweep --methods baseline --seeds 2 --set epochs=4 --set layers=none"
    assert two.stage1 == ("epochs=1",) and plain.stage1 == ()


def test_the_whole_grid_can_be_made_and_its_main_table_is_the_sweep_it_names(grid, corpora, tmp_path):
    stores = ["--runs", tmp_path / "runs"]
    where = ["--corpora", corpora, "--profile", "smoke", "--encoder", "random-6x32", *stores]
    small = ["--set", "batch_size=24", "--stage1", "batch_size=16"]
    done = reproduce("--dry-run", *where, "--tiny", "random-4x32", *small, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    groups = [group for groups in grid.read_grid().values() for group in groups]
    shown = re.split(r"^sernb sweep .*$", done.stdout, flags=re.MULTILINE)[1:]
    assert len(shown) == len(groups)
    assert "impossible" not in done.stdout
    for group, text in zip(groups, shown, strict=True):
        assert len(RUN.findall(text)) == len(group.cells())
    assert "sernb metric" in done.stdout
    assert not list((tmp_path / "runs").glob("*/config.json")) and not (tmp_path / "out").exists()

    commands = ["--methods baseline --seeds 10", f"--methods contrastive --seeds 10 {' '.join(READ)}"]
    for command, group, text in zip(commands, groups, shown, strict=False):
        assert group.command() == f"sernb sweep {command}"
        first = small[2:] if "contrastive" in command else []
        words = ["sweep", *shlex.split(command), *map(str, where), *small[:2], *first, "--dry-run"]
        swept = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
        assert swept.exit_code == 0, swept.output
        assert RUN.findall(swept.output) == RUN.findall(text) and len(RUN.findall(text)) == 10


def test_one_command_trains_a_table_stores_it_and_measures_speed(corpora, tmp_path):
    out, little = tmp_path / "out", "--steps 1 --rounds 1 --batch 12 --stock-batch 12 --threads 1 --method baseline"
    words = ["--corpora", corpora, "--profile", "smoke", "--encoder", "random-1x32", "--runs", tmp_path / "runs"]
    words += ["--table", "main", "--seeds", 1, "--folds", 1, "--set", "batch_size=24", "--stage1", "batch_size=16"]
    for short in ("epochs=1", "batches_per_epoch=2", "workers=0"):
        words += ["--set", short, "--stage1", short]
    done = reproduce(*words, "--table", "throughput", "--shape", "tiny", "--speed", little, "--out", out)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out / "scores-main.csv")
    assert list(table["group"]) == ["baseline"] * 2 + ["contrastive"] * 2 + ["byol"] * 2
    assert set(table["language"]) == {"de"} and list(table["statistics"]) == ["as it is", "target"] * 3
    for (method, statistics), rows in table.groupby(["group", "statistics"]):
        (run,) = stored(method, out)
        variant = {"as it is": None, "target": "statistics"}[statistics]
        scores = scores_by(run.variant(variant).query("part == 'test'"), "corpus")["macro_f1"]
        np.testing.assert_allclose(rows["macro_f1"].str.split().str[0].astype(float), scores, atol=6e-4)
    measured = stored_speeds(out).set_index("encoder")
    assert set(measured.index) == {"random-1x32", "whisper-tiny, random weights"}
    assert measured.loc["random-1x32", "ratio"] > 1 and np.isnan(measured.loc["whisper-tiny, random weights", "ratio"])
    assert measured.loc["whisper-tiny, random weights", "share_of_square"] > 0
    assert not list(out.rglob("*.safetensors"))

    shown = reproduce(*words, "--dry-run", "--out", out)
    assert shown.returncode == 0, shown.stderr
    assert set(RUN.findall(shown.stdout)) == {
        run.name for name in ("baseline", "contrastive", "byol") for run in stored(name, out)
    }
    assert shown.stdout.count(" done ") == 3 and "missing" not in shown.stdout


def test_what_cannot_be_made_is_reported_and_the_rest_is_made(tmp_path):
    short = [word for change in ("epochs=1", "batches_per_epoch=2", "workers=0") for word in ("--set", change)]
    where = ["--profile", "smoke", "--encoder", "random-1x32", "--runs", tmp_path / "runs", "--out", tmp_path / "out"]
    done = reproduce("--table", "main", "--table", "metric", "--seeds", 1, "--folds", 1, *short, *where)
    assert done.returncode == 1
    assert "contrastive, seed 0: no clip of commonvoice, openslr to learn from" in done.stderr
    assert "metric: nobody rated the demo corpus" in done.stderr
    assert stored("baseline", tmp_path / "out") and stored("byol", tmp_path / "out")


def test_english_corpora_choose_among_candidates(corpora, tmp_path):
    short = 'set = ["epochs=1", "batches_per_epoch=1", "batch_size=8", "workers=0"{}]'
    (tmp_path / "candidates.toml").write_text(
        'profile = "smoke"\nheld_out = ["ravdess", "cremad"]\nseeds = 2\nbest = 2\n'
        + f'[[candidates]]\nname = "plain"\n{short.format("")}\n'
        + f'[[candidates]]\nname = "two layers"\n{short.format(", " + repr("layers=[1, 2]"))}\n'
    )
    words = ["--candidates", tmp_path / "candidates.toml", "--corpora", corpora, "--encoder", "random-2x32"]
    words += ["--runs", tmp_path / "runs", "--out", tmp_path, "--workers", 2]
    command = [sys.executable, str(BENCHMARKS / "choose.py"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(tmp_path / "selection.parquet")
    assert done.stdout.splitlines()[-1] == f"chosen: {chosen(table)}"
    runs = table.drop_duplicates("run")
    assert runs.groupby(["candidate", "seed"]).size().to_list() == [2] * 4
    judges = table.groupby("held_out")["corpus"].agg(set)
    assert judges.to_dict() == {name: {name, "emodb", "held-out speakers"} for name in ("cremad", "ravdess")}
    for row in table[table["corpus"] == table["held_out"]].itertuples():
        variant = {"as it is": "", "target": "-statistics"}[row.statistics]
        judged = pd.read_parquet(tmp_path / "runs" / row.run / f"predictions{variant}.parquet")
        scores = scores_by(judged.query("part == 'test'"), "corpus").set_index("corpus")
        assert scores.loc[row.corpus, "macro_f1"] == row.macro_f1 and scores.loc[row.corpus, "clips"] == row.clips
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*.parquet")}
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0 and {path: path.stat().st_mtime_ns for path in before} == before


def test_english_corpora_choose_how_a_model_teaches_itself(corpora, tmp_path):
    (tmp_path / "candidates.toml").write_text('profile = "smoke"\nheld_out = ["ravdess", "cremad"]\n')
    words = ["--candidates", tmp_path / "candidates.toml", "--corpora", corpora, "--encoder", "random-1x32"]
    words += ["--runs", tmp_path / "runs", "--out", tmp_path, "--seeds", 1]
    command = [sys.executable, str(BENCHMARKS / "self_training.py"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(tmp_path / CHOICE_FILE)
    assert done.stdout.splitlines()[-1] == f"chosen: {chosen_way(table)}"
    assert table.groupby("held_out")["run"].nunique().to_dict() == {"ravdess": 1, "cremad": 1}
    for held_out, rows in table.groupby("held_out"):
        folder = tmp_path / "runs" / rows["run"].iloc[0]
        ways = {
            "statistics": rows["share"].isna(),
            "self-trained": (rows[SETTINGS] == pd.Series(asdict(Settings()))).all(axis=1),
        }
        for variant, way in ways.items():
            scored = scores_by(pd.read_parquet(folder / f"predictions-{variant}.parquet"), "corpus").set_index("corpus")
            assert rows[way]["macro_f1"].item() == pytest.approx(scored.loc[held_out, "macro_f1"])


@pytest.mark.parametrize("share", SHARES)
def test_one_class_is_as_frequent_as_asked_for_and_the_pool_never_larger(grid, share):
    from uneven import drawn

    emotion = pd.Series(np.repeat(EMOTIONS, [126, 70, 80, 60]))
    for frequent in EMOTIONS:
        found = emotion.iloc[drawn(emotion, frequent, share, np.random.default_rng(0))]
        counts = found.value_counts()
        assert found.index.is_unique and counts[frequent] / len(found) == pytest.approx(share, abs=0.02)
        assert np.ptp(counts.drop(frequent)) == 0
        assert len(found) == pytest.approx((emotion == frequent).sum() / max(SHARES), rel=0.03)


def test_models_are_judged_with_the_help_of_clips_most_of_which_are_of_one_class(corpora, tmp_path):
    words = ["--corpora", corpora, "--encoder", "random-1x32", "--profile", "smoke", "--seeds", 1]
    words += ["--runs", tmp_path / "runs", "--out", tmp_path]
    command = [sys.executable, str(BENCHMARKS / "uneven.py"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(tmp_path / UNEVEN_FILE)
    run = tmp_path / "runs" / table["run"].unique().item()
    judged = pd.read_parquet(run / "predictions.parquet").query("part == 'test'")
    as_it_is = table[table["variant"] == "main"]["macro_f1"].item()
    assert as_it_is == pytest.approx(scores_by(judged, "corpus")["macro_f1"].item(), abs=0.02)  # of half precision
    pooled = table[table["variant"] != "main"]
    assert pooled.groupby(["variant", "frequent", "share"]).size().eq(1).all() and len(pooled) == 2 * 4 * len(SHARES)
    assert pooled["heard"].between(48, 51).all() and table["clips"].eq(160).all()
    means = by_share(tmp_path).set_index("share")
    assert means["main"].eq(as_it_is).all()
    for share, rows in pooled.groupby("share"):
        for variant, same in rows.groupby("variant"):
            assert means.loc[share, variant] == pytest.approx(same["macro_f1"].mean())
    told = in_words(tmp_path)
    assert [f"one emotion made up {share} of" in told for share in ("25%", "60%", "80%")] == [True, True, False]
