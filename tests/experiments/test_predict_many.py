"""Many files over Dask: parts in Parquet, the same as by one process; nothing is lost with a worker."""

import os
import signal

import dask
import pandas as pd
import pytest

from sernb.evaluation.inference import predict
from sernb.experiments.predict_many import Task, part_file, predict_many
from sernb.experiments.workers import connected
from sernb.models.classifier import EmotionClassifier
from sernb.models.ensemble import Ensemble
from sernb.models.whisper import WhisperEncoder


@pytest.fixture
def task(tmp_path):
    EmotionClassifier(WhisperEncoder("random-1x32", 1.0)).save_pretrained(tmp_path / "model")
    return Task(str(tmp_path / "model"), str(tmp_path / "out"))


def test_a_killed_worker_loses_nothing_and_parts_are_made_once(task, noise, tmp_path):
    files = [str(noise(tmp_path / "in" / f"{number:02d}.wav", 0.6)) for number in range(12)]
    (tmp_path / "in" / "05.wav").write_text("no audio")
    with connected(workers=1) as client:
        counted, made = 0, predict_many(task, files, client, size=2)
        for number, count in enumerate(made):
            counted += count
            if number == 1:
                for pid in client.run(os.getpid).values():
                    os.kill(pid, signal.SIGKILL)
        assert counted == 12
        profiled = client.run(lambda: dask.config.get("distributed.worker.profile.enabled"))
        assert list(profiled.values()) == [False]  # of the new worker too: memory would grow by the second
        before = part_file(tmp_path / "out", "files", 0).stat().st_mtime_ns
        assert list(predict_many(task, files, client, size=2)) == [12]
        with pytest.raises(ValueError, match="tells of other files"):
            next(predict_many(task, files[1:], client, size=2))
    assert part_file(tmp_path / "out", "files", 0).stat().st_mtime_ns == before
    together = pd.read_parquet(tmp_path / "out" / "files", dtype_backend="numpy_nullable")
    alone = predict(Ensemble.load(task.model), files).files.convert_dtypes()
    pd.testing.assert_frame_equal(together, alone, check_dtype=False, atol=1e-3)
    assert list(pd.read_parquet(tmp_path / "out" / "rejects")["file"]) == [files[5]]
    assert not list((tmp_path / "out").rglob("*.tmp"))
