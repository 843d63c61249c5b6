"""sernb corpora, harmonize, audit and export, as a reader calls them."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sernb.cli import app
from sernb.corpora.registry import CORPORA
from sernb.data.manifest import Harmonized

runner = CliRunner()


@pytest.fixture
def corpora(tmp_path: Path, noise) -> Path:
    for name in ("Angry/SM1_F1_A01.wav", "Sad/SF2_F1_S01.wav", "Happy/SM3_F1_X01.wav"):
        noise(tmp_path / "corpora" / "URDU" / name)
    return tmp_path / "corpora"


def run(*arguments: object, status: int = 0) -> str:
    result = runner.invoke(app, list(map(str, arguments)))
    assert result.exit_code == status, result.output
    return result.output


def test_harmonize_writes_tables_and_card(corpora: Path, tmp_path: Path):
    out = tmp_path / "out"
    printed = run("harmonize", corpora, "--out", out)
    assert sorted(path.name for path in out.iterdir()) == [
        "card.html", "card.md", "checks.parquet", "manifest.parquet", "rejected.parquet", "unclaimed.parquet",
    ]  # fmt: skip
    assert "unknown emotion letter 'X'" in " ".join(printed.split())
    assert "| urdu | sad | sad | 1 |" in (out / "card.md").read_text()
    assert "<td>sad</td>" in (out / "card.html").read_text()


def test_headers_only(corpora: Path, tmp_path: Path):
    run("harmonize", corpora, "--out", tmp_path / "out", "--headers-only")
    assert Harmonized.load(tmp_path / "out").manifest["audio_hash"].isna().all()
    assert "headers only" in run("audit", tmp_path / "out")


def test_audit_fails_on_a_leak(corpora: Path, tmp_path: Path):
    out = tmp_path / "out"
    run("harmonize", corpora, "--out", out)
    assert "no leak" in run("audit", out)
    harmonized = Harmonized.load(out)
    manifest = harmonized.manifest.assign(speaker="urdu/same", fold=[0, 1])
    Harmonized(manifest, harmonized.rejected).save(out)
    assert "LEAK urdu: fold 0 and fold 1 share 1 speakers" in " ".join(run("audit", out, status=1).split())


def test_real_corpora(corpora_dir: Path, real, tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    shutil.copy(real[1] / "checks.parquet", out)
    printed = run("harmonize", corpora_dir, "--out", out)
    for count in ("1160", "535", "704", "800", "400", "4899", "580", "1560"):
        assert count in printed
    assert "10738 kept + 1 rejected + 0 claimed by no parser = 10739 files" in printed
    printed = run("audit", out)
    for name in ("03-01-03-01-02-01-07", "03-01-01-01-01-01-17", "03-01-01-01-03-03-15"):
        assert name in printed.replace("\n", "")


def test_audit_of_nothing_is_an_error(tmp_path: Path):
    result = runner.invoke(app, ["audit", str(tmp_path)])
    assert isinstance(result.exception, FileNotFoundError)
    assert "make it with `sernb harmonize`" in str(result.exception)


@pytest.mark.parametrize("name", ["audformat", "audiofolder"])
def test_export(corpora: Path, tmp_path: Path, name: str):
    run("harmonize", corpora, "--out", tmp_path / "out")
    assert "wrote 2 clips" in run("export", tmp_path / "out", "--format", name, "--out", tmp_path / "exported")
    assert len(list((tmp_path / "exported" / "audio").iterdir())) == 2


def test_corpora_lists_what_is_known_and_found(corpora: Path):
    known = run("corpora")
    for title in ("SUBESCO", "IEMOCAP", "MSP-Podcast", "Common Voice", "AESDD", "CaFE", "CREMA-D", "SAVEE"):
        assert title in known
    found = run("corpora", corpora).replace("\n", "")
    assert found.count("found      no") == len(CORPORA) - 1


def test_layout_of_one_corpus_is_shown(tmp_path: Path):
    shown = run("corpora", "openslr")
    assert "asr_bengali/" in shown and "utt_spk_text.tsv" in shown and "00005debc7 <tab> f83df" in shown
    assert "SUBESCO" not in shown
    result = runner.invoke(app, ["corpora", "banglasr"])
    assert "did you mean banglaser?" in str(result.exception)


def test_folder_is_taken_as_a_corpus(tmp_path: Path, noise):
    for actor in ("01", "02"):
        noise(tmp_path / "root" / "flat" / f"03-01-02-01-01-01-{actor}.wav")
    noise(tmp_path / "root" / "rest" / "x.wav")
    result = runner.invoke(app, ["harmonize", str(tmp_path / "root"), "--out", str(tmp_path / "out")])
    assert "--as banglaser=FOLDER" in str(result.exception)
    taken = f"banglaser={tmp_path / 'root' / 'flat'}"
    printed = run("harmonize", tmp_path / "root", "--out", tmp_path / "out", "--as", taken)
    assert "CLAIMED BY NO PARSER 1 audio file in" in printed
    assert "2 kept + 0 rejected + 1 claimed by no parser = 3 files" in printed
    assert "Files no parser claims" in (tmp_path / "out" / "card.md").read_text()
    assert set(Harmonized.load(tmp_path / "out").manifest["source_label"]) == {"sad"}
    found = run("corpora", tmp_path / "root", "--as", taken)
    assert found.count("found      no") == len(CORPORA) - 1
    with pytest.raises(ValueError, match="give a corpus and a folder"):
        runner.invoke(app, ["harmonize", "x", "--out", "y", "--as", "banglaser"], catch_exceptions=False)


def test_what_trains_takes_a_folder_as_a_corpus_too(tmp_path: Path, noise):
    for actor in ("01", "02"):
        noise(tmp_path / "flat" / f"03-01-02-01-01-01-{actor}.wav")
    options = ("--methods", "baseline", "--seeds", 1, "--profile", "smoke", "--runs", tmp_path / "runs", "--dry-run")
    for command in ("train", "leak"):
        assert "--as" in run(command, "--help")
    sweep = ["sweep", "--corpora", str(tmp_path), *map(str, options)]
    with pytest.raises(FileNotFoundError, match="--as banglaser=FOLDER"):
        runner.invoke(app, sweep, catch_exceptions=False)
    with pytest.raises(ValueError, match="labelled clips in bn: 2, and learning is from 'en'"):
        runner.invoke(app, [*sweep, "--as", f"banglaser={tmp_path / 'flat'}"], catch_exceptions=False)
