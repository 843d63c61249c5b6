"""sernb layers and embeddings: what each layer of a frozen encoder holds, and one layer as a table."""

from pathlib import Path
from typing import Annotated

import typer

from sernb.commands.learn import CorporaDir, Encoder, ProfileName, Runs
from sernb.commands.show import show


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    app.command()(layers)
    app.command()(embeddings)


def layers(
    corpora: CorporaDir = None,
    encoder: Annotated[list[str], typer.Option(help="Whisper weights, once for each; without it, the profile's.")] = [],  # noqa: B006
    profile: ProfileName = "laptop",
    out: Annotated[Path | None, typer.Option(help="Also write all figures to this Parquet file.")] = None,
    runs: Runs = Path("runs"),
):
    """Probe every layer for emotion in each language, speaker and sentence, and measure how far languages lie apart.

    Nothing is trained but logistic regressions on the labelled clips. Layer 0 is what the first layer hears.
    """
    from datetime import UTC, datetime

    import pandas as pd

    from sernb.data.writing import write_table
    from sernb.experiments import layers as experiment
    from sernb.experiments.study import open_study
    from sernb.models.whisper import WhisperEncoder
    from sernb.training.loop import make_accelerator

    study = open_study(None, profile, corpora, runs=runs)
    models = {name: WhisperEncoder(name) for name in encoder or [study.encoder]}
    clips = experiment.capped(study.manifest[study.manifest["emotion"].notna()])
    accelerator, tables = make_accelerator(), []
    for name, model in models.items():
        states = experiment.encode_layers(clips, model, accelerator, study.store.root)
        found = experiment.probe_layers(clips, states)
        tables.append(found.assign(encoder=Path(name).name))
        for measure, rows in found.groupby("measure", sort=False):
            column = rows["language"] + rows["statistics"].map({"source": "", "target": ", own"})
            wide = rows.assign(column=column).pivot(index="layer", columns="column", values="value").reset_index()
            show(wide, f"{measure}, {Path(name).name}")
    for measure, meaning in experiment.MEASURES.items():
        typer.echo(f"{measure}: {meaning}")
    if out is not None:
        table = pd.concat(tables, ignore_index=True).assign(date=datetime.now(UTC).date().isoformat())
        write_table(out, table[["encoder", *table.columns.drop("encoder")]])


def embeddings(
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    corpora: CorporaDir = None,
    encoder: Encoder = None,
    layer: Annotated[
        int | None, typer.Option(min=1, help="The encoder is cut after it; without it, in the middle.")
    ] = None,
    profile: ProfileName = "laptop",
    runs: Runs = Path("runs"),
):
    """Write frozen embeddings of the labelled clips, in half precision, with speaker, gender, class and fold.

    Of CREMA-D every third speaker is taken. Nothing is trained.
    """
    from sernb.experiments import frozen
    from sernb.experiments.study import open_study
    from sernb.models.whisper import WhisperEncoder
    from sernb.training.loop import make_accelerator

    study = open_study(None, profile, corpora, encoder, runs=runs)
    whole = WhisperEncoder(study.encoder)
    model = WhisperEncoder(study.encoder, layers=max(1, whole.layers // 2) if layer is None else layer)
    table = frozen.frozen_table(study.manifest, model, make_accelerator(), progress=True)
    frozen.write(out, table)
    found = table.groupby(["corpus", "language"], as_index=False).agg(
        clips=("emotion", "size"), speakers=("speaker", "nunique")
    )
    show(found, f"embeddings after layer {model.layers} of {whole.layers}, {model.width} numbers a clip")
