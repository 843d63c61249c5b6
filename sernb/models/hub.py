"""Models on the Hugging Face hub: of a repository only the parts of a model's folder are fetched, and then checked."""

import re
from pathlib import Path
from typing import Any

from sernb.models.confidence import CONFIDENCE_FILE
from sernb.models.settings import CONFIG_FILE, WEIGHTS_FILE

CARD_FILE = "README.md"
PARTS = (CONFIG_FILE, WEIGHTS_FILE, CONFIDENCE_FILE, CARD_FILE)
_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def fetched(folder: str | Path, **options: Any) -> Path:
    """A model's folder: the one that is there, or a copy of the repository of that name.

    Args:
        folder: a path, or "user/name". What is there as a folder is never looked for on the hub.
        options: of `huggingface_hub.snapshot_download`.

    Raises:
        FileNotFoundError: no such folder, and no such repository that could be fetched.
    """
    path = Path(folder)
    if path.exists() or isinstance(folder, Path) or not _NAME.fullmatch(folder):
        return path
    from huggingface_hub import snapshot_download  # half a second
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = [*PARTS, *(f"member-*/{name}" for name in PARTS)]
    try:
        return Path(snapshot_download(folder, allow_patterns=wanted, **options))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise FileNotFoundError(f"{folder}: no such folder, and no such model could be fetched ({reason})") from error


def push(folder: str | Path, repository: str, private: bool | None = None, token: str | None = None) -> str:
    """Upload a model's folder, an ensemble's too: its parts and nothing else that lies there.

    Returns:
        Address of the commit.

    Raises:
        FileNotFoundError, ValueError: the folder is no model.
    """
    from huggingface_hub import HfApi

    from sernb.models.ensemble import Ensemble

    Ensemble.load(Path(folder))  # what can't be used is not published
    api = HfApi(token=token)
    name = api.create_repo(repository, private=private, exist_ok=True).repo_id
    wanted = [*PARTS, *(f"member-*/{part}" for part in PARTS)]
    return api.upload_folder(
        repo_id=name, folder_path=folder, allow_patterns=wanted, commit_message="Model by sernb"
    ).commit_url
