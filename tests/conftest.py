"""What several test files share: real speech where it is at hand, and made-up audio."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile


@pytest.fixture(scope="session")
def corpora_dir() -> Path:
    """The folder with real corpora that SERNB_CORPORA names."""
    folder = os.environ.get("SERNB_CORPORA")
    if not folder:
        pytest.skip("SERNB_CORPORA is not set: no real corpora at hand")
    return Path(folder)


@pytest.fixture(scope="session")
def noise():
    """Write noise, different for every path: noise(path, seconds=1.0, rate=16000, channels=1, **of soundfile)."""

    def write(path: Path, seconds: float = 1.0, rate: int = 16_000, channels: int = 1, **options) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        seed = list(os.fsencode(path))
        samples = np.random.default_rng(seed).normal(0, 0.1, (round(seconds * rate), channels))
        with path.open("wb") as file:
            soundfile.write(file, samples, rate, **{"format": path.suffix[1:].upper(), **options})
        return path

    return write
