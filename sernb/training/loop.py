"""The one training loop: epochs of batches, validation, and going on after an interruption."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import broadcast_object_list
from torch import nn
from torch.utils.data import DataLoader, Dataset

from sernb.data.disk import naming_full_disk
from sernb.processes import processes
from sernb.progress import progress_bar
from sernb.runs import METRICS_FILE
from sernb.speech.dataset import collate
from sernb.speech.samplers import Batches, Draw
from sernb.training.configs import LoopConfig
from sernb.training.distributed import Shares, checkpoint_unwrapped, encoding_shared, whole
from sernb.training.memory import keep_freed_memory


@dataclass(frozen=True)
class Task:
    """What a recipe gives the loop.

    Attributes:
        objective: module whose call on a Batch returns the loss and a dict of figures worth logging.
        groups: AdamW parameter groups, each with its `lr`.
        dataset: indexed by (clip, seed).
        draw: picks a batch's clips.
        validate: figures on held-out speakers after each epoch, for the learning curves.
        after_step: called with the step number once the weights moved.
    """

    objective: nn.Module
    groups: list[dict[str, Any]]
    dataset: Dataset
    draw: Draw
    validate: Callable[[], dict[str, float]]
    after_step: Callable[[int], None] = lambda step: None


def fit(task: Task, config: LoopConfig, accelerator: Accelerator, folder: Path, progress: bool = True) -> None:
    """Train for all epochs; writes metrics.jsonl and keeps a checkpoint of the last whole epoch.

    Called again on the folder of an interrupted call, it goes on from the last whole epoch, to the same end:
    all that is random follows from the seed and the step.
    """
    keep_freed_memory()
    optimizer = torch.optim.AdamW(task.groups, weight_decay=config.weight_decay)
    rates = [group["lr"] for group in optimizer.param_groups]
    objective, optimizer = accelerator.prepare(task.objective, optimizer)
    checkpoint_unwrapped(accelerator)
    history = _resume(accelerator, folder)
    done = len(history) * config.batches_per_epoch
    loader = DataLoader(
        task.dataset,
        batch_sampler=Shares(Batches(task.draw, config.seed, done, config.steps)),
        collate_fn=collate,
        num_workers=config.workers,
        pin_memory=accelerator.device.type == "cuda",
    )
    batches = iter(loader)
    main = accelerator.is_main_process
    bar = progress_bar(total=config.steps, initial=done, desc="training", unit="batch", show=progress and main)
    with torch.random.fork_rng(), deterministic(), encoding_shared(task.objective), bar:
        while len(history) < config.epochs:
            started, logged = time.monotonic(), []
            task.objective.train()
            for step in range(done, done + config.batches_per_epoch):
                torch.manual_seed((config.seed << 32) + step)
                for group, rate in zip(optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate * config.rate(step)
                loss, figures = objective(whole(next(batches).to(accelerator.device), accelerator))
                optimizer.zero_grad()
                accelerator.backward(loss)
                accelerator.clip_grad_norm_(task.objective.parameters(), config.clip_norm)
                optimizer.step()
                task.after_step(step)
                logged.append({"loss": loss.detach()} | figures)
                if not bar.disable:  # reading a number waits for the device
                    bar.update()
                    bar.set_postfix({"loss": f"{loss.item():.3f}"}, refresh=False)
            done += config.batches_per_epoch
            means = {name: torch.stack([row[name] for row in logged]).float().mean().item() for name in logged[0]}
            trained = time.monotonic() - started
            task.objective.eval()
            judged = task.validate() if main else {}
            row = {"epoch": len(history) + 1, "step": done} | means | judged
            row |= {"training_s": trained, "validation_s": time.monotonic() - started - trained}
            row |= {"clips_per_s": config.batch_size * config.batches_per_epoch / trained}
            history += broadcast_object_list([row])  # the main process's, as only that one validates
            _checkpoint(accelerator, folder, history)
    if main:
        (folder / METRICS_FILE).write_text("".join(json.dumps(row) + "\n" for row in history))


def capped(clips: pd.DataFrame, count: int) -> pd.DataFrame:
    """At most so many clips, shared out over corpora and classes as equally as they allow; the same at every call."""
    dealt = clips.sample(frac=1, random_state=0)
    place = dealt.groupby(["corpus", "emotion"], dropna=False).cumcount()
    return dealt.loc[place.sort_values(kind="stable").index[:count]]


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


def parameter_groups(config: LoopConfig, encoder: nn.Module, *heads: nn.Module) -> list[dict]:
    """AdamW's parameter groups: what learns of the encoder, and everything on top of it, each at its own rate."""
    return [
        {"params": [p for p in encoder.parameters() if p.requires_grad], "lr": config.learning_rate},
        {"params": [p for head in heads for p in head.parameters()], "lr": config.head_learning_rate},
    ]


@contextmanager
def deterministic() -> Iterator[None]:
    """Ask torch for the same result each time, where it has an algorithm that gives it."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    switches: Any = torch.utils.deterministic  # mypy knows the module, not its attribute
    filling = switches.fill_uninitialized_memory
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it; read once, harmless elsewhere
    torch.use_deterministic_algorithms(True, warn_only=True)
    # fills every new tensor with NaN before it is written: a twentieth of a step, for operators that read what they
    # never wrote, and there are none here
    switches.fill_uninitialized_memory = False
    cuda = torch.backends.cuda
    attention = cuda.flash_sdp_enabled(), cuda.mem_efficient_sdp_enabled(), cuda.cudnn_sdp_enabled()
    if torch.cuda.is_available():  # the gradients of all but plain attention are summed in any order there
        _fused_attention(False, False, False)
    try:
        yield
    finally:
        _fused_attention(*attention)
        switches.fill_uninitialized_memory = filling
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def _fused_attention(flash: bool, memory_efficient: bool, cudnn: bool) -> None:
    torch.backends.cuda.enable_flash_sdp(flash)
    torch.backends.cuda.enable_mem_efficient_sdp(memory_efficient)
    torch.backends.cuda.enable_cudnn_sdp(cudnn)


def _checkpoint(accelerator: Accelerator, folder: Path, history: list[dict[str, float]]) -> None:
    """Keep the last whole epoch: written under another name, renamed, and only then is the older one removed."""
    temporary = folder / "checkpoint.tmp"
    if accelerator.is_main_process:
        shutil.rmtree(temporary, ignore_errors=True)
    accelerator.wait_for_everyone()
    with naming_full_disk(folder, lambda: _state_bytes(accelerator)):
        try:
            accelerator.save_state(str(temporary))
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)  # half a checkpoint is of no use and takes room
            raise
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        (temporary / "history.json").write_text(json.dumps(history))
        temporary.rename(folder / f"checkpoint-{len(history):04d}")
        for older in sorted(folder.glob("checkpoint-*"))[:-1]:
            shutil.rmtree(older)


def _state_bytes(accelerator: Accelerator) -> int:
    """What a checkpoint holds: weights, and what the optimizers keep of each."""
    held: list[Any] = []
    for model in accelerator._models:
        held += model.state_dict().values()
    for optimizer in accelerator._optimizers:
        for kept in optimizer.state.values():
            held += kept.values()
    return sum(one.nbytes for one in held if isinstance(one, torch.Tensor))


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
