"""Every command in folders full of traps: no module lying there is run, and nothing listens but on loopback."""

import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import nbformat
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
import yaml
from nbformat.v4 import new_code_cell, new_notebook

from sernb.cli import app
from sernb.corpora import hfparquet
from sernb.corpora.espeak import Espeak, Speech
from sernb.data.manifest import harmonize
from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder

SCRIPT = Path(sys.executable).with_name("sernb")
PLANTED = ("numpy", "pyarrow", "pandas", "torch", "typer", "json", "pickle", "socket", "multiprocessing", "distributed")
PLANTED += (
    "sernb",
    "espeakng_loader",
    "ipykernel",
    "jupytext",
    "jupyter_book",
    "sphinx",
    "nbconvert",
    "gradio",
    "onnx",
)
TRAP = "from builtins import open\nopen(__file__ + '.was-run', 'w').close()\nraise ImportError('a trap was run')\n"
ANSWERS = "import numpy, torch, sernb.labels\n\ndef snr(*given):\n    raise NotImplementedError\n"
STUDY = ["--corpora", "corpora", "--profile", "smoke", "--runs", "runs", "--encoder", "random-1x32"]
SHORT = [*STUDY, "--set", "epochs=1", "--set", "batches_per_epoch=2", "--set", "workers=1"]  # a process loads clips
COMMANDS = {
    "corpora": ["corpora"],
    "harmonize": ["corpora", "--out", "out"],
    "audit": ["data"],
    "export": ["data", "--out", "exported", "--format", "audiofolder"],
    "train": [*SHORT, "--language", "ur"],
    "leak": STUDY,
    "adapt": ["corpora/set", "--source", "corpora/english", "--out", "adapted", "--seeds", "1", *STUDY[2:]],
    "predict": ["model", "a.wav", "--out", "said", "--format", "parquet", "--workers", "1"],
    "demo": ["model"],
    "export-onnx": ["model", "model.onnx"],
    "sweep": [*SHORT, "--methods", "baseline", "--seeds", "1", "--workers", "1"],
    "pool": ["reweighted", "--recipe", "baseline", "--seeds", "1", *STUDY],
    "layers": STUDY,
    "embeddings": ["--out", "embeddings.parquet", *STUDY],
    "metric": ["--corpora", "corpora", "--out", "metric", "--encoder", "random-1x32", "--runs", "runs"],
    "results": ["--tables", "kept"],
    "run": ["chapter.ipynb", "--language", "ur"],
    "book": ["--executed", "--language", "xx"],
    "student": ["chapter.ipynb", "--out", "student"],
    "check": ["answers.py"],
    "slides": ["03-baseline", "--executed", ".", "--out", "slides"],
    "template": ["mine", "--example"],
}
REFUSED = {
    "metric": "no clip",  # these clips have no activation: all its modules are loaded and all audio is read by then
    "results": "holds no",
    "book": "is not executed",
    "slides": "which the executed chapter lacks",  # its pictures
}
"""Commands that end early here, whole they take minutes, and what they say."""
LISTENING = ("predict", "demo", "sweep", "run")
EXTRA = {"demo": "gradio", "export-onnx": "onnxscript"}


def plant(*folders: Path) -> None:
    for folder in folders:
        for name in PLANTED:
            (folder / f"{name}.py").write_text(TRAP)


def trapped(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.was-run"))


@pytest.fixture
def folder(tmp_path: Path, noise) -> Path:
    """English and Urdu corpora, the second in Parquet, a model, a chapter; traps beside each of them."""
    urdu, english = tmp_path / "corpora" / "set", tmp_path / "corpora" / "english"
    rows = []
    for number in range(20):
        emotion, speaker = EMOTIONS[number % 4], str(number // 4)
        gender = ("female", "male")[number // 4 % 2]
        noise(english / f"{number}.wav", 0.6)
        audio = {"bytes": noise(tmp_path / "a.wav", 0.6 + number / 100).read_bytes(), "path": f"{number}.wav"}
        rows.append({"audio": audio, "emotion": emotion, "speaker": speaker, "gender": gender, "language": "ur"})
    lines = [f"{number}.wav,{row['speaker']},{row['emotion']},{row['gender']},en" for number, row in enumerate(rows)]
    (english / "corpus.csv").write_text("\n".join(["path,speaker,emotion,gender,language", *lines]))
    urdu.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), urdu / "train.parquet")
    EmotionClassifier(WhisperEncoder("random-1x32")).save_pretrained(tmp_path / "model")
    cells = [new_code_cell("language = 'ur'", metadata={"tags": ["parameters"]})]
    cells.append(new_code_cell("import time\nimport numpy, pyarrow, sernb.labels\ntime.sleep(2)"))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for chapter in ("chapter", "03-baseline"):
        nbformat.write(new_notebook(cells=cells, metadata=kernel), tmp_path / f"{chapter}.ipynb")
    (tmp_path / "answers.py").write_text(ANSWERS)
    (tmp_path / "kept").mkdir()
    plant(tmp_path, urdu, english, tmp_path / "model", tmp_path / "kept")
    return tmp_path


def listening(process: psutil.Process) -> set[str]:
    """The addresses at which a process and its children listen."""
    found = set()
    for one in (process, *process.children(recursive=True)):
        try:
            found |= {at.laddr.ip for at in one.net_connections("inet") if at.status == psutil.CONN_LISTEN}
        except psutil.NoSuchProcess:
            continue
    return found


def watched(folder: Path, *command: str, serves: bool = False) -> tuple[int, str, set[str]]:
    """Run the script there; its exit status, what it said, and where it listened; a server is ended once it listens."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    log, addresses = folder / "log", set()
    with log.open("w") as said:
        started = subprocess.Popen([SCRIPT, *command], cwd=folder, env=environment, stdout=said, stderr=said)
        process = psutil.Process(started.pid)
        while started.poll() is None:
            addresses |= listening(process)
            if serves and "Ctrl-C ends" in log.read_text():
                started.terminate()
            time.sleep(0.2)
    return 0 if serves and addresses else started.returncode, log.read_text(), addresses


def test_every_command_is_watched():
    assert set(COMMANDS) == set(typer.main.get_command(app).commands)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_runs_what_lies_there_or_listens_to_others(name: str, folder: Path):
    if name in EXTRA and find_spec(EXTRA[name]) is None:
        pytest.skip(f"{EXTRA[name]} is not installed")
    if name in ("audit", "export"):
        harmonize(folder / "corpora", progress=False, unpacked=folder / "data" / "unpacked").save(folder / "data")
    status, said, addresses = watched(folder, name, *COMMANDS[name], serves=name == "demo")
    if name in REFUSED:
        assert status == 1 and REFUSED[name] in said and "Traceback" not in said, said
    else:
        assert status == 0, said
    assert trapped(folder) == []
    assert addresses <= {"127.0.0.1", "::1"}
    assert bool(addresses) == (name in LISTENING)  # or this test sees nothing


def test_as_a_module_it_runs_nothing_there_either(folder: Path):
    for planted in folder.rglob("sernb.py"):
        planted.unlink()  # of this name alone the interpreter asks before a line of the package is read
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    command = [sys.executable, "-m", "sernb", "harmonize", *COMMANDS["harmonize"]]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert trapped(folder) == []


def test_a_book_is_rendered_without_what_lies_there(folder: Path):
    pages = folder / "source"
    pages.mkdir()
    (pages / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    (pages / "_config.yml").write_text(yaml.safe_dump({"title": "A book", "execute": {"execute_notebooks": "off"}}))
    (pages / "index.md").write_text("# A page\n")
    (pages / "downloads").mkdir()
    plant(pages)
    asked = "import sys; from pathlib import Path; from sernb.book.build import render; render(Path('source'), Path())"
    environment = os.environ | {"PYTHONSAFEPATH": "1"}  # as the command sets it
    done = subprocess.run([sys.executable, "-c", asked], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and (folder / "_build" / "html" / "index.html").exists(), done.stdout + done.stderr
    assert trapped(folder) == []


def test_no_child_of_a_notebook_in_such_a_folder_is_trapped(folder: Path, monkeypatch):
    monkeypatch.chdir(folder / "corpora" / "set")
    unpacked = hfparquet.unpack(folder / "corpora" / "set", folder / "unpacked")
    assert len(list((unpacked / "audio").iterdir())) == 20
    with Espeak() as espeak:
        assert len(espeak.say(Speech("yes", "en-us", "f1", 160, 50, 50)))
    assert trapped(folder) == []
