"""sernb predict: labels for new recordings."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sernb.commands.cluster import Scheduler, TlsCaFile, TlsCert, TlsKey, check_options, workers_of
from sernb.data.escape import cell, printable

if TYPE_CHECKING:
    import pandas as pd


class Format(StrEnum):
    """How `sernb predict` prints, or writes."""

    csv = "csv"
    json = "json"
    parquet = "parquet"
    audformat = "audformat"


class Rows(StrEnum):
    """What is a row of what `sernb predict` prints."""

    file = "file"
    window = "window"


def add_to(app: typer.Typer) -> None:
    """Register this file's command."""
    app.command()(predict)


def predict(
    model: Annotated[Path, typer.Argument(help="A run's folder, or a folder written by save_pretrained.")],
    files: Annotated[list[str], typer.Argument(help="Audio files, folders of them, or patterns such as '*.wav'.")],
    format: Annotated[
        Format, typer.Option(help="csv, json, parquet or audformat; the last two into a folder.")
    ] = Format.csv,
    per: Annotated[Rows, typer.Option(help="Print a row a file, or a row a window.")] = Rows.file,
    out: Annotated[
        Path | None, typer.Option(help="Write files, windows and rejects into this folder instead of printing.")
    ] = None,
    window: Annotated[float | None, typer.Option(help="Seconds heard at once; without it, the model's window.")] = None,
    step: Annotated[float | None, typer.Option(help="Seconds from window to window; without it, 2.")] = None,
    statistics: Annotated[
        Path | None,
        typer.Option(
            help="Folder of unlabelled clips from the same recordings: embeddings are re-centred on them; "
            "without it, on the clips the model was adapted to, if any."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes on this machine, for many files; needs --out, Parquet.")
    ] = None,
    scheduler: Scheduler = None,
    tls_ca_file: TlsCaFile = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
):
    """Label and calibrated probability of each emotion, for each file and each window of it.

    A file that can't be used gets no label, its reason in the column `problem` and on stderr; exit status 1. "unsure"
    is the label where the model can't tell; the probabilities stand beside it all the same.
    """
    if out is None and format in (Format.parquet, Format.audformat):
        raise ValueError(f"{format.value} can't be printed; give a folder to write to, --out FOLDER")
    cluster = (scheduler, workers, tls_ca_file, tls_cert, tls_key)
    check_options(*cluster)
    many = workers is not None or scheduler is not None
    if many and (out is None or format is not Format.parquet):
        raise ValueError(
            "workers write parts: give a folder to write to and their format, --out FOLDER --format parquet"
        )
    from sernb.evaluation.inference import audio_paths
    from sernb.evaluation.inference import predict as listen
    from sernb.evaluation.inference import statistics as taken
    from sernb.models.ensemble import Ensemble
    from sernb.models.settings import MODEL_FOLDER

    folder = model / MODEL_FOLDER if (model / MODEL_FOLDER).is_dir() else model
    heard = Ensemble.load(folder)
    if heard.confidence is None:
        _say(f"{model} says nothing of its calibration: probabilities are the model's own, and none is called unsure")
    adapted = [target for target in heard.targets if target is not None]
    own = adapted if len(adapted) == len(heard.members) else None
    if statistics is not None:
        own = taken(heard, audio_paths([statistics]), progress=True)
    if many and out is not None:
        _spread(folder, audio_paths(files), out, window, step, own, cluster)
        return
    found = listen(heard, audio_paths(files), window, step, own, progress=True)
    if out is None:
        _print(found.files if per is Rows.file else found.windows, format)
    else:
        if format is Format.audformat:
            from sernb.evaluation.exchange import save_audformat

            save_audformat(found, model.name, out)  # its table of files has their problems
        else:
            for name, table in (("files", found.files), ("windows", found.windows), ("rejects", found.rejects)):
                _write(table, out / f"{name}.{format.value}", format)
        counts = f"{len(found.files)} files, {len(found.windows)} windows, {len(found.rejects)} rejects"
        typer.echo(f"wrote {counts} to {out}")
    for note in found.notes:
        _say(f"note: {note}")
    for row in found.rejects.itertuples():
        _say(f"{row.file}: {row.reason}")
    if len(found.rejects):
        raise typer.Exit(1)


def _spread(folder: Path, files: list[str], out: Path, window, step, own, cluster) -> None:
    """Have workers write the tables in parts."""
    from sernb.experiments.predict_many import Task, predict_many
    from sernb.progress import progress_bar

    task = Task(str(folder.resolve()), str(out.resolve()), window, step, None if own is None else tuple(own))
    bar = progress_bar(total=len(files), desc="predict", unit="file")
    with workers_of(*cluster) as client, bar:
        for count in predict_many(task, files, client):
            bar.update(count)
    typer.echo(f"wrote parts of files, windows and rejects of {len(files)} files to {out}")


def _say(line: str) -> None:
    print(f"sernb: {printable(line)}", file=sys.stderr)


def _print(table: "pd.DataFrame", format: Format) -> None:
    if "label" in table and table["label"].isna().all():
        table = table[["file", "problem"]]
    if format is Format.csv:
        table.map(cell).to_csv(sys.stdout, index=False)
    else:
        json.dump(_records(table), sys.stdout, indent=2)
        print()


def _write(table: "pd.DataFrame", file: Path, format: Format) -> None:
    from sernb.data.files import replacing

    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as temporary:
        if format is Format.csv:
            table.map(cell).to_csv(temporary, index=False)
        elif format is Format.json:
            temporary.write_text(json.dumps(_records(table), indent=2) + "\n")
        else:
            table.to_parquet(temporary, index=False)


def _records(table: "pd.DataFrame") -> list[dict]:
    return table.astype(object).where(table.notna(), None).to_dict("records")
