"""What can be measured around an adaptation: how clips differ, how long a step takes, what labels say of the result."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import torch

from sernb.evaluation import comparison, uncertainty
from sernb.evaluation.calibration import expected_calibration_error
from sernb.evaluation.differences import BAND, GENDER, LEVEL, SPEAKER, cost
from sernb.evaluation.ensembles import ensemble
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.runs import SELF_TRAINED, STATISTICS, Run
from sernb.speech.audio import SAMPLE_RATE
from sernb.training.configs import BaselineConfig


def different(clips: pd.DataFrame, source: pd.DataFrame) -> Iterator[str]:
    """How clips differ from those a model learns from, each with what that cost on the reference corpora."""
    low, high = source["peak"].quantile([0.05, 0.95])
    peak = clips["peak"].median()
    if not low <= peak <= high:
        there = f"English ones mostly at {low:.3f} to {high:.3f}"
        yield f"half of the clips peak under {peak:.3f} of full scale, {there}; {cost(LEVEL)}"
    if clips["speaker"].nunique() == 1:
        yield f"one speaker: the clips' statistics are that person's, and no other's; {cost(SPEAKER)}"
    known = clips["gender"].dropna().unique()
    if len(known) == 1:
        yield f"every known speaker is {known[0]}: statistics are of that gender alone; {cost(GENDER)}"
    if (clips["sample_rate"] < SAMPLE_RATE).mean() > 0.5 and (source["sample_rate"] >= SAMPLE_RATE).mean() > 0.5:
        top = int(clips["sample_rate"].median()) // 2
        yield f"the clips end at {top} Hz, the English ones go on to {SAMPLE_RATE // 2}; {cost(BAND)}"


def seconds_a_step(config: BaselineConfig, encoder: str | Path, steps: int = 2) -> float:
    """Seconds that a training step takes here, tried on noise; the first is not counted."""
    whisper = WhisperEncoder(encoder, config.seconds, config.pooling, config.seed, config.layers)
    model = EmotionClassifier(whisper, config.hidden, config.dropout, config.highest_hz)
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")
    model.to(device).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad])
    samples = torch.randn(config.batch_size, round(config.seconds * SAMPLE_RATE), device=device)
    frames = torch.full((config.batch_size,), round(config.seconds * 100), device=device)
    for number in range(steps + 1):
        if number == 1:
            started = time.perf_counter()
        model(model.log_mel(samples), frames).logsumexp(-1).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return (time.perf_counter() - started) / steps


def judgement(runs: Sequence[Run], adapts: bool, self_training: bool) -> tuple[pd.DataFrame, list[str]]:
    """Predictions for labelled clips, and in words what they are worth.

    Args:
        runs: members of the ensemble.
        adapts: whether each heard the clips, those of one fold left out.
        self_training: whether their heads are those that their own names taught.
    """
    plain = comparison.pooled(list(runs))
    if plain.empty:
        return plain, [
            "Not judged: no clip has a label. What a hundred labels would buy was not measured; they would at least "
            "tell by how much this model fails, for whom, and whether its probabilities can be believed."
        ]
    variant, how = (SELF_TRAINED, "re-centred and self-trained") if self_training else (STATISTICS, "re-centred")
    table = comparison.pooled(list(runs), variant=variant)
    if table.empty:
        table, how = plain, f"not {how}: too few speakers to do so"
    if adapts:
        judged, who = table, "each clip by the models that never heard its speaker"
    else:
        judged, who = ensemble(table), "by the mean of all models"
    found = uncertainty.estimate(judged).set_index("metric")
    lines = [
        f"Judged on {judged['utterance_id'].nunique()} labelled clips of {judged['speaker'].nunique()} speakers, none "
        f"of whom taught it, {who}, {how}: macro-F1 {uncertainty.in_words(found.loc['macro_f1'], 2, sign=False)}, "
        f"accuracy {uncertainty.in_words(found.loc['accuracy'], 2, sign=False)}; chance is a quarter."
    ]
    for gender, rows in judged.groupby("gender"):
        value = uncertainty.estimate(rows).set_index("metric").loc["macro_f1"]
        lines.append(f"Of {gender} speakers: macro-F1 {uncertainty.in_words(value, 2, sign=False)}.")
    lines.append(
        f"Calibration: expected calibration error {expected_calibration_error(judged):.2f} before the temperature "
        "(0: right as often as it says)."
    )
    return judged, lines
