"""What several test files share: real speech where it is at hand, and made-up audio."""

import os
import random
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import settings

from sernb.data.manifest import CHECKS_FILE, MANIFEST, Harmonized, harmonize
from sernb.labels import EMOTIONS

# the same inputs in every run; `pytest --hypothesis-profile default` looks for new ones
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def own_chance():
    """What a test draws from a global generator doesn't depend on which tests were run before it."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(autouse=True)
def own_environment():
    """What a test sets in the environment, the command line's PYTHONSAFEPATH too, ends with it."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium; imported here, for most tests need none."""
    from browsing import chromium

    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def corpora_dir() -> Path:
    """The folder with real corpora that SERNB_CORPORA names."""
    folder = os.environ.get("SERNB_CORPORA")
    if not folder:
        pytest.skip("SERNB_CORPORA is not set: no real corpora at hand")
    return Path(folder)


@pytest.fixture(scope="session")
def noise(tmp_path_factory: pytest.TempPathFactory):
    """Write noise: noise(path, seconds=1.0, rate=16000, channels=1, **of soundfile).

    Different for every path, and the same in every call of pytest, which numbers the folder that all paths are in.
    """
    base = tmp_path_factory.getbasetemp()

    def write(path: Path, seconds: float = 1.0, rate: int = 16_000, channels: int = 1, **options) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        seed = list(os.fsencode(path.relative_to(base) if path.is_relative_to(base) else path))
        samples = np.random.default_rng(seed).normal(0, 0.1, (round(seconds * rate), channels))
        with path.open("wb") as file:
            soundfile.write(file, samples, rate, **{"format": path.suffix[1:].upper(), **options})
        return path

    return write


@pytest.fixture(scope="session")
def real(corpora_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Harmonized, Path]:
    """The real corpora, harmonized with the default rules and saved, and the folder they were saved in."""
    out = tmp_path_factory.mktemp("real")
    result = harmonize(corpora_dir, cache=out / CHECKS_FILE, progress=False)
    result.save(out)
    return result, out


@pytest.fixture(scope="session")
def clips():
    """Manifest rows from a few columns: clips(speaker=[...], ...); columns not given are filled in."""

    def frame(**columns) -> pd.DataFrame:
        size = len(next(iter(columns.values())))
        names = [f"c/{number}" for number in range(size)]
        defaults = {
            "utterance_id": names,
            "corpus": ["c"] * size,
            "language": ["en"] * size,
            "path": [f"/nowhere/{name}.wav" for name in names],
            "speaker": names,
            "emotion": [EMOTIONS[number % 4] for number in range(size)],
            "duration_s": [1.0] * size,
            "audio_hash": names,
            "fold": [0] * size,
        }
        rows = pd.DataFrame({**dict.fromkeys(MANIFEST.columns), **defaults, **columns}, columns=list(MANIFEST.columns))
        return MANIFEST.validate(rows)

    return frame
