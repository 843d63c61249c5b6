"""A planned grid, trained by Dask's workers: on this machine, or wherever a scheduler has them."""

import logging
import multiprocessing
import os
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import torch
from distributed import Client, Future, Nanny, Scheduler, SpecCluster, as_completed, get_worker
from distributed.security import Security

from sernb.experiments.study import Study
from sernb.experiments.sweep import Cell, Planned, Sweep, look_up
from sernb.runs import Run

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: its run, or the error that ended it and the file with the traceback."""

    cell: Cell
    run: Run | None = None
    error: str | None = None
    log: Path | None = None


def run_cells(
    sweep: Sweep, planned: Sequence[Planned], client: Client, threads: int | None = None
) -> Iterator[Outcome]:
    """Train the cells that are to do on the client's workers; yields each as it ends, well or not.

    A cell whose worker dies is run again by another, which goes on from its last checkpoint.

    Args:
        sweep: what the cells have in common.
        planned: from `plan`.
        client: of the Dask scheduler that hands the cells out.
        threads: threads a worker computes with; None shares a machine's cores out over its workers.
    """
    hosts = Counter(worker["host"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
    neighbours = max(hosts.values(), default=1)
    todo = [(one.cell, one.lacks) for one in planned if one.lacks is not None]
    if not todo:
        return
    study = client.submit(sweep.study, pure=False)  # a task, not data sent along: it is made again if its worker dies
    futures: dict[Future, Cell] = {}
    before: dict[Path, Future] = {}
    for number, (cell, missing) in enumerate(todo):
        # cells that need the same run next would wait for its lock side by side, so they go one after the other
        after = before.get(missing)
        future = client.submit(train_cell, sweep, study, cell, threads, neighbours, after, priority=-number, pure=False)
        futures[future] = cell
        before[missing] = future
    for future in as_completed(futures):
        if future.status == "finished":
            yield future.result()
        else:
            lost = "the scheduler is gone" if future.cancelled() else repr(future.exception())
            yield Outcome(futures[future], error=f"lost: {lost}")


def train_cell(
    sweep: Sweep, study: Study, cell: Cell, threads: int | None = None, neighbours: int = 1, after: Any = None
) -> Outcome:
    """A cell's run, made on a worker; an error is not raised: it is written to a log file and returned.

    Args:
        sweep: what the cells have in common.
        study: the data and the store.
        cell: what to run.
        threads: threads to compute with; None takes this worker's share of the cores.
        neighbours: workers on one machine.
        after: a result that had to be there first.
    """
    try:
        _check_worker()
        torch.set_num_threads(threads or max(1, (os.cpu_count() or 1) // neighbours))
        return Outcome(cell, run=sweep.run(study, cell))
    except Exception as error:
        stopped = look_up(sweep, study, cell).lacks or study.store.root / str(cell)
        log = stopped.with_name(f"{stopped.name}.log")
        log.write_text(f"{cell}\n{traceback.format_exc()}")
        return Outcome(cell, error=f"{type(error).__name__}: {error}", log=log)


def _check_worker() -> None:
    """Raise unless this worker can train: seeds belong to a process, and loading clips takes processes of its own."""
    remedy = "start workers with `DASK_DISTRIBUTED__WORKER__DAEMON=False dask worker ADDRESS --nthreads 1`"
    if get_worker().state.nthreads > 1:
        raise RuntimeError(f"this worker runs {get_worker().state.nthreads} cells in one process; {remedy}")
    if multiprocessing.current_process().daemon:
        raise RuntimeError(f"this worker may not start the processes that load clips; {remedy}")


@dataclass(frozen=True)
class Certificates:
    """PEM files of a cluster over machines: the authority's certificate, one it signed, and that one's key."""

    authority: Path
    certificate: Path
    key: Path

    def security(self) -> Security:
        """What Dask takes: every connection encrypted, both ends with a certificate of this authority."""
        return Security(
            require_encryption=True,
            tls_ca_file=str(self.authority),
            tls_client_cert=str(self.certificate),
            tls_client_key=str(self.key),
        )


@contextmanager
def connected(
    scheduler: str | None = None, workers: int | None = None, certificates: Certificates | None = None
) -> Iterator[Client]:
    """A client of the scheduler at that address; without one, of workers on this machine, stopped at the end.

    Raises:
        OSError: no scheduler answers at the address, or a certificate can't be read.
        ValueError: the address is on another machine and the connection would not be encrypted.
    """
    if scheduler is not None:
        _check_encrypted(scheduler, certificates)
        with Client(scheduler, timeout="10s", security=certificates and certificates.security()) as client:
            yield client
    else:
        with local_cluster(workers) as cluster, Client(cluster) as client:
            yield client


def _check_encrypted(scheduler: str, certificates: Certificates | None) -> None:
    """Raise if others could read or send what a worker runs."""
    place = scheduler.partition("://")[2] or scheduler
    here = place.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]")
    if certificates is None and not here:
        raise ValueError(
            f"{scheduler}: who reaches a Dask port can run code; start scheduler and workers with --tls-ca-file, "
            "--tls-cert and --tls-key, and give the same options here"
        )
    if certificates is not None and not scheduler.startswith("tls://"):
        raise ValueError(f"{scheduler}: certificates need an address that begins with tls://")


@contextmanager
def local_cluster(workers: int | None = None) -> Iterator[SpecCluster]:
    """Worker processes on this machine: one cell at a time each, and a GPU of its own where there are any.

    None can be reached from another machine.

    Args:
        workers: how many; None starts one a GPU, or one.
    """
    gpus = torch.cuda.device_count()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(gpus)))).split(",")
    # the sweep's own bar shows what is done; bars of several workers would overwrite each other
    quiet = {"TQDM_DISABLE": "1"}
    loopback = {"host": LOOPBACK, "protocol": "tcp", "dashboard": False, "dashboard_address": f"{LOOPBACK}:0"}
    specification = {
        number: {
            "cls": Nanny,
            "options": {
                **loopback,
                "nthreads": 1,
                "silence_logs": logging.ERROR,
                "memory_limit": 0,  # Dask would stop a worker that uses more than its share, model and all
                "env": quiet | ({"CUDA_VISIBLE_DEVICES": visible[number % gpus]} if gpus else {}),
            },
        }
        for number in range(workers or gpus or 1)
    }
    scheduler = {"cls": Scheduler, "options": loopback}
    # a daemon may not start the DataLoader's processes; this has to hold for workers that replace dead ones, too
    with (
        # a profile of every second of an hour would be kept in each worker's memory
        dask.config.set({"distributed.worker.daemon": False, "distributed.worker.profile.enabled": False}),
        SpecCluster(workers=specification, scheduler=scheduler, silence_logs=logging.ERROR) as cluster,
    ):
        yield cluster
