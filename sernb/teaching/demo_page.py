"""A page on this machine: speak or drop a file, and see what the model hears, says, and was never taught."""

import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from matplotlib.figure import Figure

from sernb.data.decode import AudioError
from sernb.data.escape import markdown
from sernb.evaluation.inference import predict
from sernb.figures import plots
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.models.confidence import UNSURE, Confidence
from sernb.models.ensemble import Ensemble
from sernb.models.hub import CARD_FILE
from sernb.models.settings import MODEL_FOLDER
from sernb.speech.audio import SAMPLE_RATE, load

LOOPBACK = "127.0.0.1"
LONGEST_S = 60.0
"""Seconds that are shown and heard: a recording for a look, not for an archive."""
TAUGHT = """\
* Emotion in English only, acted or picked by listeners; what people feel is something else.
* Four classes. Calm, irony, fear or boredom are called one of them, or "unsure".
* Nothing about you: no name, age, dialect or health. A label is no fact about a person.
"""


def hear(model: Ensemble, path: str | Path) -> tuple[Figure, Figure, dict[str, float], str]:
    """What the page shows of a recording.

    Args:
        model: listens.
        path: of the recording; its first minute is heard.

    Returns:
        Its log-mel, the probabilities over time, those of the whole recording by class, and one line in words.

    Raises:
        AudioError: it can't be heard, in words for who recorded it.
    """
    found = predict(model, [path], step=min(0.5, model.seconds))
    row = found.files.iloc[0]
    if pd.notna(row["problem"]):
        raise AudioError(f"This can't be heard: {row['problem']}")
    windows = found.windows[found.windows["start_s"] < LONGEST_S]
    samples = load(path)[: round(LONGEST_S * SAMPLE_RATE)]
    seen, over = Figure(figsize=(9, 2.6), layout="constrained"), Figure(figsize=(9, 2.6), layout="constrained")
    with torch.inference_mode():
        heard = torch.from_numpy(samples)[None].to(model.device)
        plots.log_mel(model.members[0].log_mel(heard)[0].cpu().numpy(), seen.add_subplot())
    axes = over.add_subplot()
    middle = (windows["start_s"] + windows["end_s"]) / 2
    for name, column in zip(EMOTIONS, PROBABILITIES, strict=True):
        axes.plot(middle, windows[column].astype(float), marker=".", label=name, color=plots.COLOURS[name])
    axes.set(
        xlabel="time (s), middle of the window", ylabel="probability", ylim=(0, 1), xlim=(0, len(samples) / SAMPLE_RATE)
    )
    axes.legend(loc="upper right", ncols=4)
    silent = int(windows["problem"].notna().sum())
    shares = {name: float(row[column]) for name, column in zip(EMOTIONS, PROBABILITIES, strict=True)}
    said = "The model can't tell" if row["label"] == UNSURE else f"Heard as **{row['label']}**"
    gaps = f", {silent} of them silent or unusable" if silent else ""
    return seen, over, shares, f"{said}, over {len(windows)} windows of up to {model.seconds:g} s{gaps}."


def never_taught(folder: Path, confidence: Confidence | None) -> str:
    """What the page says of the model's limits, from its folder as far as that tells."""
    card = folder / CARD_FILE
    lines = TAUGHT
    if confidence is None:
        lines += "* How far to believe its probabilities was never measured.\n"
    else:
        lines += (
            f"* Its probabilities were set right on {confidence.clips} English clips of {confidence.speakers} people; "
            "in another language they can be wrong.\n"
        )
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    missing = re.search(r"^## Who is missing\n+((?:\*.*\n?)+)", text, re.MULTILINE)
    return f"### What this model was never taught\n\n{lines}{missing[1] if missing else ''}"


def page(folder: str | Path) -> Any:
    """The page, not yet served: a gradio.Blocks.

    Args:
        folder: of a model or a run.

    Raises:
        ImportError: the extra `demo` is not installed.
        FileNotFoundError, ValueError: as Ensemble.load.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when it is imported
    import gradio

    folder = Path(folder)
    name = folder.resolve().name
    folder = folder / MODEL_FOLDER if (folder / MODEL_FOLDER).is_dir() else folder
    model = Ensemble.load(folder)

    def listen(path: str | None) -> tuple:
        if path is None:
            return None, None, None, ""
        try:
            return hear(model, path)
        except AudioError as error:
            raise gradio.Error(str(error)) from error

    with gradio.Blocks(title="Hear yourself", analytics_enabled=False) as blocks:
        gradio.Markdown(
            f"# Hear yourself\n\nModel: {markdown(name)}. Speak or drop a file. Nothing leaves this machine."
        )
        recording = gradio.Audio(sources=["upload", "microphone"], type="filepath", label="recording")
        said = gradio.Markdown()
        shares = gradio.Label(label="probabilities", num_top_classes=len(EMOTIONS))
        seen = gradio.Plot(label="log-mel: what the model sees")
        over = gradio.Plot(label="probabilities over time")
        gradio.Markdown(never_taught(folder, model.confidence))
        recording.change(listen, recording, [seen, over, shares, said], api_name="hear")
    return blocks


def serve(blocks: Any, host: str = LOOPBACK, port: int | None = None, block: bool = True) -> str:
    """Serve a page; returns its address.

    Args:
        blocks: from `page`.
        host: address to listen on; only this machine reaches the default.
        port: None takes a free one.
        block: wait until Ctrl-C.
    """
    import gradio

    _, address, _ = blocks.launch(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
        max_file_size="100mb",
        theme=gradio.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),  # fonts that are there
    )
    if block:
        print(f"{address}  (Ctrl-C ends)", flush=True)
        blocks.block_thread()
    return address
