"""Folds share no speaker and no audio; a split with a leak can't be made."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sernb.data import folds
from sernb.data.folds import LeakError, Split, adapted, assign_folds, shared, speaker_groups, zero_shot


def test_real_corpora_fill_disjoint_folds(real):
    manifest = real[0].manifest
    assert (manifest.groupby("speaker")["fold"].nunique() == 1).all()
    assert (manifest.groupby("audio_hash")["fold"].nunique() == 1).all()
    filled = manifest.groupby("corpus")["fold"].nunique().to_dict()
    assert filled == {corpus: 2 if corpus == "tess" else 5 for corpus in manifest["corpus"].unique()}
    balanced = manifest[manifest["corpus"].isin(["banglaser", "emodb", "ravdess"])]
    assert (balanced.groupby(["corpus", "fold"])["gender"].nunique() == 2).all()
    assert (balanced.groupby(["corpus", "fold"])["emotion"].nunique() == 4).all()


def test_folds_come_from_the_seed(real):
    manifest = real[0].manifest
    assert assign_folds(manifest, seed=0).equals(assign_folds(manifest, seed=0))
    assert assign_folds(manifest, seed=0).equals(manifest["fold"])
    assert not assign_folds(manifest, seed=1).equals(manifest["fold"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30), st.sampled_from([None, "angry", "sad"])), max_size=60),
    st.integers(2, 6),
    st.booleans(),
)
def test_no_deal_ever_leaks(clips, rows, count, many):
    """Whatever the speakers and duplicates, and however many speakers there are."""
    frame = clips(
        speaker=[None if speaker == 9 else f"c/{speaker}" for speaker, _, _ in rows],
        audio_hash=[None if audio == 30 else str(audio) for _, audio, _ in rows],
        emotion=[emotion for _, _, emotion in rows],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folds, "MANY_GROUPS", 0 if many else folds.MANY_GROUPS)
        frame["fold"] = assign_folds(frame, count)
    parts = [part for _, part in frame.groupby("fold")]
    assert len(parts) <= count
    for number, left in enumerate(parts):
        for right in parts[:number]:
            assert shared(left, right) == ""


def test_clips_without_samples_are_identical_to_none(clips):
    frame = clips(speaker=["a", "b", "c"], audio_hash=[None, None, None])
    assert len(set(speaker_groups(frame))) == 3
    assert shared(frame[:1], frame[1:]) == ""


def test_clips_of_unknown_speakers_stay_together(clips):
    frame = clips(speaker=[None, "a", None, "b"])
    groups = speaker_groups(frame)
    assert groups[0] == groups[2]
    assert len(set(groups)) == 3


def test_sessions_are_left_out_one_at_a_time(clips):
    frame = clips(speaker=[f"{number % 4}" for number in range(8)], session=["1", "2"] * 4)
    assert assign_folds(frame).tolist() == [0, 1] * 4


def test_identical_audio_binds_speakers(clips):
    frame = clips(speaker=["a", "b", "c", "d"], audio_hash=["x", "x", "y", "z"])
    dealt = assign_folds(frame, 3)
    assert dealt[0] == dealt[1]


@pytest.mark.parametrize("column", ["speaker", "audio_hash"])
@pytest.mark.parametrize("parts", [(0, 1), (0, 2), (1, 2), (3, 1), (3, 2)])
def test_a_split_with_a_leak_cant_be_made(clips, column, parts):
    rows = clips(speaker=["a", "b", "c", "d"])
    rows.loc[parts[0], column] = rows.loc[parts[1], column]
    with pytest.raises(LeakError, match="share 1"):
        Split(rows[:1], rows[1:2], rows[2:3], rows[3:])


def test_training_data_may_be_used_without_labels_too(clips):
    rows = clips(speaker=["a", "b", "c"])
    Split(rows[:1], rows[1:2], rows[2:], unlabelled=rows[:1])


def test_official_splits_are_kept(clips):
    rows = clips(
        speaker=[f"s{number}" for number in range(12)],
        split=["train"] * 4 + ["validation"] * 4 + ["train", "test1", "test2", None],
        language=["en"] * 8 + ["ur"] * 4,
        corpus=["en"] * 8 + ["ur"] * 4,
    )
    split = zero_shot(rows)
    assert split.train["split"].tolist() == ["train"] * 4
    assert split.validation["split"].tolist() == ["validation"] * 4
    assert split.test["split"].fillna("-").tolist() == ["test1", "test2", "-"]


def test_zero_shot_says_what_is_missing(clips):
    with pytest.raises(ValueError, match="no labelled clip to train on"):
        zero_shot(clips(speaker=["a"], language=["ur"]))
    with pytest.raises(ValueError, match="no labelled clip to validate on.* a speaker for each of 5 folds"):
        zero_shot(clips(speaker=["a", "b"], language=["en", "ur"]))


@pytest.fixture
def english_and_swahili(clips):
    """Five English speakers, one a fold, and two Swahili ones, in folds 0 and 1."""
    return clips(
        speaker=list("abcdexy"),
        language=["en"] * 5 + ["sw"] * 2,
        corpus=["en"] * 5 + ["mine"] * 2,
        fold=[0, 1, 2, 3, 4, 0, 1],
    )


def test_a_target_without_labels_is_adapted_to_in_full_and_judged_on_nothing(english_and_swahili):
    rows = english_and_swahili
    assert adapted(rows, 0).unlabelled["speaker"].tolist() == ["y"]
    rows.loc[rows["language"] == "sw", "emotion"] = None
    split = adapted(rows, 0, ["sw"])
    assert split.unlabelled["speaker"].tolist() == ["x", "y"]
    assert split.test.empty and zero_shot(rows).test.empty
    with pytest.raises(ValueError, match="no labelled clip to test on"):
        zero_shot(rows[:5])


def test_a_target_with_labels_beside_one_without_keeps_its_tested_fold_unheard(english_and_swahili):
    rows = english_and_swahili
    rows.loc[6, ["language", "corpus"]] = "am"
    rows["emotion"] = rows["emotion"].mask(rows["language"] == "am")
    split = adapted(rows, 0)
    assert split.test["speaker"].tolist() == ["x"] and split.unlabelled["speaker"].tolist() == ["y"]
    rows.loc[6, "fold"] = 0  # of the language without labels no fold is left out
    assert adapted(rows, 0).unlabelled["speaker"].tolist() == ["y"]


@pytest.mark.parametrize(
    ("fold", "languages", "problem"),
    [
        (0, ["xx"], "no clip in target language xx; the manifest has clips in sw"),
        (3, ["sw"], "no clip to test on in fold 3 of sw: 2 speakers, labelled clips in fold 0, 1"),
    ],
)
def test_adapting_says_what_is_missing(english_and_swahili, fold, languages, problem):
    with pytest.raises(ValueError, match=problem):
        adapted(english_and_swahili, fold, languages)


def test_one_speaker_cannot_be_adapted_to_and_tested_on(english_and_swahili):
    with pytest.raises(
        ValueError, match="no clip to adapt to outside fold 0 of sw: 1 speakers.* at least two speakers"
    ):
        adapted(english_and_swahili[:6], 0, ["sw"])


def test_empty_manifest_has_no_folds(clips):
    empty = clips(speaker=["a"])[:0]
    assert assign_folds(empty).empty
    assert isinstance(assign_folds(empty), pd.Series)
