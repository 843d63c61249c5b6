"""Training throughput of each method, in clips per second, against the same step written the stock way.

    python benchmarks/throughput.py --corpora ~/corpora --encoder openai/whisper-tiny.en
    python benchmarks/throughput.py --corpora ~/corpora --profile paper --shape small --steps 60 --without-stock

Loading and augmentation included. Both ways take turns, round after round, so that other load meets both; see
`sernb.results.throughput.speed_by_method` for how the figures are computed. Without --corpora, the demo corpus.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd


def options() -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--corpora", type=Path, help="folder of the corpora; without it, the demo corpus")
    add("--profile", default="laptop", help="gives batch sizes and workers")
    add("--encoder", help="weights: a folder, a name, or random-LAYERSxWIDTH; without it, the profile's")
    add("--shape", choices=["tiny", "base", "small", "medium"], help="random weights in a published size instead")
    add("--method", action="append", choices=["baseline", "contrastive", "byol"], help="once for each; without it, all")
    add("--device", default="auto", choices=["auto", "cpu", "cuda"])
    add("--precision", default="auto", choices=["auto", "bf16", "fp32"], help="auto: as training chooses it")
    add("--threads", type=int, help="of the CPU; without it, torch's choice")
    add("--workers", type=int, help="that load clips; without it, the profile's")
    add("--batch", type=int, help="clips a step; without it, the profile's")
    add("--steps", type=int, default=8, help="timed in each round")
    add("--stock-steps", type=int, default=1, help="timed in each round")
    add("--stock-batch", type=int, help="clips a step of the stock way; without it, as ours, in up to 16 GB of memory")
    add("--without-stock", action="store_true")
    add("--rounds", type=int, default=3)
    add("--runs", type=Path, default=Path("runs"), help="where checks of the audio are kept")
    add("--keep", type=Path, help="folder of the tables what was measured is added to, such as results")
    add("--name", default="here", help="of the measurement in these tables; one of this name is replaced")
    return parser.parse_args()


def repeated(work: Callable[[], object], times: int) -> Callable[[], object]:
    """The same work, so many times."""
    return lambda: [work() for _ in range(times)]


def measure(chosen: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame, dict]:
    """Rounds and parts as `sernb.results.throughput` reads them, and facts about the measurement."""
    import torch
    from accelerate import Accelerator
    from matrix import seconds, square_products, step_flops, step_products, time_by_group
    from steps import CONFIGS, METHODS, TITLES, Config, ours, shape, stock

    from sernb.experiments.study import open_study
    from sernb.training.loop import make_accelerator

    if chosen.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("throughput: torch sees no CUDA device; choose --device cpu")
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    fixed = {"bf16": "bf16", "fp32": "no"}
    accelerator = (
        make_accelerator() if chosen.precision == "auto" else Accelerator(mixed_precision=fixed[chosen.precision])
    )
    device, half = accelerator.device, accelerator.mixed_precision == "bf16"
    study = open_study(None, chosen.profile, chosen.corpora, chosen.encoder, runs=chosen.runs)
    source = study.encoder if chosen.shape is None else partial(shape, chosen.shape)

    rows, parts = [], []
    for method in chosen.method or METHODS:
        changes = {"batch_size": chosen.batch, "workers": chosen.workers}
        changes = {name: value for name, value in changes.items() if value is not None}
        config: Config = study.profile.config(method, CONFIGS[method], **changes)
        alone = device.type == "cpu" and torch.get_num_threads() == 1 and config.workers == 0
        contenders = {"sernb": (ours(study, source, config, accelerator), chosen.steps)}
        flops = {"sernb": step_flops(contenders["sernb"][0])}
        encoder = contenders["sernb"][0].encoder
        tokens = config.batch_size * encoder.whisper.config.max_source_positions
        dtype = torch.bfloat16 if half else torch.float32
        hidden = encoder.whisper.config.encoder_ffn_dim
        products = {
            "square": square_products(device, dtype),
            "shapes": step_products(tokens, encoder.width, hidden, device, dtype),
        }
        if not chosen.without_stock:
            other = replace(config, batch_size=chosen.stock_batch or config.batch_size)
            contenders["stock"] = (stock(study, source, other, device), chosen.stock_steps)

        def note(who, number, clips, done, taken, method=method, alone=alone):
            wall, processor = taken
            cpu = processor if alone else None
            rows.append(
                {"method": TITLES[method], "round": number, "who": who, "clips": clips, "flops": done}
                | {"wall_s": wall, "cpu_s": cpu}
            )

        for number in range(chosen.rounds):
            for who, (step, steps) in contenders.items():
                step.start()
                if number == 0 or step.config.workers:
                    step()  # the first one meets cold caches, and workers that have loaded nothing yet
                taken = seconds(repeated(step, steps), device)
                step.stop()
                clips = step.config.batch_size * steps
                note(who, number, clips, flops[who] * steps if who in flops else None, taken)
            for who, (work, done) in products.items():
                work()
                repeats = max(1, round(0.3 / max(1e-6, seconds(work, device)[0])))
                taken = seconds(repeated(work, repeats), device)
                note(who, number, None, done * repeats, taken)
        parts.append(time_by_group(contenders["sernb"][0]).assign(method=TITLES[method]))
    facts = {
        "encoder": f"whisper-{chosen.shape}, random weights" if chosen.shape else Path(study.encoder).name,
        "precision": "bf16" if half else "fp32",
        "threads": torch.get_num_threads(),
        "speech": "demo corpus" if chosen.corpora is None else "real corpora",
        "options": {
            name: value
            for name, value in vars(chosen).items()
            if name in ("profile", "workers", "batch", "steps", "stock_steps", "stock_batch", "rounds")
        },
    }
    return pd.DataFrame(rows), pd.concat(parts, ignore_index=True), facts


def main() -> None:
    chosen = options()
    if chosen.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before torch looks
    import time

    from sernb.data.environment import environment
    from sernb.results.throughput import add_measurement, speed_by_method

    started, before = time.monotonic(), os.getloadavg()
    rounds, parts, facts = measure(chosen)
    place = environment(time.monotonic() - started) | facts
    place["load"] = {"before": before[0], "after": os.getloadavg()[0]}
    print(speed_by_method(rounds).to_string(index=False, float_format="{:.3g}".format))
    print(parts.pivot(index="group", columns="method", values="share").to_string(float_format="{:.2f}".format))
    print(f"{place['encoder']}, {place['precision']}, {place['gpu'] or place['processor']}, load {place['load']}")
    if chosen.keep is not None:
        add_measurement(chosen.keep, chosen.name, rounds, parts, place)


if __name__ == "__main__":
    main()
