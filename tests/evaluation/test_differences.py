"""What a difference of the clips costs is read from the stored table, never typed."""

import pandas as pd
import pytest

from sernb.data.shipped import RESULTS
from sernb.evaluation.differences import BAND, COSTS_FILE, GENDER, LEVEL, SPEAKER, cost


def test_the_cost_is_that_of_the_table(tmp_path):
    rows = [(BAND, True, "ur", 0.50, 0.41), (BAND, True, "de", 0.50, 0.52), (BAND, False, "ur", 0.50, 0.20)]
    pd.DataFrame(rows, columns=["difference", "recentred", "language", "before", "after"]).to_parquet(
        tmp_path / COSTS_FILE
    )
    said = cost(BAND, True, tmp_path)
    assert said == f"on the reference corpora {BAND} changed a probe's macro-F1 by -0.09 in Urdu, +0.02 in German"
    assert "-0.30 in Urdu" in cost(BAND, False, tmp_path)
    assert cost(BAND, True, tmp_path / "none") == "what that costs was not measured"


@pytest.mark.parametrize("difference", [BAND, LEVEL, SPEAKER, GENDER])
def test_every_warning_has_a_measured_cost(difference):
    said = cost(difference)
    assert all(f"in {language}" in said for language in ("Bangla", "German", "Urdu"))
    table = pd.read_parquet(RESULTS / COSTS_FILE).query("difference == @difference")
    assert table[["before", "after"]].stack().between(0, 1).all() and (table["clips"] > 0).all()
