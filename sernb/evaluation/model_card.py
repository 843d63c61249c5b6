"""A card for every saved model, in Hugging Face's format: what it is, for whom it works, and what to check first.

Written from the run's own configuration and predictions, so that no figure in it is typed by hand.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from sernb.data.escape import markdown, printable
from sernb.data.files import replacing
from sernb.data.grouping import each_corpus
from sernb.data.markdown import markdown_table
from sernb.evaluation import uncertainty
from sernb.evaluation.calibration import expected_calibration_error
from sernb.evaluation.names import word
from sernb.evaluation.predictions import METRICS, recall_by, scores
from sernb.labels import EMOTIONS
from sernb.models.confidence import PEOPLE, Confidence
from sernb.models.hub import CARD_FILE
from sernb.processes import processes
from sernb.runs import Run

_GENDERS = ("women", "men", "of unknown gender")
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
    predictions = run.predictions.assign(seed=run.seed)
    test = predictions[predictions["part"] == "test"]
    validation = predictions[predictions["part"] == "validation"]
    name = printable(run.folder.name)
    encoder = printable(place.get("encoder", ""))
    data = metadata(name, predictions["language"], test, encoder)
    parts = [
        f"# {markdown(name)}",
        f"Names a clip of speech {', '.join(EMOTIONS[:-1])} or {EMOTIONS[-1]}. A Whisper encoder ({markdown(encoder)}) "
        f"over {config['config']['seconds']:g} s with a small head, "
        f"{METHODS.get(config['recipe'], 'recipe ' + markdown(config['recipe']))} (Gong et al. 2025, "
        f"arXiv:2506.02059). Seed {run.seed}, made {markdown(place['date'])} with torch "
        f"{markdown(place['versions']['torch'])}. "
        f"{len(validation)} English clips of {validation['speaker'].nunique()} other speakers showed how it went, "
        "and set the temperature of its probabilities.",
        "```python\nfrom sernb.evaluation.inference import classify\n\ntable = classify(FOLDER, FILES)\n```",
        "License: the weights follow from the encoder's and from corpora with terms of their own, some of which forbid "
        "commercial use. `sernb corpora` lists them.",
        *judgement(test),
    ]
    fitted = Confidence.load(run.model) if run.model.is_dir() else None
    parts += [missing(test, fitted.people if fitted else None), LIMITS]
    return card(data, parts)


def card(data: ModelCardData, parts: Iterable[str]) -> ModelCard:
    """A card of metadata and paragraphs."""
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(parts))


def judgement(test: pd.DataFrame) -> list[str]:
    """Paragraphs on scores, recall by gender, calibration, and who was not judged at all.

    Args:
        test: predictions for labelled clips, with a column seed; may be empty.
    """
    if test.empty:
        return ["## For whom it works", "It was judged on no labelled clip of another language."]
    classes = recall_by(test, "language", "gender").pivot(
        index=["language", "gender"], columns="emotion", values="recall"
    )
    return [
        "## For whom it works\n\nScores on test speakers, 95 % intervals over speakers.",
        markdown_table(_scores(test)),
        "Recall of each class by gender; a dash where nobody of that gender spoke it:",
        markdown_table(classes.reset_index()),
        f"Expected calibration error on the test clips: {expected_calibration_error(test):.2f} (0: as often right "
        "as it says).",
    ]


def missing(test: pd.DataFrame, people: Mapping[str, int] | None) -> str:
    """A paragraph that names who was not trained on and who was not judged.

    Args:
        test: predictions for labelled clips, or none.
        people: trained on, see Confidence; None where not known.
    """
    lines = []
    if people is None:
        lines.append("Training: who spoke was not noted.")
    else:
        counts = ", ".join(f"{people[name]} {word}" for name, word in zip(PEOPLE, _GENDERS, strict=True))
        absent = [word for name, word in zip(PEOPLE[:2], _GENDERS, strict=False) if not people[name]]
        lines.append(f"Training: {counts}, all in English{''.join(f'; no {word}' for word in absent)}.")
    if test.empty:
        lines.append("Test: nobody.")
    for language, rows in test.groupby("language"):
        speakers = rows.drop_duplicates("speaker")["gender"]
        absent = [word for name, word in (("female", "women"), ("male", "men")) if not (speakers == name).any()]
        absent += [name for name in EMOTIONS if not (rows["emotion"] == name).any()]
        few = (
            f"; fewer than {uncertainty.FEWEST_SPEAKERS} speakers"
            if len(speakers) < uncertainty.FEWEST_SPEAKERS
            else ""
        )
        without = f"; nobody judged who is: {', '.join(absent)}" if absent else ""
        lines.append(f"Test, {markdown(language)}: {len(speakers)} speakers{few}{without}.")
    lines.append("Children, old people, people with speech disorders and other dialects: not known to be in either.")
    return "## Who is missing\n\n" + "\n".join(f"* {line}" for line in lines)


def metadata(name: str, languages: Iterable[str], test: pd.DataFrame, encoder: str) -> ModelCardData:
    """What the hub lists a model by, with its scores on test clips.

    Args:
        name: of the model.
        languages: that it heard or was judged on.
        test: predictions for labelled clips of another language than English; may be empty.
        encoder: name of its initial weights.
    """
    results = [
        EvalResult(
            task_type="audio-classification",
            dataset_type=printable(about["corpus"]),
            dataset_name=printable(f"{about['corpus']} ({about['language']})"),
            metric_type={"accuracy": "accuracy", "macro_f1": "f1", "uar": "recall"}[metric],
            metric_name={"accuracy": "accuracy", "macro_f1": "macro-F1", "uar": "unweighted average recall"}[metric],
            metric_value=round(value, 4),
        )
        for about, judged in each_corpus(test)
        for metric, value in scores(judged).items()
    ]
    return ModelCardData(
        language=sorted(map(printable, set(languages))),
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


def _scores(test: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for corpus, judged in each_corpus(test):
        groups = [("all", judged), *judged.groupby("gender")]
        for who, own in groups:
            found = uncertainty.estimate(own).set_index("metric")
            cells = {word(name): uncertainty.in_words(found.loc[name], 2, sign=False) for name in METRICS}
            counts = {"speakers": own["speaker"].nunique(), "clips": len(own)}
            rows.append({"group": who} | corpus | counts | cells)
    return pd.DataFrame(rows)


def write_card(run: Run) -> Path:
    """Write the card into the folder of a run's weights, unless it is there."""
    file = run.model / CARD_FILE
    if not file.exists():
        with replacing(file) as temporary:
            temporary.write_text(model_card(run).content, encoding="utf-8")
    return file


def carded(run: Run) -> Run:
    """The run itself, its card written where it holds weights; a recipe returns `carded(store.run(...))`."""
    if run.model.is_dir() and processes().is_main_process:
        write_card(run)
    return run
