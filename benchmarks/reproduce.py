"""The whole table in one command: every method's runs with all seeds, then training throughput.

    python benchmarks/reproduce.py --corpora ~/corpora --encoder openai/whisper-base.en --out results-gpu

On a GPU torch finds it by itself and trains in bf16; on a CPU the same command works, slowly. Finished runs are found
again, so that an interrupted command goes on where it stopped. `--out` gets each run without its weights, the table as
scores.csv, and what `throughput.py` measures: with this encoder against the stock step, and the share of the matrix
rate that whisper-small's shape reaches.
"""

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path


def options() -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--corpora", type=Path, help="folder of the corpora; without it, the demo corpus")
    add("--encoder", help="initial weights, such as openai/whisper-base.en; without it, the profile's")
    add("--profile", default="paper")
    add("--seeds", type=int, default=5)
    add("--folds", type=int, default=5, help="target folds tested, of five")
    add("--language", action="append", help="target to adapt to, once for each; without it, all")
    add("--set", action="append", default=[], dest="change", help="a field of every config, as in TOML: epochs=2")
    add("--stage1", action="append", default=[], help="as --set, for the first stage of contrastive")
    add("--shape", default="small", help="whose share of the matrix rate is measured")
    add("--speed", default="", help="more options for throughput.py, in quotes")
    add("--runs", type=Path, default=Path("runs"))
    add("--out", type=Path, required=True, help="folder of the results")
    return parser.parse_args()


def train(chosen: argparse.Namespace):
    """Train every method with every seed; mean and deviation over seeds, one row a corpus and method."""
    import pandas as pd

    from sernb import comparison, results
    from sernb.evaluation import scores_by
    from sernb.study import open_study
    from sernb.training.recipes import RECIPES, train_recipe

    study = open_study(None, chosen.profile, chosen.corpora, chosen.encoder, runs=chosen.runs)
    changes, first = (tomllib.loads("\n".join(given)) for given in (chosen.change, chosen.stage1))
    tables = []
    for recipe in RECIPES:
        stage1 = changes | first if recipe == "contrastive" else None
        folds = tuple(range(chosen.folds))
        runs = [
            run
            for seed in range(chosen.seeds)
            for run in train_recipe(recipe, study, seed, changes, stage1, chosen.language, folds)
        ]
        for run in runs:
            results.keep(run, chosen.out / recipe)
        # the folds of a seed judge every clip once, and are scored together
        scored = scores_by(comparison.pooled(runs), "corpus", "language", "seed")
        tables.append(results.mean_std(results.over_seeds(scored)).assign(method=recipe, seeds=chosen.seeds))
    return pd.concat(tables, ignore_index=True)


def main() -> None:
    chosen = options()
    table = train(chosen)
    print(table.to_string(index=False))
    table.to_csv(chosen.out / "scores.csv", index=False)
    where = ["--profile", chosen.profile, "--runs", str(chosen.runs), *chosen.speed.split()]
    where += ["--corpora", str(chosen.corpora)] if chosen.corpora else []
    encoder = ["--encoder", chosen.encoder] if chosen.encoder else []
    for name, what in (
        ("trained", encoder),
        (f"whisper-{chosen.shape}", ["--shape", chosen.shape, "--without-stock"]),
    ):
        script = str(Path(__file__).with_name("throughput.py"))
        keep = ["--keep", str(chosen.out / "throughput" / name)]
        subprocess.run([sys.executable, script, *where, *what, *keep], check=True)


if __name__ == "__main__":
    main()
