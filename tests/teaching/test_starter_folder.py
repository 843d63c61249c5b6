"""A language of one's own: starter folder, made-up corpus, what goes wrong, and everything from the command line."""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner as ClickRunner
from papermill.cli import papermill
from typer.testing import CliRunner

from sernb.cli import app
from sernb.corpora.plaincsv import TABLE
from sernb.data.audit import audit
from sernb.data.limits import concerns
from sernb.data.manifest import Harmonized, harmonize
from sernb.experiments.profiles import load_profile
from sernb.teaching import mishaps
from sernb.teaching.example_corpus import ENGLISH, LANGUAGE, MISHAPS, OWN, SPEAKERS, make_example
from sernb.teaching.starter_folder import write_template
from sernb.training.contrastive import ContrastiveConfig

CHAPTER = Path(__file__).parents[2] / "book" / "10-your-language.md"


@pytest.fixture(scope="module")
def corpora(tmp_path_factory) -> Path:
    return make_example(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="module")
def harmonized(corpora) -> Harmonized:
    return harmonize(corpora, progress=False)


def test_the_example_holds_what_it_says(corpora, harmonized):
    own = harmonized.manifest.query("corpus == @OWN")
    assert set(own["language"]) == {LANGUAGE} and own["speaker"].nunique() == SPEAKERS
    assert own.groupby("speaker")["gender"].first().value_counts().to_dict() == {"female": 8, "male": 8}
    assert 0 < own["emotion"].isna().sum() < len(own)
    assert own["fold"].nunique() == 5 and audit(harmonized.manifest).leaks == []
    new = harmonize_new(corpora)
    assert not set(new) & set(own["audio_hash"])
    assert make_example(corpora.parent) == corpora  # found, not made again


def harmonize_new(corpora: Path) -> list[str]:
    from sernb.data.inspection import check_audio

    return [check_audio(file).audio_hash for file in sorted((corpora.parent / "new").iterdir())]


def test_every_mishap_is_spoken_of(corpora, harmonized):
    said = mishaps.of_clips(harmonized, corpora / OWN)
    assert list(dict.fromkeys(said["what happened"])) == [mishap.what for mishap in MISHAPS]
    assert (said["in its words"].str.len() > 10).all()
    words = said.groupby("what happened")["in its words"].agg(" ".join)
    for what, part in {
        "recorded far too loud": "clipped: more than 10%",
        "microphone switched off": "silent",
        "cut after 0.2 s": "shorter than 0.5 s",
        "download broke off": "truncated",
        "in the table, but not in the folder": "listed, but missing",
        "outside the folder": "refused",
        "recorded at 8 kHz": "nothing above 4000 Hz",
        "recorded at 48 kHz, in stereo": "48000",
        "a label that is none of the four": "furious 1",
        "nobody wrote down who speaks": "clips without a speaker: 1",
        "a copy of another speaker's clip": "identical audio",
    }.items():
        assert part in words[what], (what, words[what])


def test_every_case_of_a_whole_corpus_is_noticed(corpora):
    config = load_profile("smoke").config("contrastive", ContrastiveConfig)
    said = mishaps.of_corpora(corpora, config)
    assert list(dict.fromkeys(said["what happened"])) == [case.what for case in mishaps.CASES]
    words = said.groupby("what happened")["in its words"].agg(" ".join)
    assert not words.str.contains("trains; ").any()  # nothing slipped through to training
    for what, part in {
        "gender as 0 and 1": "gender '0' is not understood",
        "no column language": "add a column `language`",
        "three speakers": "folds filled: 3 of 5",
        "ten speakers: too few for a batch": "needs 8 speakers",
        "women only": "every known gender is female",
        "women only, batches balanced by gender": "can't be balanced by gender",
        "no emotion": "nothing can be measured",
        "nobody is ever angry": "no clip is angry",
        "no English corpus": "add a corpus with emotion labels in 'en'",
    }.items():
        assert part in words[what], (what, words[what])


def test_a_sound_corpus_raises_no_concern(clips):
    rows = clips(
        speaker=[f"s{n // 4}" for n in range(40)],
        fold=[n // 8 for n in range(40)],
        gender=["female" if n // 4 % 2 else "male" for n in range(40)],
        sample_rate=[16_000] * 40,
    )
    assert concerns(rows) == []
    (skewed,) = concerns(rows.assign(gender=["female"] * 4 + ["male"] * 36))
    assert "90% of the clips are male" in skewed


def run(*arguments: str) -> str:
    outcome = CliRunner().invoke(app, list(arguments))
    assert outcome.exit_code == 0, (arguments, outcome.output, outcome.exception)
    return outcome.stdout


def test_the_commands_of_the_chapter_run(tmp_path, monkeypatch):
    (block,) = re.findall(r"^#+ Step by step$.*?^```bash$(.*?)^```$", CHAPTER.read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    printed = {}
    for line in block.strip().splitlines():
        program, *words = shlex.split(line)
        arguments = [str(found) for word in words for found in (sorted(Path().glob(word)) if "*" in word else [word])]
        if program == "cd":
            monkeypatch.chdir(*arguments)
        elif program == "sernb":
            printed[arguments[0]] = run(*arguments)
        else:
            assert program == "papermill"
            outcome = ClickRunner().invoke(papermill, [*arguments, "--no-progress-bar"])
            assert outcome.exit_code == 0, (outcome.output, outcome.exception)
    assert "listed, but missing" in " ".join(printed["harmonize"].split())
    assert "NOTE" in printed["audit"] and "no leak" in printed["audit"]
    labels = pd.read_csv(pd.io.common.StringIO(printed["predict"]))
    assert len(labels) == 8 and labels["file"].str.startswith("new/").all()


def test_clips_without_any_label_or_gender_are_enough(corpora, tmp_path, monkeypatch):
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / ENGLISH).symlink_to(corpora / ENGLISH)
    table = pd.read_csv(corpora / OWN / TABLE, dtype=str)[["path", "speaker", "language"]]
    sound = table[~table["path"].isin([mishap.file for mishap in MISHAPS])]
    mishaps.subset(corpora / OWN, tmp_path / "corpora" / OWN, sound)
    monkeypatch.chdir(tmp_path)
    run("harmonize", "corpora", "--out", "data")
    assert "nothing can be measured on it" in " ".join(run("audit", "data").split())
    trained = ("--profile", "smoke", "--language", LANGUAGE, "--fold", "0", "--set", "batches_per_epoch=1")
    printed = run("train", "--corpora", "corpora", "--recipe", "byol", *trained)
    assert "validation" in printed and "test" not in printed
    (model,) = Path("runs").glob("byol-*")
    assert run("predict", str(model), str(corpora.parent / "new" / "male-sad.wav")).count("\n") == 2


def test_a_starter_folder_to_fill(tmp_path):
    readme, notebook, table = write_template(tmp_path / "new", "Amharic")
    assert table.read_text() == "path,speaker,gender,emotion,language\n"
    assert "Speech emotion recognition in Amharic" in readme.read_text() and "--language am" in readme.read_text()
    assert 'language = "am"' in notebook.read_text().replace("\\", "")
    assert (tmp_path / "new" / "corpora" / OWN / "clips").is_dir()


def test_a_starter_folder_still_empty_says_what_is_missing(tmp_path, noise):
    write_template(tmp_path / "new", "am")
    noise(tmp_path / "new" / "corpora" / OWN / "clips" / "a.wav")
    result = harmonize(tmp_path / "new" / "corpora", progress=False)
    assert result.rejected["reason"].tolist() == ["there, but not listed in corpus.csv"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "which language"),
        (("--language", "am", "--example"), "the example is in Swahili"),
    ],
)
def test_a_wrong_call_says_so_and_writes_nothing(tmp_path, options, message):
    outcome = CliRunner().invoke(app, ["template", str(tmp_path / "new"), *options])
    assert message in str(outcome.exception) and not (tmp_path / "new").exists()


def test_nothing_of_the_users_is_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(FileExistsError, match="holds something already"):
        write_template(tmp_path, "am")
