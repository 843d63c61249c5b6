"""The audit names what it finds: duplicates, and every kind of leak."""

import pytest

from sernb.data.audit import audit


def test_real_corpora_hold_four_known_pairs_and_no_leak(real):
    found = audit(real[0].manifest)
    assert found.leaks == []
    pairs = found.duplicates.groupby("audio_hash")["utterance_id"].apply(
        lambda names: sorted(n.split("/")[-1] for n in names)
    )
    assert sorted(pairs) == [
        ["03-01-01-01-01-01-17", "03-01-01-01-01-03-17"],
        ["03-01-01-01-03-01-15", "03-01-01-01-03-03-15"],
        ["03-01-03-01-02-01-07", "03-01-03-01-02-02-07"],
        ["1006_TIE_HAP_XX", "1006_TIE_NEU_XX"],  # one recording under two emotions
    ]
    assert found.duplicates["corpus"].value_counts().to_dict() == {"banglaser": 4, "ravdess": 2, "cremad": 2}
    assert found.duplicates["same_fold"].all()


def test_counts_add_up(real):
    counts = audit(real[0].manifest).counts
    assert counts.drop(columns="speakers", level=0).to_numpy().sum() == 10_738
    assert counts["speakers"].groupby("corpus").sum().to_dict()["urdu"] == 29


@pytest.mark.parametrize("column", ["fold", "split"])
@pytest.mark.parametrize("what", ["speaker", "audio_hash", "unknown speaker"])
def test_leaks_across_folds_and_splits(clips, column, what):
    sides = {"fold": [0, 1], "split": ["train", "test"]}[column]
    rows = clips(speaker=["a", "b"], **{column: sides})
    if what == "unknown speaker":
        rows["speaker"] = None
    else:
        rows[what] = "same"
    leak = audit(rows).leaks
    assert len(leak) == 1
    assert column in leak[0] and ("speakers" if "speaker" in what else "identical clips") in leak[0]


def test_leak_across_corpora(clips):
    rows = clips(speaker=["a", "b"], corpus=["one", "two"], audio_hash=["x", "x"])
    assert "one and two share 1 identical clips" in audit(rows).leaks[0]


def test_unknown_speakers_of_two_corpora_are_no_leak(clips):
    assert audit(clips(speaker=[None, None], corpus=["one", "two"])).leaks == []


def test_clips_without_samples_are_no_duplicates(clips):
    found = audit(clips(speaker=["a", "b"], audio_hash=[None, None], fold=[0, 1]))
    assert found.leaks == []
    assert len(found.duplicates) == 0
