"""Tables made to do harm, or damaged: their corpus is rejected with a reason, and no file is lost."""

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sernb.data.manifest import harmonize


def wav() -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, np.random.default_rng(0).normal(0, 0.1, 2_000), 16_000, format="WAV")
    return buffer.getvalue()


def test_json_nested_without_end(tmp_path: Path, noise):
    noise(tmp_path / "set" / "a.wav")
    (tmp_path / "set" / "metadata.jsonl").write_text('{"file_name": "a.wav", "emotion": ' + "[" * 100_000)
    assert "metadata.jsonl can't be read" in harmonize(tmp_path, progress=False).rejected["reason"].item()


TABLES = {
    "corpus.csv": b"path,speaker,emotion,gender,language,split,valence\n"
    b"a.wav,1,sad,f,ur,train,1\nb.wav,2,angry,m,de,test,2\n",
    "metadata.csv": b"file_name,speaker,emotion,gender\na.wav,1,sad,f\nb.wav,2,angry,m\n",
    "metadata.jsonl": b'{"file_name": "a.wav", "emotion": "sad"}\n{"file_name": "b.wav", "emotion": "happy"}\n',
    "db.yaml": b"name: x\nsource: x\nusage: research\nlanguages: [deu]\nschemes:\n  emotion: {dtype: str}\n"
    b"tables:\n  t:\n    type: filewise\n    columns:\n      emotion: {scheme_id: emotion}\n",
    "db.t.csv": b"file,emotion\na.wav,sad\nb.wav,angry\n",
    "Labels/labels_consensus.csv": b"FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set\n"
    b"a.wav,N,4,5,5,1,Male,Train\nb.wav,A,5,2,5,2,Female,Test1\n",
    "Partitions.txt": b"Train; a.wav\nTest3; b.wav\n",
    "validated.tsv": b"client_id\tpath\tgender\tlocale\n1\ta.wav\tmale\tur\n2\tb.wav\tfemale\tur\n",
    "clip_durations.tsv": b"clip\tduration[ms]\na.wav\t1000\nb.wav\t2000\n",
    "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": b"[6.2 - 8.2]\tSes01F_impro01_F000\tneu\t[2.5, 2.5, 2.5]\n",
    "VideoDemographics.csv": b"ActorID,Age,Sex,Race,Ethnicity\n1001,51,Male,x,y\n",
}
WITH = {  # what else makes a corpus of a table: where its audio lies, and tables beside it
    "metadata.csv": ("", ()),
    "db.yaml": ("", ("db.t.csv",)),
    "db.t.csv": ("", ("db.yaml",)),
    "Labels/labels_consensus.csv": ("Audios/", ()),
    "Partitions.txt": ("Audios/", ("Labels/labels_consensus.csv",)),
    "validated.tsv": ("clips/", ()),
    "clip_durations.tsv": ("clips/", ("validated.tsv",)),
    "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": ("Session1/sentences/wav/Ses01F_impro01/", ()),
    "VideoDemographics.csv": ("AudioWAV/1001_DFA_ANG_XX/", ()),
}
HARM = (b"../a.wav", b"/etc/passwd", b"\x00", b"\xff\xfe", b'"', b"\t", b"\n", b",", b"1e999", b"1.2.3", b"&a [*a]")
CHANGES = st.tuples(st.integers(0, 160), st.integers(0, 12), st.sampled_from(HARM) | st.binary(max_size=6))
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=15, deadline=None, suppress_health_check=QUIET)
@given(changes=st.lists(CHANGES, min_size=1, max_size=4))
@example(changes=[(84, 0, b"../a.wav")])  # in db.yaml: no tables left
@pytest.mark.parametrize("name", TABLES)
def test_damaged_tables_lose_no_file(tmp_path: Path, name: str, changes: list[tuple[int, int, bytes]]):
    place, others = WITH.get(name, ("", ()))
    for file in ("a.wav", "b.wav", "AudioWAV/1001_DFA_ANG_XX.wav" if name == "VideoDemographics.csv" else "c.wav"):
        path = tmp_path / "corpora" / "it" / (place if "/" not in file else "") / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav())
    for table in (name, *others):
        path = tmp_path / "corpora" / "it" / table
        path.parent.mkdir(parents=True, exist_ok=True)
        data = bytearray(TABLES[table])
        for start, length, new in changes if table == name else ():
            data[start : start + length] = new
        path.write_bytes(data)
    try:
        result = harmonize(tmp_path / "corpora", progress=False)
    except FileNotFoundError:
        return  # so damaged that no corpus is recognised
    rows = [*result.manifest["path"], *result.rejected["path"]]
    found = [str(path) for path in (tmp_path / "corpora").rglob("*.wav") if path.is_file()]
    assert set(found) <= set(rows)
    assert all(rows.count(path) >= 1 for path in found)
    inside = str(tmp_path / "corpora" / "it") + os.sep
    assert result.manifest["path"].map(lambda path: os.path.realpath(path).startswith(inside)).all()
