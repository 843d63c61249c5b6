"""sernb metric: the transfer protocol of continuous metric learning, start to end, into one folder."""

from pathlib import Path
from typing import Annotated

import typer

from sernb.commands.show import show


def add_to(app: typer.Typer) -> None:
    """Register this file's command."""
    app.command()(metric)


def metric(
    corpora: Annotated[Path, typer.Option(help="Folder of the corpora and of their activation and valence labels.")],
    out: Annotated[Path, typer.Option(help="Folder for answers, scores, costs and latents.")],
    encoder: Annotated[str | None, typer.Option(help="Whisper weights; without it, the laptop profile's.")] = None,
    source: Annotated[list[str], typer.Option(help="Language to learn from, once for each.")] = ["de", "ur"],  # noqa: B006
    target: Annotated[list[str], typer.Option(help="Language to judge on, once for each.")] = ["de", "ur", "bn"],  # noqa: B006
    unlabelled: Annotated[str, typer.Option(help="Target whose clips also join two trainings, unlabelled.")] = "bn",
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of each trained method.")] = 5,
    resamples: Annotated[int, typer.Option(min=1, help="Redraws behind each interval.")] = 500,
    runs: Annotated[Path, typer.Option(help="Folder of the runs; finished ones are not made again.")] = Path("runs"),
):
    """Train and judge the methods of the metric-learning chapter on speaker-disjoint folds; write all results."""
    from sernb import transfer_results as made

    results = made.make(corpora, out, encoder, source, target, unlabelled, seeds, resamples, runs)
    show(results.costs, "Costs")
    main = results.scores.query("folds == 'speaker' and statistics == 'source' and unlabelled == 'none'")
    main = main[main["score"].isin(["accuracy", "angry_sad", "activation_r", "valence_r"])]
    wide = main.pivot(index=["source", "corpus", "setting", "method"], columns="score", values="value")
    show(wide.reset_index(), f"Scores; all in {out}")
