"""One training on several processes, each with a GPU of its own: to the same result as on one, but for rounding.

Every process loads its share of a batch's clips, and encodes its share of whatever is encoded. All else is done for the
whole batch in every process, from gathered waveforms and gathered embeddings: augmentation, heads, losses. So mixup
finds all clips, NT-Xent all negatives, dropout the same random numbers, and batch norm, in BYOL's projector and
predictor, takes its statistics over the whole batch (what torch's SyncBatchNorm would do, on GPUs only).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn
from torch.distributed.nn.functional import all_gather

from sernb.models.whisper import WhisperEncoder
from sernb.processes import processes
from sernb.speech.dataset import Batch


def share(size: int) -> slice:
    """Which of `size` clips are this process's.

    Raises:
        ValueError: they can't be shared out equally.
    """
    here = processes()
    each, rest = divmod(size, here.num_processes)
    if rest:
        raise ValueError(
            f"{size} clips can't be shared out equally over {here.num_processes} processes; choose another batch_size"
        )
    return slice(here.process_index * each, (here.process_index + 1) * each)


class Shares:
    """The same share of every batch; a batch is a list of what a Dataset is indexed by."""

    def __init__(self, batches: Iterable[list]) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[list]:
        for batch in self.batches:
            yield batch[share(len(batch))]


def whole(batch: Batch, accelerator: Accelerator) -> Batch:
    """The batch that every process has loaded a share of."""
    if accelerator.num_processes == 1:
        return batch
    return Batch(*(accelerator.gather(getattr(batch, name)) for name in batch.__dataclass_fields__))


@contextmanager
def encoding_shared(objective: nn.Module) -> Iterator[None]:
    """Within, an encoder in training is given the whole batch, encodes its share, and returns everyone's embeddings.

    The gradient takes the same way back: a process's embeddings get the sum of what every process's loss asks of them.
    All have the same loss, so the mean over processes that DistributedDataParallel takes is the gradient of one.
    """
    if processes().num_processes == 1:
        yield
        return

    def own(encoder: nn.Module, arguments: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return tuple(one[share(len(one))] for one in arguments) if encoder.training else arguments

    def everyones(encoder: nn.Module, arguments: Any, embeddings: torch.Tensor) -> torch.Tensor:
        # in single precision: not every backend sends bf16
        return torch.cat(all_gather(embeddings.float())).to(embeddings.dtype) if encoder.training else embeddings

    encoders = [module for module in objective.modules() if isinstance(module, WhisperEncoder)]
    hooks = [encoder.register_forward_pre_hook(own) for encoder in encoders]
    hooks += [encoder.register_forward_hook(everyones) for encoder in encoders]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def checkpoint_unwrapped(accelerator: Accelerator) -> None:
    """Save and load states without DistributedDataParallel's names, so that a run can go on with more or fewer."""

    def bare(models: list[nn.Module]) -> list[nn.Module]:
        return [accelerator.unwrap_model(model) for model in models]

    def save(models: list[nn.Module], weights: list[dict], folder: str) -> None:
        weights[:] = [model.state_dict() for model in bare(models)]

    def load(models: list[nn.Module], folder: str) -> None:
        models[:] = bare(models)

    accelerator.register_save_state_pre_hook(save)
    accelerator.register_load_state_pre_hook(load)
