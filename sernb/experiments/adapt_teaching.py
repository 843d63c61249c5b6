"""What an ensemble's members learn of the reader's clips without labels: statistics, and heads by their own names."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from sernb.evaluation.calibration import fit_confidence
from sernb.evaluation.inference import statistics
from sernb.evaluation.predictions import infer, prediction_table
from sernb.models.classifier import EmotionClassifier
from sernb.models.confidence import Confidence
from sernb.models.ensemble import Ensemble, member_folders
from sernb.training.loop import make_accelerator
from sernb.training.self_training import taught_classifier


def store_statistics(folder: Path, clips: list[str], progress: bool) -> None:
    """Write the clips' statistics into the members' folders of an ensemble."""
    found = statistics(Ensemble.load(folder), clips, progress)
    for member, own in zip(member_folders(folder), found, strict=True):
        fitted = Confidence.load(member)
        assert fitted is not None  # training wrote it
        replace(fitted, target=own).save(member)


def teach_members(folder: Path, clips: pd.DataFrame, validation: pd.DataFrame, progress: bool = True) -> pd.DataFrame:
    """Write a head that a member's names of clips taught, and these clips' statistics, into each member's folder.

    Args:
        folder: of the ensemble.
        clips: manifest rows of what teaches; labels play no part.
        validation: manifest rows of labelled clips, of people nobody learnt from, to fit each member's confidence on.
        progress: show a progress bar a member.

    Returns:
        What the new heads say of the validation clips; column seed numbers the members.
    """
    accelerator, tables = make_accelerator(), []
    for number, member in enumerate(member_folders(folder)):
        model = EmotionClassifier.from_pretrained(member).eval().to(accelerator.device)
        known = Confidence.load(member)
        assert known is not None and known.source is not None  # training wrote both
        heard, english = (infer(model, one, accelerator, progress=progress)[1] for one in (clips, validation))
        taught, own = taught_classifier(model, heard, known.source)
        table = prediction_table(validation, taught.judge(english))
        taught.save_pretrained(member)
        replace(fit_confidence(table, known.source, known.level, known.people), target=own).save(member)
        tables.append(table.assign(seed=number))
    return pd.concat(tables, ignore_index=True)
