"""The processes that train together; what they share of a batch is in `training.distributed`."""

from datetime import timedelta
from threading import Lock

from accelerate import PartialState
from accelerate.utils import parse_flag_from_env

_STARTING = Lock()  # a second thread would find accelerate's state half made


def processes() -> PartialState:
    """The processes that train together, as `accelerate launch` or `torchrun` started them; usually just this one.

    The others wait for the main process when it reads audio, or judges test clips, for as long as that takes.
    """
    with _STARTING:
        return PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"), timeout=timedelta(days=1))
