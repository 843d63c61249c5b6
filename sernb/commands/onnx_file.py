"""sernb export-onnx: a model that runs without Python."""

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register this file's command."""
    app.command("export-onnx")(export_onnx)


def export_onnx(
    model: Annotated[Path, typer.Argument(help="A run's folder, or a folder written by save_pretrained or adapt.")],
    file: Annotated[Path, typer.Argument(help="ONNX file to write.")],
):
    """Write a model as one ONNX file, from 16 kHz samples to calibrated probabilities."""
    from importlib.util import find_spec

    if find_spec("onnx") is None or find_spec("onnxscript") is None:
        raise ValueError("ONNX is not installed; install it with `pip install 'sernb[onnx]'`")
    from sernb.models import onnx_export
    from sernb.models.settings import MODEL_FOLDER

    folder = model / MODEL_FOLDER if (model / MODEL_FOLDER).is_dir() else model
    typer.echo(f"wrote {onnx_export.export_onnx(folder, file)}")
