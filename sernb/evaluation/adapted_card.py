"""The card of a model made for somebody's clips."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sernb.data.escape import markdown, printable
from sernb.data.files import replacing
from sernb.evaluation.model_card import LIMITS, card, judgement, metadata, missing
from sernb.labels import EMOTIONS
from sernb.models.confidence import Confidence
from sernb.models.hub import CARD_FILE
from sernb.runs import Run


def write_adapted_card(
    folder: Path, clips: pd.DataFrame, encoder: str, runs: Sequence[Run], judged: pd.DataFrame, lines: Sequence[str]
) -> Path:
    """Write the card of an ensemble into its folder.

    Args:
        folder: of the ensemble.
        clips: manifest rows of what it was adapted to.
        encoder: initial weights.
        runs: its members.
        judged: predictions for labelled clips, or none.
        lines: lines said while it was made, printed as they are.
    """
    encoder = printable(Path(encoder).name)
    languages = sorted(set(clips["language"]) - {"und"})
    fitted = Confidence.load(runs[0].model)
    table = judged if judged.empty or "seed" in judged else judged.assign(seed=0)
    parts = [
        f"# {markdown(folder.name)}",
        f"Names a clip of speech {', '.join(EMOTIONS[:-1])} or {EMOTIONS[-1]}, or says that it is unsure. The mean of "
        f"{len(runs)} Whisper encoders ({markdown(encoder)}) fine-tuned on English emotion data (Gong et al. 2025, "
        f"arXiv:2506.02059), re-centred on {len(clips)} unlabelled clips.",
        f"```bash\nsernb predict {markdown(folder.name)} FILES\n```",
        "License: the weights follow from the encoder's and from corpora with terms of their own, some of which forbid "
        "commercial use. `sernb corpora` lists them.",
        "## How it was made\n\n" + "\n".join(f"* {markdown(line)}" for line in lines),
        *judgement(table),
        missing(table, fitted.people if fitted else None),
        LIMITS,
    ]
    file = folder / CARD_FILE
    with replacing(file) as temporary:
        data = metadata(printable(folder.name), languages, table, encoder)
        temporary.write_text(card(data, parts).content, encoding="utf-8")
    return file
