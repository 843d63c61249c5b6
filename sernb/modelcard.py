"""A card for every saved model, in Hugging Face's format: what it is, for whom it works, and what to check first.

Written from the run's own configuration and predictions, so that no figure in it is typed by hand.
"""

from pathlib import Path

import pandas as pd
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from sernb import statistics
from sernb.calibration import expected_calibration_error
from sernb.evaluation import METRICS, recall_by, scores
from sernb.labels import EMOTIONS
from sernb.processes import processes
from sernb.runs import Run
from sernb.words import word

CARD_FILE = "README.md"
METHODS = {
    "baseline": "fine-tuned on English emotion data only",
    "contrastive": "first adapted to unlabelled target speech by speaker-contrastive learning, then fine-tuned on "
    "English emotion data",
    "byol": "trained on English emotion data and, at the same time, on agreement of views (BYOL) of English and "
    "unlabelled target speech",
}
LIMITS = """\
## What it must not be used for

Decisions about people: hiring, teaching, policing, insurance, diagnosis, or watching anybody who can't refuse. In the
European Union the AI Act forbids emotion recognition at work and in education except for medical and safety reasons.

## What the figures can't tell

* The speech was acted, or picked and labelled by listeners: recognising it is not recognising what people feel.
* There are four classes. Speech of any other kind, calm or ironic or frightened, is named one of them all the same.
* Emotion was learnt in English. In another language, words and habits of speech carry feeling in other ways.
* Few people stand behind each figure. Of age, dialect, health or hearing nothing is known.

## Check before use

1. Scores per group and per speaker, with intervals, on natural speech of the people the model will hear, labelled by
   people of that language.
2. That the groups compared spoke the same emotions; otherwise compare the recall of each class.
3. Calibration, and what the model says of speech that belongs to no class.
4. What a wrong answer does to the person, and how that person can object.
"""


def model_card(run: Run) -> ModelCard:
    """The card of a finished run of a classifier.

    Args:
        run: with predictions; its recipe is "baseline", "contrastive" or "byol".
    """
    config, place = run.config, run.environment
    predictions = run.predictions.assign(seed=config["config"]["seed"])
    test = predictions[predictions["part"] == "test"]
    validation = predictions[predictions["part"] == "validation"]
    name = run.folder.name
    encoder = place.get("encoder", "")
    results = [
        EvalResult(
            task_type="audio-classification",
            dataset_type=str(corpus),
            dataset_name=f"{corpus} ({language})",
            metric_type={"accuracy": "accuracy", "macro_f1": "f1", "uar": "recall"}[metric],
            metric_name={"accuracy": "accuracy", "macro_f1": "macro-F1", "uar": "unweighted average recall"}[metric],
            metric_value=round(value, 4),
        )
        for (corpus, language), judged in test.groupby(["corpus", "language"])
        for metric, value in scores(judged).items()
    ]
    data = ModelCardData(
        language=sorted(set(predictions["language"])),
        license="other",
        license_name="terms-of-encoder-and-corpora",
        library_name="sernb",
        pipeline_tag="audio-classification",
        tags=["speech-emotion-recognition", "low-resource-languages", "zero-shot-transfer"],
        base_model=f"openai/{encoder}" if encoder.startswith("whisper-") else None,
        metrics=["accuracy", "f1", "recall"],
        model_name=name,
        eval_results=results or None,
    )
    parts = [
        f"# {name}",
        f"Names a clip of speech {', '.join(EMOTIONS[:-1])} or {EMOTIONS[-1]}. A Whisper encoder ({encoder}) over "
        f"{config['config']['seconds']:g} s with a small head, "
        f"{METHODS.get(config['recipe'], 'recipe ' + config['recipe'])} (Gong et al. 2025, arXiv:2506.02059). "
        f"Seed {config['config']['seed']}, made {place['date']} with torch {place['versions']['torch']}. "
        f"The epoch was chosen on {len(validation)} English clips of {validation['speaker'].nunique()} speakers.",
        "```python\nfrom sernb.inference import classify\n\ntable, problems = classify(FOLDER, FILES)\n```",
        "License: the weights follow from the encoder's and from corpora with terms of their own, some of which forbid "
        "commercial use. `sernb corpora` lists them.",
        "## For whom it works\n\nScores on test speakers of one run, 95 % intervals over speakers.",
        _markdown(_scores(test)) if len(test) else "It was judged on no labelled clip of another language.",
    ]
    if len(test):
        classes = recall_by(test, "language", "gender").pivot(
            index=["language", "gender"], columns="emotion", values="recall"
        )
        parts += [
            "Recall of each class by gender; a dash where nobody of that gender spoke it:",
            _markdown(classes.reset_index()),
            f"Expected calibration error on the test clips: {expected_calibration_error(test):.2f} (0: as often right "
            "as it says).",
        ]
    parts.append(LIMITS)
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(parts))


def _scores(test: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (corpus, language), judged in test.groupby(["corpus", "language"]):
        groups = [("all", judged), *judged.groupby("gender")]
        for who, own in groups:
            found = statistics.estimate(own, resamples=500).set_index("metric")
            cells = {word(name): statistics.in_words(found.loc[name], 2, sign=False) for name in METRICS}
            about = {"corpus": corpus, "language": language, "speakers": own["speaker"].nunique(), "clips": len(own)}
            rows.append({"group": who} | about | cells)
    return pd.DataFrame(rows)


def _markdown(frame: pd.DataFrame) -> str:
    cell = lambda value: "–" if pd.isna(value) else f"{value:.2f}" if isinstance(value, float) else str(value)  # noqa: E731
    lines = ["| " + " | ".join(map(str, frame.columns)) + " |", "|" + " --- |" * len(frame.columns)]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in frame.itertuples(index=False)]
    return "\n".join(lines)


def write_card(run: Run) -> Path:
    """Write the card into the folder of a run's weights, unless it is there."""
    file = run.model / CARD_FILE
    if not file.exists():
        temporary = file.with_suffix(".tmp")
        temporary.write_text(model_card(run).content, encoding="utf-8")
        temporary.replace(file)
    return file


def carded(run: Run) -> Run:
    """The run itself, its card written where it holds weights; a recipe returns `carded(store.run(...))`."""
    if run.model.is_dir() and processes().is_main_process:
        write_card(run)
    return run
