"""Help on the way to an answer: a line to start with and two hints per exercise, the second one nearly the answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Help:
    """What a student may ask for, in this order.

    Attributes:
        starter: first line of the function's body.
        hints: the first says what to think of, the second how to write it.
    """

    starter: str
    hints: tuple[str, str]


HELP = {
    "emodb_label": Help(
        "speaker, letter = stem[:2], stem[5]",
        (
            "The letter stands for a German word.",
            "W Wut, F Freude, N neutral, T Trauer; dict.get gives None otherwise.",
        ),
    ),
    "leaked_speakers": Help(
        "names = np.unique(speakers)",
        ("For one speaker: in how many different folds are the clips?", "Count names with len(set(folds[...])) > 1."),
    ),
    "speaker_folds": Help(
        "names, member, clips = np.unique(speakers, return_inverse=True, return_counts=True)",
        ("Deal the speakers with most clips first.", "Each goes to the fold that is smallest so far: size.argmin()."),
    ),
    "snr": Help(
        "noise = noisy - clean",
        ("Power is the mean of the squares.", "10 * np.log10 of one power over the other."),
    ),
    "mix_at_snr": Help(
        "wanted = np.mean(speech**2) / 10 ** (snr_db / 10)",
        ("`wanted` is the power that the noise should have.", "Power grows with the square: scale by a square root."),
    ),
    "mask_time": Help(
        "hidden = log_mel.copy()",
        ("Time is the second axis.", "Set hidden[:, start : start + width] to the mean of the whole picture."),
    ),
    "uar": Help(
        "classes = np.unique(true)",
        ("Recall of a class looks only at clips that are of it.", "np.mean(predicted[true == c] == c), then the mean."),
    ),
    "pool_speech": Help(
        "speech = np.arange(frames.shape[1]) < np.asarray(lengths)[:, None]",
        ("`speech` says of each frame whether it counts.", "Sum frames * speech[..., None] over axis 1, and divide."),
    ),
    "windows": Help(
        "missing = -len(samples) % size",
        ("How many zeros fill the last window?", "np.pad(samples, (0, missing)), then reshape(-1, size)."),
    ),
    "count_pairs": Help(
        "same = (speakers == speakers[anchor]).sum()",
        (
            "The anchor is in `same`, but no pair with itself.",
            "Positives same - 1; negatives are all that are not same.",
        ),
    ),
    "nt_xent": Help(
        "unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)",
        (
            "np.exp(unit @ unit.T / temperature) holds every pair.",
            "Sum the negatives of each row once; a positive's loss is log(own + negatives) - log(own).",
        ),
    ),
    "recall_at_1": Help(
        "unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)",
        ("A clip is nearest to itself: rule that out.", "np.fill_diagonal(similarity, -np.inf), then argmax(1)."),
    ),
    "paired_gain": Help(
        "gains = method - baseline",
        ("Subtract seed by seed before you average.", "gains.std(ddof=1): the deviation of a sample."),
    ),
    "discordant": Help(
        "one, other = first == true, second == true",
        ("Clips that both name right say nothing.", "(one & ~other).sum(), and the other way round."),
    ),
    "balanced_batch": Help(
        "each = size // len(np.unique(labels))",
        ("Draw from each class by itself.", "generator.choice(np.flatnonzero(labels == name), each, replace=False)."),
    ),
    "follow": Help(
        "kept = momentum * target",
        ("Momentum is the share that stays.", "The rest, 1 - momentum, comes from the online network."),
    ),
    "half_life": Help(
        "left = 1.0",
        ("Each step multiplies what is missing by the momentum.", "Solve momentum**n <= 0.5 by logarithms; round up."),
    ),
    "lambda_at": Help(
        "share = step / (total - 1)",
        ("`share` runs from 0 at the first step to 1 at the last.", "start + (end - start) * share."),
    ),
    "byol_loss": Help(
        "p = prediction / np.linalg.norm(prediction, axis=1, keepdims=True)",
        ("Do the same to the target.", "The cosine of a clip is (p * t).sum(1)."),
    ),
    "metric_loss": Help(
        "first, second = np.triu_indices(len(labels), k=1)",
        (
            "x and n are differences over all pairs: of labels, and of mean latents.",
            "The slope is (x @ n) / (x @ x); the loss is abs(slope - 1) plus a mean of squares.",
        ),
    ),
    "concordance": Help(
        "covariance = ((x - x.mean()) * (y - y.mean())).mean()",
        ("The formula is in the task.", "numpy's x.var() divides by n, as the covariance above does."),
    ),
    "standardize": Help(
        "mean, deviation = train.mean(0), train.std(0)",
        ("The other clips are measured by the training clips' numbers.", "(other - mean) / deviation."),
    ),
    "recentre": Help(
        "standard = (target - target.mean(0)) / target.std(0)",
        ("`standard` has mean 0 and deviation 1.", "Give it the source's: times its deviation, plus its mean."),
    ),
    "shift_length": Help(
        "mean = source.mean(0)",
        (
            "An emotion's vector is source[emotion == name].mean(0) - mean.",
            "Divide the length of target.mean(0) - mean by the mean length of these vectors.",
        ),
    ),
    "soft_vote": Help(
        "together = probabilities.mean(0)",
        ("Average first, decide afterwards.", "argmax over the last axis."),
    ),
    "interval": Help(
        "outside = (1 - level) / 2",
        ("Half of what is left out lies on either side.", "np.quantile(values, [outside, 1 - outside])."),
    ),
    "redraw": Help(
        "names = np.unique(speakers)",
        ("Draw names, with replacement.", "A name drawn twice brings its clips twice: np.flatnonzero for each draw."),
    ),
    "win_share": Help(
        "gains = np.asarray(gains)",
        ("A tie is half a win.", "(gains > 0).mean() + (gains == 0).mean() / 2."),
    ),
    "gap": Help(
        "right = predicted == true",
        ("Accuracy is the mean of `right`.", 'right[gender == "female"].mean() less that of "male".'),
    ),
    "one_vote": Help(
        "right = predicted == true",
        ("First an accuracy for each speaker.", "Then the plain mean over np.unique(speakers)."),
    ),
    "same_mix": Help(
        "right = predicted == true",
        (
            "Compare recalls class by class.",
            "Per class: recall of women less recall of men. Then the mean over classes.",
        ),
    ),
}
"""Of every exercise, by its name."""
