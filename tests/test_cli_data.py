"""sernb corpora, harmonize, audit and export, as a reader calls them."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sernb.cli import app
from sernb.corpora.registry import CORPORA
from sernb.manifest import Harmonized

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
        "card.html", "card.md", "checks.parquet", "manifest.parquet", "rejected.parquet",
    ]  # fmt: skip
    assert "unknown emotion letter 'X'" in " ".join(printed.split())
    assert "| urdu     | sad            | sad       | 1       |" in (out / "card.md").read_text()
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
    for count in ("1160", "535", "704", "800", "400"):
        assert count in printed
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
