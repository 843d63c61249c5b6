"""How fast training is: what `benchmarks/throughput.py` measured, and the figures computed from it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from sernb.data.files import parse_json, read_table, replacing
from sernb.data.writing import write_table

ROUNDS_FILE = "throughput.parquet"
PARTS_FILE = "throughput_parts.parquet"


def speed_by_method(rounds: pd.DataFrame) -> pd.DataFrame:
    """Clips per second, ratio to the stock step, and share of the matrix rate, of each method.

    Each round's contenders took turns under the same load, so quotients are taken within a round; what is reported is
    the median over rounds, of the ratio the lowest and highest as well. Where the processor's time was measured (one
    thread, which loads its own data), seconds are of that: wall time on a machine with nothing else to do.

    Args:
        rounds: one row a method, round and contender: columns method, round, who ("sernb", "stock", "square" or
            "shapes"), clips, flops, wall_s, cpu_s; the last two contenders are matrix products alone.

    Returns:
        Columns method, clips_per_s, stock_clips_per_s, ratio, ratio_low, ratio_high, gflops_per_clip,
        share_of_square (of the rate of large square products) and share_of_shapes (of products of the step's own
        shapes); not a number where it wasn't measured.
    """
    spent = rounds["cpu_s"].fillna(rounds["wall_s"])
    rates = rounds.assign(speed=rounds["clips"] / spent, power=rounds["flops"] / spent)
    wide = rates.pivot(index=["method", "round"], columns="who", values=["speed", "power"])
    column = lambda figure, who: wide.get((figure, who), pd.Series(float("nan"), wide.index))  # noqa: E731
    each = pd.DataFrame(
        {
            "clips_per_s": column("speed", "sernb"),
            "stock_clips_per_s": column("speed", "stock"),
            "ratio": column("speed", "sernb") / column("speed", "stock"),
            "share_of_square": column("power", "sernb") / column("power", "square"),
            "share_of_shapes": column("power", "sernb") / column("power", "shapes"),
        }
    ).groupby("method", sort=False)
    own = rounds[rounds["who"] == "sernb"].groupby("method", sort=False)
    ratio = each["ratio"].agg(ratio_low="min", ratio_high="max")
    table = each.median().join(ratio).join((own["flops"].sum() / own["clips"].sum() / 1e9).rename("gflops_per_clip"))
    columns = ["clips_per_s", "stock_clips_per_s", "ratio", "ratio_low", "ratio_high"]
    order = rounds["method"].drop_duplicates()
    return table.loc[order, [*columns, "gflops_per_clip", "share_of_square", "share_of_shapes"]].reset_index()


def stored_speeds(root: Path) -> pd.DataFrame:
    """The stored measurements, one row a measurement and method, with encoder and device.

    Raises:
        FileNotFoundError: none is stored.
    """
    if not (root / ROUNDS_FILE).exists():
        raise FileNotFoundError(f"no {ROUNDS_FILE} in {root}; measure with `benchmarks/throughput.py --keep {root}`")
    tables = []
    for _, rounds in read_table(root / ROUNDS_FILE).groupby("measurement"):
        place = parse_json(root / ROUNDS_FILE, rounds["environment"].iloc[0])
        table = speed_by_method(rounds)
        device = place["gpu"] or f"{place['threads']} thread(s) of {place['processor']}"
        for number, (name, value) in enumerate(
            {"encoder": place["encoder"], "device": device, "precision": place["precision"]}.items()
        ):
            table.insert(number, name, value)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def step_shares(root: Path) -> pd.DataFrame:
    """What takes a step's time, as shares: one row a measurement and group, one column a method."""
    table = read_table(root / PARTS_FILE)
    wide = table.pivot(index=["group", "measurement"], columns="method", values="share")
    return wide.reset_index().rename_axis(columns=None)


def add_measurement(
    root: Path, name: str, rounds: pd.DataFrame, parts: pd.DataFrame, environment: dict[str, Any]
) -> None:
    """Add a measurement to the tables in a folder, in place of an earlier one of its name.

    Args:
        root: the folder.
        name: of the measurement.
        rounds: as `speed_by_method` takes them.
        parts: columns group, share, method.
        environment: as a run's, with encoder, precision and threads.
    """
    root.mkdir(parents=True, exist_ok=True)
    measured = rounds.assign(measurement=name, environment=json.dumps(environment, sort_keys=True))
    for file, table in ((root / ROUNDS_FILE, measured), (root / PARTS_FILE, parts.assign(measurement=name))):
        others = [read_table(file).query("measurement != @name")] if file.exists() else []
        with replacing(file) as temporary:
            write_table(temporary, pd.concat([*others, table], ignore_index=True))
