"""Where, when and with what a stored figure was computed."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import NoneType
from typing import Any

import torch

from sernb.data.files import FileError, parse_json
from sernb.processes import processes

_ENVIRONMENT: dict[str, type | tuple[type, ...]] = {
    "date": str,
    "wall_s": (int, float),
    "versions.torch": str,
    "processor": str,
    "cores": (int, NoneType),
    "gpu": (str, NoneType),
}


def environment(seconds: float) -> dict[str, Any]:
    """What a stored figure must carry to be believed: versions, hardware, date, wall time."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "wall_s": round(seconds, 1),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("sernb", "torch", "torchaudio", "transformers", "accelerate")},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "processes": processes().num_processes,
        "gpu": gpu,
    }


def parse_environment(file: Path, text: str | bytes) -> dict[str, Any]:
    """A run's environment, from text that was read from `file`.

    Raises:
        FileError: not what `environment` gives, or an encoder or first stage of no possible name.
    """
    found = parse_json(file, text, _ENVIRONMENT)
    first = found.get("stage1", "-")
    if not isinstance(first, str) or not isinstance(found.get("encoder", ""), str) or Path(first).name != first:
        raise FileError(file, "names no encoder or first stage there could be; get it again, or remove the run")
    return found


def processor() -> str:
    """The processor's name as the system tells it."""
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
