"""How much of the machine's matrix rate a training step reaches, and what takes the rest of its time."""

import re
import time
from collections.abc import Callable

import pandas as pd
import torch
from steps import Step
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils.flop_counter import FlopCounterMode

SQUARE = {"cpu": 2048, "cuda": 8192}  # side of the matrices that show what the machine can do
# the first that fits: of an operator, or of the part of the step it belongs to
GROUPS = {
    "loading and waveform augmentation": r"part: loading",
    "log-mel": r"part: log-mel",
    "optimiser, averaging, clipping": r"part: optimiser",
    "attention": r"aten::(bmm|baddbmm|_softmax|softmax)|attention",
    "linear layers": r"aten::(mm|addmm|linear|_addmm_activation)$",
    "convolutions": r"conv",
    "casts and copies": r"aten::(copy_|_to_copy|to|clone|contiguous|cat|stack)$|Memcpy",
    "norms and activations": r"layer_norm|batch_norm|gelu|relu|dropout|threshold",
    "other": r"",
}


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], device: torch.device) -> tuple[float, float]:
    """Wall and processor seconds of a piece of work."""
    synchronise(device)
    wall, processor = time.perf_counter(), time.process_time()
    work()
    synchronise(device)
    return time.perf_counter() - wall, time.process_time() - processor


def square_products(device: torch.device, dtype: torch.dtype) -> tuple[Callable[[], object], float]:
    """A large square matrix product, and its floating-point operations."""
    side = SQUARE[device.type]
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    return lambda: a @ b, 2.0 * side**3


def step_products(
    tokens: int, width: int, hidden: int, device: torch.device, dtype: torch.dtype
) -> tuple[Callable[[], object], float]:
    """The products of one encoder layer's linear maps, forward and backward, and their floating-point operations.

    Args:
        tokens: clips times positions.
        width: of the layer.
        hidden: of its feed-forward part.
        device: where.
        dtype: of the matrices.
    """
    shapes = [(width, width)] * 4 + [(width, hidden), (hidden, width)]
    maps = [
        (torch.randn(tokens, k, device=device, dtype=dtype), torch.randn(n, k, device=device, dtype=dtype))
        for k, n in shapes
    ]
    gradients = {n: torch.randn(tokens, n, device=device, dtype=dtype) for _, n in shapes}

    def work() -> None:
        for x, weight in maps:
            gradient = gradients[len(weight)]
            _ = x @ weight.T, gradient @ weight, gradient.T @ x

    return work, sum(3 * 2.0 * tokens * k * n for k, n in shapes)


def step_flops(step: Step) -> float:
    """Floating-point operations of a step's forward and backward pass, counted by torch's FlopCounterMode.

    Attention is counted in its plain form, so that what a fused kernel computes twice counts once.
    """
    step.start()
    batch = next(step.batches).to(step.device)
    step.stop()
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        step.learn(batch)
    return float(counter.get_total_flops())


def time_by_group(step: Step, repeats: int = 2) -> pd.DataFrame:
    """Where a step's time goes: columns group and share, the largest share first.

    On a GPU it is the device's time, and loading shows only as far as the device waits for it.
    """
    hooks = [handle for module in _log_mels(step.plain) for handle in _as_part(module, "part: log-mel")]
    step.start()
    step()
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if step.device.type == "cuda" else [])]
    with profile(activities=activities, acc_events=True) as profiler:
        for _ in range(repeats):
            step()
    step.stop()
    for handle in hooks:
        handle.remove()
    spent: dict[str, float] = dict.fromkeys(GROUPS, 0.0)
    for event in profiler.events():
        own = event.self_device_time_total if step.device.type == "cuda" else event.self_cpu_time_total
        spent[_group(event)] += own
    total = sum(spent.values())
    table = pd.DataFrame({"group": spent.keys(), "share": [value / total for value in spent.values()]})
    return table.sort_values("share", ascending=False, ignore_index=True)


def _log_mels(objective: nn.Module) -> list[nn.Module]:
    return [module for name, module in objective.named_modules() if name.split(".")[-1] == "log_mel"]


def _as_part(module: nn.Module, name: str) -> list:
    """Name what a module does, for the profiler."""
    running = []

    def enter(*_) -> None:
        running.append(record_function(name))
        running[-1].__enter__()

    def leave(*_) -> None:
        running.pop().__exit__(None, None, None)

    return [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]


def _group(event) -> str:
    names = []
    while event is not None:
        names.append(event.name)
        event = event.cpu_parent
    part = next((name for name in names if name.startswith("part: ")), None)
    return next(group for group, pattern in GROUPS.items() if re.search(pattern, part or names[0]))
