"""The chapters' self-check questions. Numbers are computed, a wrong one by the mistake that leads to it."""

import math
from typing import TYPE_CHECKING

from IPython.display import HTML

from sernb.teaching.selfcheck import question

if TYPE_CHECKING:
    from sernb.runs import Run


def unnamed_class() -> HTML:
    """Harmonization: what becomes of a label that no class is made of."""
    return question(
        "A corpus labels some of its clips “calm”. What becomes of them?",
        right={
            "They are kept, without a class": "No rule says that calm is neutral, so the clip gets none of the four "
            "classes. It can still serve as unlabelled speech of its language."
        },
        wrong={
            "They become neutral": "That would be a decision about what emotions are. The paper merges excited into "
            "happy and nothing else.",
            "They are rejected": "Rejected is what can't be used at all: audio that can't be read, or lasts under 0.5 "
            "or over 12 seconds.",
        },
    )


def noise_power() -> HTML:
    """Augmentation: decibels as a factor of power."""
    return question(
        "The paper's noise is drawn from 10 to 20 dB. At 10 dB, how many times the noise's power is the speech's?",
        right={10.0: "Ten decibels are a factor of ten in power: 10 ** (dB / 10)."},
        wrong={
            10**0.5: "That is the factor in amplitude, 10 ** (dB / 20); power is its square.",
            100.0: "That is the other end of the range, 20 dB, where the noise is weakest.",
        },
    )


def frozen_convolutions() -> HTML:
    """Baseline: why the encoder's first two layers stay as they are."""
    return question(
        "Why are the two convolutions frozen?",
        right={
            "To keep training stable": "They turn every spectrogram into what all layers above were trained to read. A "
            "step on a few thousand acted clips that moved them would change the input of every layer at once, and "
            "what they know, edges in time and frequency, is needed for emotion as for words. The paper gives "
            "stability as its reason."
        },
        wrong={
            "To save memory": "They hold few of the encoder's weights; the larger the encoder, the smaller their "
            "share.",
            "They hold no weights": "They do: two layers of filters, like any convolution.",
        },
    )


def seconds_heard() -> HTML:
    """Baseline: what a window leaves of a longer clip."""
    clip, window = 12, 4
    return question(
        f"A clip of {clip} s meets a window of {window} s. How many of its seconds does the encoder hear when the clip "
        "is judged?",
        right={
            window: f"The first {window}: two thirds of the clip are never heard. In training the window starts "
            "anywhere in the clip, so that over the epochs all of it is; the third exercise judges every window of a "
            "clip, as `sernb predict` does."
        },
        wrong={
            clip: "The table of positions was cropped with the window: the encoder has no place to put the rest.",
            clip - window: "That is what is cut off.",
        },
    )


PEOPLE, EACH, VIEWS = 16, 4, 2
"""Speakers in a batch of stage 1, clips of each, views of a clip."""


def positives() -> HTML:
    """Contrastive stage 1: what an anchor is pulled towards."""
    alike = EACH * VIEWS
    return question(
        f"{PEOPLE} speakers with {EACH} clips, two views of each clip: how many positives has an anchor?",
        right={alike - 1: f"Its speaker has {EACH} clips in {VIEWS} views, {alike} views in all, less the anchor."},
        wrong={
            alike: "One of these is the anchor: a view is no pair with itself.",
            EACH - 1: "These are the speaker's other clips; each of them is there twice, and so is the anchor's own.",
            1: "That is the other view of the same clip: right for learning without speakers, as SimCLR does.",
        },
    )


def negatives() -> HTML:
    """Contrastive stage 1: what an anchor is pushed away from."""
    alike, batch = EACH * VIEWS, PEOPLE * EACH * VIEWS
    return question(
        "And how many negatives?",
        right={batch - alike: f"All {batch} views of the batch, less the {alike} of the anchor's own speaker."},
        wrong={
            PEOPLE - 1: "That is how many other speakers there are; each of them has several views.",
            (PEOPLE - 1) * EACH: "That is how many clips the others have; each is there twice.",
            batch - 1: "Among those are the positives.",
        },
    )


def what_differs(run: "Run", baseline: "Run") -> HTML:
    """Contrastive stage 2: what sets it apart from the baseline, looked up in both runs."""
    differing, inputs = (
        [name for name, value in run.config[part].items() if value != baseline.config[part].get(name)]
        for part in ("config", "inputs")
    )
    return question(
        "What differs between these two runs besides the initial weights?",
        right={
            "Nothing": f"Settings that differ: {', '.join(differing) or 'none'}. Of the stored hashes of what goes in, "
            f"those of {' and '.join(inputs) or 'nothing'} differ: the initial weights, and in the data only which "
            "clips are tested, the left-out fold here and every target clip there. Below, both are scored on the "
            "left-out fold."
        },
        wrong={
            "The clips learnt from": "Stage 2 learns emotion from the baseline's English training clips, all of them.",
            "The learning rates": "They are settings, and every setting is the baseline's.",
        },
    )


def steps_to_half() -> HTML:
    """BYOL: how slowly a target with the published momentum follows."""
    slow = 0.996
    half = math.ceil(math.log(0.5) / math.log(slow))
    return question(
        f"A target keeps {slow:g} of itself at each step. After how many steps does it hold half of a lasting change "
        "of the online network?",
        right={
            half: f"After n steps {slow:g} ** n of the old remains, and that is under a half from n = {half} on. A run "
            "of a hundred steps would be over before."
        },
        wrong={
            math.ceil(0.5 / (1 - slow)): f"Steps don't add up: each moves {1 - slow:.3f} of what is still missing, and "
            "that is less and less.",
            math.ceil(1 / (1 - slow)): f"By then {1 - slow ** (1 / (1 - slow)):.0%} have arrived.",
        },
    )


def pairs(size: int = 256) -> HTML:
    """Metric learning: over how many pairs of clips the loss runs."""
    return question(
        f"A batch holds {size} clips. Over how many pairs does the loss run?",
        right={size * (size - 1) // 2: "Each clip with each other one, and each such pair once."},
        wrong={
            size * size: "That counts each pair twice, and each clip with itself.",
            size * (size - 1): "That counts each pair twice.",
            size // 2: "A clip is in a pair with every other one, not with a single partner.",
        },
    )


def ten_added() -> HTML:
    """Metric learning: that the loss sees differences only, on made-up clips."""
    import torch  # only this question needs it

    from sernb.losses.continuous import metric_loss

    generator = torch.Generator().manual_seed(0)
    ratings = torch.randint(2, 11, (32,), generator=generator) / 2
    points = torch.randn(32, 2, generator=generator)
    before, moved, doubled = (float(metric_loss(made, ratings)) for made in (points, points + 10, 2 * points))
    return question(
        "Ten is added to every value of every latent of a batch. What does the metric loss do?",
        right={"Nothing": f"It sees differences only: {before:.3f} before, {moved:.3f} after, for 32 made-up clips."},
        wrong={
            "It grows": "It would if latents were compared with labels, as the concordance loss compares them. This "
            "one compares differences with differences.",
            "It falls": "Nothing that is added to all clips alike can change it. To stretch the latents does: "
            f"{doubled:.3f} if they are doubled.",
        },
    )


def witnesses(people: int = 10, takes: int = 50) -> HTML:
    """Results: what an interval redraws."""
    return question(
        f"A corpus holds {takes} clips of each of {people} speakers. How many independent witnesses has a claim about "
        "new speakers?",
        right={people: "Clips of one speaker resemble each other: what is redrawn are speakers."},
        wrong={
            people * takes: "These are clips. Redrawn as if they were independent, they give an interval that is too "
            "narrow; the third exercise shows by how much.",
            takes: "That is how often each witness was heard.",
        },
    )


def overall_accuracy(women: float = 0.4, men: float = 0.7, share: float = 0.14) -> HTML:
    """Bias: the score of all beside that of two groups, women's share of the clips being `share`."""
    return question(
        f"A model names {women:.0%} of the women's clips right and {men:.0%} of the men's; {share:.0%} of the clips "
        "are women's. What is its accuracy?",
        right={
            f"{share * women + (1 - share) * men:.1%}": "Each group counts by its share of the clips: a score of all "
            "says little about the few."
        },
        wrong={
            f"{(women + men) / 2:.1%}": "That is the mean of the two groups, as if both had spoken as much.",
            f"{men - women:.1%}": "That is the gap.",
        },
    )


def forty_labels() -> HTML:
    """Your language: what a few labels are for."""
    return question(
        "You have 300 clips of ten speakers, forty of them labelled. What are the forty for?",
        right={
            "To measure": "Ten speakers are few, and forty labels fewer: trained on them, a model learns ten voices. "
            "Measured on them, it tells you whether the recipe works for you, and how widely that may be off."
        },
        wrong={
            "To train the classifier on": "Then nothing is left to say how well it works on somebody it has not heard.",
            "To choose the best of several models": "The best of several on forty clips is mostly the luckiest, and "
            "its score is no longer one of clips that decided nothing.",
        },
    )


def one_emotion() -> HTML:
    """The shift: what re-centring does where a corpus is of one class."""
    return question(
        "A corpus holds anger only. What does re-centring do to its clips?",
        right={
            "It moves them to where English lies on average": "The mean of the clips is the mean of anger. "
            "Re-centred, it lies between all emotions, and anger can no longer be told from the rest."
        },
        wrong={
            "It moves them to English anger": "It would, if it knew the label. It knows only that their mean should "
            "be English's mean over all emotions.",
            "Nothing": "Any mean that differs from the English one is moved, whatever it is made of.",
        },
    )


def wrong_names() -> HTML:
    """The shift: when a head learns more than it was taught."""
    return question(
        "A model names 40 % of a language's clips wrongly, and a new head learns these names. When do the head's "
        "answers become better than the names?",
        right={
            "When the wrong names are scattered over all other emotions": "Then they cancel. The mean of all clips "
            "with one name moves towards the middle, and still lies in the direction of its emotion."
        },
        wrong={
            "When the wrong names are all of one other emotion": "Then they add up. The mean turns towards that "
            "emotion, and the head learns the mistake.",
            "When the head is free enough to learn every name": "Then it learns the wrong ones too. A simple head has "
            "to pass them over.",
            "Never: it can't know more than it was taught": "It hears many clips at once. What their names get wrong "
            "now in one direction, now in another, is not in their mean.",
        },
    )
