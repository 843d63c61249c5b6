"""Exercises: the readable form and a short one are right, typical mistakes are found and named."""

import math

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from sernb.book.layout import chapters
from sernb.cli import app
from sernb.evaluation.verification import speaker_scores
from sernb.losses.byol_loss import regression_loss
from sernb.losses.continuous import metric_loss
from sernb.losses.ntxent import SpeakerNTXent
from sernb.teaching.exercises import EXERCISES, WrongAnswer, check, hint
from sernb.teaching.exercises.base import compared
from sernb.teaching.exercises.harmonization import GERMAN
from sernb.teaching.exercises.hints import HELP
from sernb.teaching.student import skeletons


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def cosines(embeddings):
    return unit(embeddings) @ unit(embeddings).T


def masked(log_mel, start, width):
    hidden = log_mel.copy()
    hidden[:, start : start + width] = log_mel.mean()
    return hidden


def masked_in_place(log_mel, start, width):
    log_mel[:, start : start + width] = log_mel.mean()
    return log_mel


def mixed(speech, noise, snr_db):
    return speech + noise * np.sqrt(np.mean(speech**2) / np.mean(noise**2) / 10 ** (snr_db / 10))


def dealt(speakers, folds):
    names, member, clips = np.unique(speakers, return_inverse=True, return_counts=True)
    sizes, place = np.zeros(folds), np.zeros(len(names), int)
    for name in np.argsort(-clips):
        place[name] = sizes.argmin()
        sizes[place[name]] += clips[name]
    return place[member]


def contrasted_with_everyone(embeddings, speakers, temperature):
    logits = cosines(embeddings) / temperature
    np.fill_diagonal(logits, -np.inf)
    losses = np.log(np.exp(logits).sum(1, keepdims=True)) - logits
    return losses[(speakers[:, None] == speakers) & ~np.eye(len(speakers), dtype=bool)].mean()


def drawn(labels, size, generator):
    names = np.unique(labels)
    each = size // len(names)
    return np.concatenate([generator.choice(np.flatnonzero(labels == name), each, replace=False) for name in names])


def recalls(true, predicted):
    return np.mean([(predicted[true == emotion] == emotion).mean() for emotion in np.unique(true)])


def concordant(x, y):
    return 2 * np.cov(x, y, bias=True)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)


# each exercise's answer as the package or numpy would have it, and a mistake that is often made
ANSWERS = {
    "emodb_label": (
        lambda stem: (stem[0:2], GERMAN.get(stem[5])),
        lambda stem: (stem[:2], {"A": "angry", "H": "happy", "N": "neutral", "S": "sad"}.get(stem[5])),
    ),
    "leaked_speakers": (
        lambda speakers, folds: sum(len(np.unique(folds[speakers == s])) > 1 for s in np.unique(speakers)),
        lambda speakers, folds: sum(len(np.unique(folds[speakers == s])) > 1 for s in speakers),
    ),
    "speaker_folds": (dealt, lambda speakers, folds: np.arange(len(speakers)) % folds),
    "snr": (
        lambda clean, noisy: 10 * np.log10(np.mean(clean**2) / np.mean((noisy - clean) ** 2)),
        lambda clean, noisy: 10 * np.log10(np.mean(clean**2) / np.mean(noisy**2)),
    ),
    "mix_at_snr": (mixed, lambda speech, noise, snr_db: speech + noise / 10 ** (snr_db / 20)),
    "mask_time": (masked, masked_in_place),
    "uar": (recalls, lambda true, predicted: np.mean(true == predicted)),
    "pool_speech": (
        lambda frames, lengths: np.stack([f[:n].mean(0) for f, n in zip(frames, lengths, strict=True)]),
        lambda frames, lengths: frames.mean(1),
    ),
    "windows": (
        lambda samples, size: np.pad(samples, (0, -len(samples) % size)).reshape(-1, size),
        lambda samples, size: samples[: len(samples) // size * size].reshape(-1, size),
    ),
    "recentre": (
        lambda target, source: (target - target.mean(0)) / target.std(0) * source.std(0) + source.mean(0),
        lambda target, source: target - target.mean(0) + source.mean(0),
    ),
    "shift_length": (
        lambda target, source, emotion: (
            np.linalg.norm(target.mean(0) - source.mean(0))
            / np.mean([np.linalg.norm(source[emotion == n].mean(0) - source.mean(0)) for n in np.unique(emotion)])
        ),
        lambda target, source, emotion: np.linalg.norm(target.mean(0) - source.mean(0)),
    ),
    "soft_vote": (
        lambda probabilities: probabilities.mean(0).argmax(-1),
        lambda probabilities: np.array([np.bincount(votes).argmax() for votes in probabilities.argmax(-1).T]),
    ),
    "count_pairs": (
        lambda speakers, anchor: (
            int((speakers == speakers[anchor]).sum()) - 1,
            int((speakers != speakers[anchor]).sum()),
        ),
        lambda speakers, anchor: (int((speakers == speakers[anchor]).sum()), int((speakers != speakers[anchor]).sum())),
    ),
    "nt_xent": (
        lambda embeddings, speakers, temperature: SpeakerNTXent(temperature)(
            torch.from_numpy(embeddings), torch.from_numpy(speakers)
        ),
        contrasted_with_everyone,
    ),
    "recall_at_1": (
        lambda embeddings, speakers: speaker_scores(embeddings, speakers)["recall_at_1"],
        lambda embeddings, speakers: (speakers[cosines(embeddings).argmax(1)] == speakers).mean(),
    ),
    "paired_gain": (
        lambda baseline, method: ((method - baseline).mean(), (method - baseline).std(ddof=1)),
        lambda baseline, method: (method.mean() - baseline.mean(), method.std(ddof=1)),
    ),
    "discordant": (
        lambda true, first, second: (
            ((first == true) & (second != true)).sum(),
            ((second == true) & (first != true)).sum(),
        ),
        lambda true, first, second: ((first == true).sum(), (second == true).sum()),
    ),
    "balanced_batch": (drawn, lambda labels, size, generator: generator.choice(len(labels), size, replace=False)),
    "follow": (
        lambda target, online, momentum: momentum * target + (1 - momentum) * online,
        lambda target, online, momentum: momentum * online + (1 - momentum) * target,
    ),
    "half_life": (
        lambda momentum: math.ceil(math.log(0.5) / math.log(momentum)),
        lambda momentum: 0.5 / (1 - momentum),
    ),
    "lambda_at": (
        lambda step, total, start, end: start + (end - start) * step / (total - 1),
        lambda step, total, start, end: start + (end - start) * step / total,
    ),
    "byol_loss": (
        lambda prediction, target: regression_loss(torch.from_numpy(prediction), torch.from_numpy(target)),
        lambda prediction, target: np.square(prediction - target).sum(1).mean(),
    ),
    "metric_loss": (
        lambda latents, labels: metric_loss(torch.from_numpy(latents), torch.from_numpy(labels)),
        lambda latents, labels: metric_loss(torch.from_numpy(latents).abs(), torch.from_numpy(labels)),
    ),
    "concordance": (concordant, lambda x, y: np.corrcoef(x, y)[0, 1]),
    "standardize": (
        lambda train, other: (other - train.mean(0)) / train.std(0),
        lambda train, other: (other - other.mean(0)) / other.std(0),
    ),
}


def resampled(speakers, generator):
    names = np.unique(speakers)
    return np.concatenate([np.flatnonzero(speakers == name) for name in generator.choice(names, len(names))])


def per_speaker(true, predicted, speakers):
    return np.mean([(predicted == true)[speakers == name].mean() for name in np.unique(speakers)])


def class_by_class(true, predicted, gender):
    right, women = predicted == true, gender == "female"
    return np.mean([right[women & (true == e)].mean() - right[~women & (true == e)].mean() for e in np.unique(true)])


ANSWERS |= {
    "interval": (
        lambda values, level: tuple(np.quantile(values, [(1 - level) / 2, (1 + level) / 2])),
        lambda values, level: tuple(np.quantile(values, [1 - level, level])),
    ),
    "redraw": (resampled, lambda speakers, generator: generator.integers(len(speakers), size=len(speakers))),
    "win_share": (
        lambda gains: (np.sign(gains) + 1).mean() / 2,
        lambda gains: (gains > 0).mean(),
    ),
    "gap": (
        lambda true, predicted, gender: np.diff([(predicted == true)[gender == g].mean() for g in ("male", "female")])[
            0
        ],
        lambda true, predicted, gender: (predicted == true)[gender == "female"].mean() - (predicted == true).mean(),
    ),
    "one_vote": (per_speaker, lambda true, predicted, speakers: np.mean(predicted == true)),
    "same_mix": (
        class_by_class,
        lambda true, predicted, gender: np.diff([(predicted == true)[gender == g].mean() for g in ("male", "female")])[
            0
        ],
    ),
}


def test_every_exercise_belongs_to_a_chapter_and_has_its_answers_here():
    assert set(ANSWERS) == set(EXERCISES)
    assert {exercise.chapter for exercise in EXERCISES.values()} <= {chapter.stem for chapter in chapters()}


@pytest.mark.parametrize("name", EXERCISES)
def test_right_answers_pass_and_mistakes_are_found(name):
    right, wrong = ANSWERS[name]
    assert check(EXERCISES[name].model).startswith(f"{name}: right in all")
    assert check(right, name).startswith(f"{name}: right in all")
    with pytest.raises(WrongAnswer, match=name):
        check(wrong, name)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda true, predicted: None, "must be .*the answer says None"),
        (lambda true, predicted: np.zeros(2), "the answer says"),
        (lambda true: 1.0, "raised TypeError"),
        (lambda true, predicted: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_wrong_and_not_a_traceback(answer, message):
    with pytest.raises(WrongAnswer, match=message):
        check(answer, "uar")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda speakers, folds: np.zeros(3), "must have shape"),
        (lambda speakers, folds: np.zeros(len(speakers), int), "must use every number"),
        (lambda speakers, folds: np.minimum(np.unique(speakers, return_inverse=True)[1], folds - 1), "unbalanced"),
    ],
)
def test_folds_are_judged_by_what_is_asked_of_them(answer, message):
    with pytest.raises(WrongAnswer, match=message):
        check(answer, "speaker_folds")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda labels, size, generator: drawn(labels, size, np.random.default_rng()), "comes from elsewhere"),
        (lambda labels, size, generator: drawn(labels, size, np.random.default_rng(0)), "nothing is drawn"),
        (lambda labels, size, generator: np.resize(drawn(labels, 4, generator), size), "a clip twice|nothing is drawn"),
        (lambda labels, size, generator: drawn(labels, 4, generator)[:3], "must have shape"),
    ],
)
def test_batches_are_judged_by_what_is_asked_of_them(answer, message):
    with pytest.raises(WrongAnswer, match=message):
        check(answer, "balanced_batch")


def test_an_unknown_exercise_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match="no exercise is called 'accuracy'; there are .*uar"):
        check(lambda: None, "accuracy")


def test_a_file_of_answers_is_judged_exercise_by_exercise(tmp_path):
    answers = tmp_path / "answers.py"
    answers.write_text(
        "import numpy as np\n"
        "def uar(true, predicted):\n    return np.mean([np.mean(predicted[true == e] == e) for e in np.unique(true)])\n"
        "def follow(target, online, momentum):\n    raise NotImplementedError\n"
    )
    outcome = CliRunner().invoke(app, ["check", str(answers)])
    assert outcome.exit_code == 0
    assert "uar: right in all" in outcome.output and "follow: not written yet" in outcome.output
    assert f"1 right, 0 wrong, {len(EXERCISES) - 1} open" in outcome.output

    answers.write_text("def follow(target, online, momentum):\n    return online\n")
    outcome = CliRunner().invoke(app, ["check", str(answers)])
    assert outcome.exit_code == 1 and "wrong" in outcome.output and "follow(" in outcome.output


@pytest.mark.parametrize(
    ("source", "message"), [("x = 1", "holds no function"), ("def uar(:", "SyntaxError"), ("import nothere", "nothere")]
)
def test_a_file_that_cannot_be_judged_says_why(source, message, tmp_path):
    answers = tmp_path / "answers.py"
    answers.write_text(source)
    outcome = CliRunner().invoke(app, ["check", str(answers)])
    assert isinstance(outcome.exception, ValueError) and message in str(outcome.exception)


def test_a_missing_file_of_answers_is_named(tmp_path):
    outcome = CliRunner().invoke(app, ["check", str(tmp_path / "none.py")])
    assert isinstance(outcome.exception, FileNotFoundError) and "none.py" in str(outcome.exception)


def test_every_exercise_has_a_line_to_start_with_that_runs_and_two_hints():
    assert set(HELP) == set(EXERCISES)
    written: dict = {}
    exec(skeletons(list(EXERCISES.values())), written)
    for name in EXERCISES:
        with pytest.raises(NotImplementedError):
            check(written[name], name)
        assert HELP[name].starter in skeletons([EXERCISES[name]])
        assert len({hint(name), hint(name, 2), EXERCISES[name].task}) == 3
    with pytest.raises(ValueError, match="uar has hints 1 and 2, not 3"):
        hint("uar", 3)


def test_what_fails_is_the_smallest_case_and_can_be_typed_again():
    model = EXERCISES["uar"].model
    large, small = np.array(["sad", "angry"] * 30), np.array(["sad", "sad", "angry"])
    exercise = compared("x", model, [(large, large), (small, np.array(["sad", "angry", "angry"]))])
    with pytest.raises(WrongAnswer) as told:
        exercise.check(lambda true, predicted: np.mean(true == predicted))
    call, rest = str(told.value).split(" must be ")
    right, wrong = rest.split(", the answer says ")
    assert eval(call, {"np": np, "uar": model}) == pytest.approx(float(right)) == 0.75 and float(wrong) < 0.7
