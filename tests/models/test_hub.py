"""Models to and from a hub: a local stand-in that speaks the hub's protocol, no network."""

import hashlib
import json
import shutil
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch
from huggingface_hub import HfApi, hub_mixin
from huggingface_hub.utils import filter_repo_objects

from sernb.models.classifier import EmotionClassifier
from sernb.models.confidence import Confidence
from sernb.models.ensemble import Ensemble, save_ensemble
from sernb.models.hub import fetched, push
from sernb.models.whisper import WhisperEncoder

COMMIT = "0" * 40


class Hub(BaseHTTPRequestHandler):
    """Answers for repositories that lie as folders below `root`."""

    def __init__(self, root: Path, asked: list[str], *arguments) -> None:
        self.root, self.asked = root, asked
        super().__init__(*arguments)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.split("?")[0]
        if path.startswith("/api/models/"):
            name = "/".join(path.split("/")[3:5])
            files = [file for file in sorted((self.root / name).rglob("*")) if file.is_file()]
            names = [str(file.relative_to(self.root / name)) for file in files]
            if path.split("/")[5:6] == ["tree"]:
                told = zip(names, (file.stat().st_size for file in files), strict=True)
                tree = [{"type": "file", "path": one, "size": size, "oid": COMMIT} for one, size in told]
                return self.answer(200, json.dumps(tree).encode(), {})
            about = {"id": name, "modelId": name, "sha": COMMIT, "private": False, "tags": []}
            siblings = [{"rfilename": one} for one in names]
            body = json.dumps(about | {"siblings": siblings}).encode() if files else b"{}"
            return self.answer(200 if files else 404, body, {"X-Error-Code": "RepoNotFound"} if not files else {})
        repository, _, rest = path[1:].partition("/resolve/")
        file = self.root / repository / rest.partition("/")[2]
        body = file.read_bytes()
        etag = hashlib.sha256(body).hexdigest()
        return self.answer(200, body, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Options that lead to the stand-in, its folder, and the paths it was asked for."""
    root, asked = tmp_path / "hub", []
    root.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, root, asked))
    Thread(target=server.serve_forever, daemon=True).start()

    class Api(HfApi):
        """Uploads into the stand-in's folder."""

        def create_repo(self, repo_id, **options):
            (root / repo_id).mkdir(parents=True, exist_ok=True)
            return type("Url", (), {"repo_id": repo_id})

        def upload_folder(self, *, repo_id, folder_path, allow_patterns=None, **options):
            files = [file.relative_to(folder_path) for file in Path(folder_path).rglob("*") if file.is_file()]
            for name in filter_repo_objects(map(str, files), allow_patterns=allow_patterns):
                (root / repo_id / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(Path(folder_path) / name, root / repo_id / name)
            return type("Commit", (str,), {"commit_url": "here"})("here")

    monkeypatch.setattr(hub_mixin, "HfApi", Api)
    monkeypatch.setattr("huggingface_hub.HfApi", Api)
    yield {"endpoint": f"http://127.0.0.1:{server.server_port}", "cache_dir": tmp_path / "cache"}, root, asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path):
    EmotionClassifier(WhisperEncoder("random-1x32", 1.0)).save_pretrained(tmp_path / "model")
    Confidence(1.5, 0.4, 10, 2).save(tmp_path / "model")
    (tmp_path / "model" / "README.md").write_text("---\nlanguage: sw\n---\n# A card")
    return tmp_path / "model"


def test_a_model_goes_up_by_the_mixin_and_comes_back_whole(hub, folder):
    options, root, asked = hub
    EmotionClassifier.from_pretrained(folder).push_to_hub("somebody/model")
    assert sorted(path.name for path in (root / "somebody" / "model").iterdir()) == [
        "README.md",
        "confidence.json",
        "config.json",
        "model.safetensors",
    ]
    (root / "somebody" / "model" / "pytorch_model.bin").write_bytes(b"pickled")
    back = EmotionClassifier.from_pretrained("somebody/model", **options)
    before = EmotionClassifier.from_pretrained(folder)
    assert all(torch.equal(a, b) for a, b in zip(back.parameters(), before.parameters(), strict=True))
    assert not any("pytorch_model.bin" in path for path in asked)
    assert Ensemble.load(fetched("somebody/model", **options)).confidence.temperature == 1.5


def test_changed_weights_take_no_card_along(folder, tmp_path):
    model = EmotionClassifier.from_pretrained(folder)
    torch.nn.init.zeros_(model.head[3].weight)
    model.save_pretrained(tmp_path / "other")
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == ["config.json", "model.safetensors"]


def test_an_ensemble_goes_up_without_what_else_lies_there(hub, folder, tmp_path):
    options, root, _ = hub
    save_ensemble([folder, folder], tmp_path / "both")
    (tmp_path / "both" / "judged.parquet").write_text("my speakers")
    assert push(tmp_path / "both", "somebody/both") == "here"
    assert not (root / "somebody" / "both" / "judged.parquet").exists()
    assert len(Ensemble.load(fetched("somebody/both", **options)).members) == 2
    with pytest.raises(FileNotFoundError, match="holds no config.json"):
        push(tmp_path, "somebody/nothing")


def test_what_comes_from_a_hub_is_checked_as_any_folder(hub, folder):
    options, root, _ = hub
    shutil.copytree(folder, root / "evil" / "model")
    file = root / "evil" / "model" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"hidden": 10**12}))
    with pytest.raises(ValueError, match="'hidden' is"):
        EmotionClassifier.from_pretrained("evil/model", **options)
    with pytest.raises(FileNotFoundError, match="no such model could be fetched"):
        EmotionClassifier.from_pretrained("nobody/nothing", **options)


def test_a_folder_that_is_there_is_never_looked_for_on_a_hub(folder, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.snapshot_download", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "somebody").mkdir()
    folder.rename(tmp_path / "somebody" / "model")
    assert EmotionClassifier.from_pretrained("somebody/model").hidden == 32
    with pytest.raises(FileNotFoundError, match="holds no config.json"):
        EmotionClassifier.from_pretrained(Path("no/where"))
