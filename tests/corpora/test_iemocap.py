"""IEMOCAP on a small tree: who speaks, what the raters said, and what lies there without a rating."""

from pathlib import Path

import pytest

from sernb.data.manifest import harmonize

EVALUATION = """% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()
A-E3:\tval 3; act 2; dom  2;\t()

[10.0100 - 11.3925]\tSes01F_impro01_M001\texc\t[4.5000, 3.5000, 3.0000]
[14.8872 - 18.0175]\tSes01F_impro01_M002\txxx\t[2.5000, 3.0000, 3.0000]
[19.2900 - 20.7875]\tSes01F_impro01_F003\toth\t[2.5000, 3.0000, 3.0000]
[19.2900 - 20.7875]\tSes01F_impro01_F004\tang\t[2.5000, 3.0000, 3.0000]
"""
SCRIPTED = "[0.1000 - 1.2000]\tSes02M_script02_1_FXX01\tang\t[1.5000, 4.5000, 4.0000]\n"


@pytest.fixture
def corpus(tmp_path: Path, noise) -> Path:
    one, two = tmp_path / "IEMOCAP_full_release" / "Session1", tmp_path / "IEMOCAP_full_release" / "Session2"
    for turn in ("F000", "M001", "M002", "F003", "M099"):  # F004 is rated but missing, M099 is there but not rated
        noise(one / "sentences" / "wav" / "Ses01F_impro01" / f"Ses01F_impro01_{turn}.wav")
    noise(two / "sentences" / "wav" / "Ses02M_script02_1" / "Ses02M_script02_1_FXX01.wav")
    noise(one / "dialog" / "wav" / "Ses01F_impro01.wav", channels=2)
    for session, name, text in ((one, "Ses01F_impro01", EVALUATION), (two, "Ses02M_script02_1", SCRIPTED)):
        folder = session / "dialog" / "EmoEvaluation"
        folder.mkdir(parents=True)
        (folder / f"{name}.txt").write_text(text)
        (folder / f"._{name}.txt").write_bytes(b"\x00\x05\x16\x07\xff")  # upstream's archive has these
    return tmp_path


def test_labels_speakers_and_sessions(corpus: Path):
    result = harmonize(corpus, progress=False)
    rows = result.manifest.assign(turn=result.manifest["path"].map(lambda path: Path(path).stem)).set_index("turn")
    assert rows["source_label"].to_dict() == {
        "Ses01F_impro01_F000": "neutral",
        "Ses01F_impro01_M001": "excited",
        "Ses01F_impro01_M002": "no agreement",
        "Ses01F_impro01_F003": "other",
        "Ses02M_script02_1_FXX01": "anger",
    }
    assert rows["emotion"].dropna().to_dict() == {
        "Ses01F_impro01_F000": "neutral",
        "Ses01F_impro01_M001": "happy",
        "Ses02M_script02_1_FXX01": "angry",
    }
    man = rows.loc["Ses01F_impro01_M001"]
    assert (man["speaker"], man["gender"], man["session"], man["style"]) == (
        "iemocap/Ses01M",
        "male",
        "1",
        "improvised",
    )
    assert (man["valence"], man["activation"], man["dominance"]) == (4.5, 3.5, 3.0)
    # "Ses02M" says who wore the markers, the turn's own letter who speaks
    woman = rows.loc["Ses02M_script02_1_FXX01"]
    assert (woman["speaker"], woman["gender"], woman["style"]) == ("iemocap/Ses02F", "female", "scripted")


def test_leaves_one_session_out(corpus: Path):
    manifest = harmonize(corpus, progress=False).manifest
    assert manifest.groupby("session")["fold"].unique().map(list).to_dict() == {"1": [0], "2": [1]}


def test_nothing_is_lost(corpus: Path):
    result = harmonize(corpus, progress=False)
    reasons = {
        Path(path).stem: reason for path, reason in zip(result.rejected["path"], result.rejected["reason"], strict=True)
    }
    assert reasons == {
        "Ses01F_impro01_F004": "listed, but missing",
        "Ses01F_impro01_M099": "there, but not listed in EmoEvaluation",
    }
    assert len(result.manifest) + len(result.rejected) == 7


def test_unreadable_evaluation_rejects_every_turn(corpus: Path):
    evaluation = next(corpus.rglob("Ses01F_impro01.txt"))
    evaluation.write_bytes(b"\xff\xfe\x00")
    rejected = harmonize(corpus, progress=False).rejected
    assert rejected["reason"].str.contains("EmoEvaluation/Ses01F_impro01.txt is not UTF-8").all()
    assert len(rejected) == 7  # the whole dialogue is an audio file of this folder, too
