"""The one training loop: epochs of batches, validation, early stopping, and going on after an interruption."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import broadcast_object_list
from torch import nn
from torch.utils.data import DataLoader, Dataset

from sernb.dataset import collate
from sernb.processes import Shares, checkpoint_unwrapped, encoding_shared, processes, whole
from sernb.progress import progress_bar
from sernb.runs import METRICS_FILE
from sernb.samplers import Batches, Draw


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """How long and how fast to train; each recipe's config extends it.

    Attributes:
        seed: decides batches, augmentation, dropout and new weights.
        batch_size: clips a batch (paper: 64).
        batches_per_epoch: batches between two validations (paper: 100).
        epochs: at most so many.
        patience: stop after so many epochs without a better validation score.
        learning_rate: of the encoder (paper: 1e-5).
        head_learning_rate: of layers that start from random weights. The paper names one rate only.
        weight_decay: AdamW's.
        warmup: batches over which the learning rates rise linearly from zero. Not in the paper.
        clip_norm: largest gradient norm. Not in the paper.
        workers: processes that load and augment clips; 0 works in the training process.
    """

    seed: int = 0
    batch_size: int = 64
    batches_per_epoch: int = 100
    epochs: int = 10
    patience: int = 3
    learning_rate: float = 1e-5
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: int = 20
    clip_norm: float = 1.0
    workers: int = 2


@dataclass(frozen=True)
class Task:
    """What a recipe gives the loop.

    Attributes:
        objective: module whose call on a Batch returns the loss and a dict of figures worth logging.
        groups: AdamW parameter groups, each with its `lr`.
        dataset: indexed by (clip, seed).
        draw: picks a batch's clips.
        validate: figures on held-out speakers, after each epoch.
        keep: for each validation figure that an epoch can be best in, what keeps that epoch's weights. Patience runs
            out once none of them has risen for so long.
        after_step: called with the step number once the weights moved.
    """

    objective: nn.Module
    groups: list[dict[str, Any]]
    dataset: Dataset
    draw: Draw
    validate: Callable[[], dict[str, float]]
    keep: dict[str, Callable[[], None]]
    after_step: Callable[[int], None] = lambda step: None


def fit(task: Task, config: LoopConfig, accelerator: Accelerator, folder: Path, progress: bool = True) -> None:
    """Train until the epochs or the patience run out; writes metrics.jsonl and keeps a checkpoint an epoch.

    Called again on the folder of an interrupted call, it goes on from the last whole epoch, to the same end:
    all that is random follows from the seed and the step.
    """
    optimizer = torch.optim.AdamW(task.groups, weight_decay=config.weight_decay)
    rates = [group["lr"] for group in optimizer.param_groups]
    objective, optimizer = accelerator.prepare(task.objective, optimizer)
    checkpoint_unwrapped(accelerator)
    history = _resume(accelerator, folder)
    total = config.epochs * config.batches_per_epoch
    done = len(history) * config.batches_per_epoch
    loader = DataLoader(
        task.dataset,
        batch_sampler=Shares(Batches(task.draw, config.seed, done, total)),
        collate_fn=collate,
        num_workers=config.workers,
        pin_memory=accelerator.device.type == "cuda",
    )
    batches = iter(loader)
    main = accelerator.is_main_process
    bar = progress_bar(total=total, initial=done, desc="training", unit="batch", show=progress and main)
    with torch.random.fork_rng(), deterministic(), encoding_shared(task.objective), bar:
        while len(history) < config.epochs and not _patience_spent(history, task.keep, config.patience):
            started, losses = time.monotonic(), []
            task.objective.train()
            for step in range(done, done + config.batches_per_epoch):
                torch.manual_seed((config.seed << 32) + step)
                for group, rate in zip(optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate * min(1.0, (step + 1) / max(1, config.warmup))
                loss, figures = objective(whole(next(batches).to(accelerator.device), accelerator))
                optimizer.zero_grad()
                accelerator.backward(loss)
                accelerator.clip_grad_norm_(task.objective.parameters(), config.clip_norm)
                optimizer.step()
                task.after_step(step)
                losses.append(loss.detach())
                bar.update()
                bar.set_postfix({"loss": f"{loss.item():.3f}"} | _best(history, task.keep), refresh=False)
            done += config.batches_per_epoch
            seconds = time.monotonic() - started
            task.objective.eval()
            row = (
                {"epoch": len(history) + 1, "step": done, "loss": torch.stack(losses).mean().item()}
                | {name: float(value) for name, value in figures.items()}
                | (task.validate() if main else {})
                | {"clips_per_s": config.batch_size * config.batches_per_epoch / seconds}
            )
            history += broadcast_object_list([row])  # the main process's, so that all stop at the same epoch
            for figure, save in task.keep.items():
                if main and _best_epoch(history, figure) == len(history) - 1:
                    save()
            _checkpoint(accelerator, folder, history)
    if main:
        (folder / METRICS_FILE).write_text("".join(json.dumps(row) + "\n" for row in history))


def make_accelerator() -> Accelerator:
    """Device and precision: bf16 where the device computes in it, else fp32."""
    if torch.cuda.is_available():
        bf16 = torch.cuda.is_bf16_supported()
    else:
        bf16 = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    processes()
    # what is not a weight is computed from the whole batch, and so the same, in every process
    alike = DistributedDataParallelKwargs(broadcast_buffers=False)
    return Accelerator(mixed_precision="bf16" if bf16 else "no", kwargs_handlers=[alike])


@contextmanager
def deterministic() -> Iterator[None]:
    """Ask torch for the same result each time, where it has an algorithm that gives it."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it; read once, harmless elsewhere
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def _best_epoch(history: list[dict[str, float]], figure: str) -> int:
    scores = [row[figure] for row in history]
    return scores.index(max(scores))


def _best(history: list[dict[str, float]], figures: Iterable[str]) -> dict[str, str]:
    return {figure: f"{max(row[figure] for row in history):.3f}" for figure in figures} if history else {}


def _patience_spent(history: list[dict[str, float]], figures: Iterable[str], patience: int) -> bool:
    return bool(history) and all(len(history) - 1 - _best_epoch(history, figure) >= patience for figure in figures)


def _checkpoint(accelerator: Accelerator, folder: Path, history: list[dict[str, float]]) -> None:
    """Keep the last whole epoch: written under another name, renamed, and only then is the older one removed."""
    temporary = folder / "checkpoint.tmp"
    if accelerator.is_main_process:
        shutil.rmtree(temporary, ignore_errors=True)
    accelerator.wait_for_everyone()
    accelerator.save_state(str(temporary))
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        (temporary / "history.json").write_text(json.dumps(history))
        temporary.rename(folder / f"checkpoint-{len(history):04d}")
        for older in sorted(folder.glob("checkpoint-*"))[:-1]:
            shutil.rmtree(older)


def _resume(accelerator: Accelerator, folder: Path) -> list[dict[str, float]]:
    kept = sorted(folder.glob("checkpoint-*"))
    if not kept:
        return []
    accelerator.load_state(str(kept[-1]))
    return json.loads((kept[-1] / "history.json").read_text())


def drop_checkpoints(folder: Path) -> None:
    """Remove what only an interrupted run needs."""
    for path in (*folder.glob("checkpoint-*"), folder / "checkpoint.tmp"):
        shutil.rmtree(path, ignore_errors=True)
