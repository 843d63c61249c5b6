"""Audio opened by Dask's workers: the tables are those of one process, and a killed worker loses nothing."""

import os
import signal

import pandas as pd
import pytest
from typer.testing import CliRunner

from sernb.cli import app
from sernb.data.inspection import look_here
from sernb.data.manifest import CHECKS_FILE, Harmonized, harmonize
from sernb.experiments.harmonize_many import by_workers
from sernb.experiments.workers import connected


@pytest.fixture
def corpora(tmp_path, noise):
    folder = tmp_path / "corpora" / "mine"
    names = [f"{number:02d}.wav" for number in range(24)]
    for number, name in enumerate(names):
        noise(folder / name, 0.6 + number / 50)
    (folder / "05.wav").write_text("no audio")
    lines = [f"{name},{number % 6},sad" for number, name in enumerate(names)]
    (folder / "corpus.csv").write_text("\n".join(["path,speaker,emotion", *lines]))
    return folder.parent


def same(one: Harmonized, other: Harmonized) -> None:
    for name in ("manifest", "rejected", "unclaimed"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


def test_a_killed_worker_loses_nothing(corpora, tmp_path):
    alone = harmonize(corpora, progress=False)
    with connected(workers=1) as client:
        by, killed = by_workers(client, size=2), []

        def look(rows, headers_only):
            for number, one in enumerate(by(rows, headers_only)):
                if number == 3:
                    killed.extend(client.run(os.getpid).values())
                    os.kill(killed[0], signal.SIGKILL)
                yield one

        spread = harmonize(corpora, cache=tmp_path / CHECKS_FILE, progress=False, look=look)
    assert len(killed) == 1 and len(spread.rejected) == 1
    same(spread, alone)

    def refuse(rows, headers_only):
        assert list(rows["path"]) == [str(corpora / "mine" / "05.wav")]  # the others' were noted
        return look_here(rows, headers_only)

    same(harmonize(corpora, cache=tmp_path / CHECKS_FILE, progress=False, look=refuse), alone)


def test_the_command_writes_the_same_tables(corpora, tmp_path):
    done = CliRunner().invoke(app, ["harmonize", str(corpora), "--out", str(tmp_path / "out"), "--workers", "1"])
    assert done.exit_code == 0, done.output
    same(Harmonized.load(tmp_path / "out"), harmonize(corpora, progress=False))
    for options in (["--workers", "1", "--scheduler", "127.0.0.1:1"], ["--tls-key", "key.pem"]):
        done = CliRunner().invoke(app, ["harmonize", str(corpora), "--out", str(tmp_path / "x"), *options])
        assert isinstance(done.exception, ValueError) and not (tmp_path / "x").exists()
