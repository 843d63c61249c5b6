"""sernb demo: hear what a model says of you, in a browser on this machine."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register this file's command."""
    app.command()(demo)


def demo(
    model: Annotated[Path, typer.Argument(help="A run's folder, or the folder of a model.")],
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine reach another one.")
    ] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Without it, a free one from 7860 on.")] = None,
):
    """Serve a page: speak or drop a file, see the log-mel, the probabilities over time, what the model can't know."""
    if find_spec("gradio") is None:
        raise ValueError("gradio is not installed; install it with `pip install 'sernb[demo]'`")
    from sernb.teaching.demo_page import page, serve

    serve(page(model), host, port)
