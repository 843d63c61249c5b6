"""What is no leak but limits a table: speakers of two genders, corpora lying there twice, words not understood."""

import shutil
from pathlib import Path

from typer.testing import CliRunner

from sernb.cli import app
from sernb.data.limits import concerns, refusals
from sernb.data.manifest import harmonize


def test_a_speaker_of_two_genders_is_named_with_the_clips(clips):
    rows = clips(speaker=["c/s0"] * 4 + ["c/s1"] * 4, gender=["female"] * 3 + ["male"] + ["female"] * 4)
    assert "c, en: speaker c/s0 has two genders, female in 3 and male in 1 clips; male in c/3" in concerns(rows)
    assert not any("s1 has two" in line for line in concerns(rows))


def test_notes_are_counted_and_their_clips_named(clips):
    rows = clips(speaker=list("abcde"), note=["x is odd\ny is odd", "x is odd", "x is odd", "x is odd", None])
    found = concerns(rows)
    assert "c, en: x is odd; clips: 4 (c/0, c/1, c/2, ...)" in found
    assert "c, en: y is odd; clips: 1 (c/0)" in found


def test_a_corpus_lying_there_twice_is_noted(tmp_path: Path, noise):
    for number in range(3):
        noise(tmp_path / "c" / "URDU" / "Angry" / f"SM1_F{number}_A0{number}.wav")
    noise(tmp_path / "c" / "URDU" / "Angry" / "SM2_F1_A01.wav")
    shutil.copytree(tmp_path / "c" / "URDU", tmp_path / "c" / "mine" / "copy")
    (tmp_path / "c" / "mine" / "corpus.csv").write_text(
        "path,speaker\n" + "".join(f"copy/Angry/SM1_F{number}_A0{number}.wav,1\n" for number in range(3))
    )
    manifest = harmonize(tmp_path / "c", progress=False).manifest
    (line,) = (line for line in concerns(manifest) if "same audio" in line)
    assert line.startswith("c/URDU and c/mine/copy hold the same audio, clips: 3 (SM1_F0_A00.wav, SM1_F1_A01.wav, SM1_")


def test_a_pair_within_a_folder_is_no_corpus_lying_there_twice(clips):
    rows = clips(speaker=["a"] * 4, audio_hash=["x", "x", "y", "y"])
    assert not any("same audio" in line for line in concerns(rows))


def test_the_same_clips_of_two_copies_are_refused_once_with_the_folder(tmp_path: Path, noise):
    noise(tmp_path / "c" / "one" / "URDU" / "Angry" / "SM1_F1_A01.wav")
    shutil.copytree(tmp_path / "c" / "one", tmp_path / "c" / "two")
    result = harmonize(tmp_path / "c", progress=False)
    assert refusals(result.rejected) == [
        "urdu: the same clip lies in one/URDU: keep one of the two; clips: 1 (SM1_F1_A01.wav)"
    ]


def test_audit_and_card_show_what_was_not_understood(tmp_path: Path, noise):
    noise(tmp_path / "c" / "mine" / "a.wav")
    (tmp_path / "c" / "mine" / "corpus.csv").write_text(
        "path,speaker,gender,emotion\na.wav,1,0,Langeweile\nb.wav,2,1,x\n"
    )
    run = CliRunner().invoke(app, ["harmonize", str(tmp_path / "c"), "--out", str(tmp_path / "out")])
    assert run.exit_code == 0, run.output
    printed = " ".join(CliRunner().invoke(app, ["audit", str(tmp_path / "out")]).output.split())
    shown = (tmp_path / "out" / "card.html").read_text()
    for line in ("gender '0' is not understood: write female or male", "labels of no class (langeweile 1)"):
        assert line in printed
        assert line.replace("'", "&#x27;") in shown
    assert "csv: listed, but missing" not in printed and "mine: listed, but missing; clips: 1 (b.wav)" in printed
