"""sernb metric: the transfer protocol of continuous metric learning, start to end, into one folder."""

from pathlib import Path
from typing import Annotated

import typer

from sernb.commands.show import show

LearningRate = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Train every method with this rate too, in the setting 'longer'. Published: 1e-4."),
]
Epochs = Annotated[int | None, typer.Option(min=1, help="The same with so many epochs. Published: 100.")]


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
    seed: Annotated[list[int], typer.Option(min=0, help="Of each trained method, once for each.")] = [4, 13, 6, 47, 59],  # noqa: B006
    learning_rate: LearningRate = None,
    epochs: Epochs = None,
    runs: Annotated[Path, typer.Option(help="Folder of the runs; finished ones are not made again.")] = Path("runs"),
):
    """Train and judge the methods of the metric-learning chapter on speaker-disjoint folds; write all results.

    The seeds are the paper's. Its rate and epochs leave a model unfinished on corpora as small as these; results of
    other ones stand beside, and the learning curves of all are written.
    """
    longer = {"learning_rate": learning_rate, "epochs": epochs}
    longer = {name: value for name, value in longer.items() if value is not None}
    from sernb.corpora.registry import CORPORA
    from sernb.experiments import transfer_run as made

    results = made.make(corpora, out, encoder, source, target, unlabelled, seed, runs, longer)
    absent = [CORPORA[name].title for name in results.protocol["absent"]]
    if absent:
        print(f"Without {', '.join(absent)}, which the paper uses and {corpora} lacks.")
    show(results.costs, "Costs")
    main = results.scores.query("folds == 'speaker' and unlabelled == 'none'")
    main = main[main["score"].isin(["accuracy", "angry_sad", "activation_r", "valence_r"])]
    wide = main.pivot(index=["source", "corpus", "setting", "statistics", "method"], columns="score", values="value")
    show(wide.reset_index(), f"Scores; all in {out}")
