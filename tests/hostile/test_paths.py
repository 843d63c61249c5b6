"""Corpora made to do harm: nothing outside their folder is read, whatever their tables and links name."""

import json
import os
from pathlib import Path

import pytest

from sernb.data.manifest import harmonize


def write_csv(folder: Path, *paths: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.csv").write_text("path,speaker\n" + "".join(f'"{path}",1\n' for path in paths))


@pytest.fixture
def secret(tmp_path: Path, noise) -> Path:
    return noise(tmp_path / "secret.wav")


def test_paths_that_leave_the_folder_are_refused(tmp_path: Path, secret: Path, noise):
    noise(tmp_path / "corpora" / "mine" / "good.wav")
    noise(tmp_path / "corpora" / "mine-too" / "neighbour.wav")  # its folder's name begins as the corpus's does
    absolute = noise(tmp_path / "elsewhere" / "absolute.wav")
    leaving = ("../../secret.wav", str(absolute), "a/../../../x.wav", "../mine-too/neighbour.wav")
    write_csv(tmp_path / "corpora" / "mine", "good.wav", *leaving)
    result = harmonize(tmp_path / "corpora", progress=False)
    assert [Path(path).name for path in result.manifest["path"]] == ["good.wav"]
    assert len(result.rejected) == 4
    assert result.rejected["reason"].str.contains("leaves the corpus's folder").all()


def test_links_out_of_the_folder_are_refused(tmp_path: Path, secret: Path, noise):
    folder = tmp_path / "corpora" / "mine"
    noise(folder / "good.wav")
    (folder / "inside.wav").symlink_to(folder / "good.wav")
    (folder / "outside.wav").symlink_to(secret)
    (folder / "dangling.wav").symlink_to(folder / "none.wav")
    (folder / "loop").symlink_to(folder)
    (folder / "up").symlink_to(tmp_path)
    write_csv(folder, "good.wav", "inside.wav", "outside.wav", "dangling.wav", "up/secret.wav", "loop/good.wav")
    result = harmonize(tmp_path / "corpora", progress=False)
    kept = [Path(path).relative_to(folder).as_posix() for path in result.manifest["path"]]
    assert kept == ["good.wav", "inside.wav", "loop/good.wav"]
    reasons = {Path(row.path).name: row.reason for row in result.rejected.itertuples()}
    assert reasons == {
        "outside.wav": "a link out of the corpus's folder: refused",
        "dangling.wav": "listed, but missing",
        "secret.wav": "path leaves the corpus's folder: refused",
    }


def test_corpora_known_by_name_follow_no_link_out_either(tmp_path: Path, secret: Path, noise):
    noise(tmp_path / "corpora" / "URDU" / "Angry" / "SM1_F1_A01.wav")
    (tmp_path / "corpora" / "URDU" / "Angry" / "SM1_F1_A02.wav").symlink_to(secret)
    result = harmonize(tmp_path / "corpora", progress=False)
    assert len(result.manifest) == 1
    assert result.rejected["reason"].item() == "a link out of the corpus's folder: refused"


def test_names_no_file_system_or_format_takes(tmp_path: Path, noise):
    folder = tmp_path / "corpora" / "URDU"
    noise(folder / "Angry" / "SM1_F1_A01.wav")
    noise(Path(os.fsdecode(os.fsencode(folder / "Angry") + b"/SM1_F1_A0\xe8.wav")))  # Latin-1, as old archives have it
    write_csv(tmp_path / "corpora" / "mine", "a" * 5000 + ".wav", "nul\x00.wav")
    result = harmonize(tmp_path / "corpora", progress=False)
    assert len(result.manifest) == 1
    assert len(result.rejected) == 3
    result.save(tmp_path / "out")


def test_json_with_half_a_character(tmp_path: Path, noise):
    noise(tmp_path / "set" / "a.wav")
    row = json.dumps({"file_name": "a.wav", "emotion": "sad", "speaker": "\ud800x"})
    (tmp_path / "set" / "metadata.jsonl").write_text(row)
    result = harmonize(tmp_path, progress=False)
    assert result.manifest["speaker"].item() == "set/\\ud800x"
    result.save(tmp_path / "out")
