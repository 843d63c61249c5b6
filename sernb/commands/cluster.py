"""Options of commands that spread work over Dask's workers, and the way to these workers."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from distributed import Client

Scheduler = Annotated[
    str | None,
    typer.Option(
        help="Address of a Dask scheduler, tls://HOST:8786, instead of --workers. Another machine's needs the three "
        "options --tls-..."
    ),
]
TlsCaFile = Annotated[Path | None, typer.Option(help="The cluster's authority, PEM, as `dask worker` has it.")]
TlsCert = Annotated[Path | None, typer.Option(help="A certificate of this authority, PEM.")]
TlsKey = Annotated[Path | None, typer.Option(help="Its key, PEM.")]


def workers_of(
    scheduler: str | None, workers: int | None, *certificates: Path | None
) -> "AbstractContextManager[Client]":
    """A client of the workers that the options, checked before, ask for.

    Args:
        scheduler: address; None starts workers on this machine.
        workers: how many.
        certificates: the authority's, one it signed, and that one's key.

    Raises:
        ValueError: the address needs certificates.
        OSError: as `connected`.
    """
    from sernb.experiments.workers import Certificates, connected

    given = [file for file in certificates if file]
    return connected(scheduler, workers, Certificates(*given) if given else None)


def check_options(scheduler: str | None, workers: int | None, *certificates: Path | None) -> None:
    """Refuse options of a cluster that don't go together, before anything is read; arguments as of `workers_of`.

    Raises:
        ValueError: which ones.
    """
    if scheduler is not None and workers is not None:
        raise ValueError(
            "--workers starts workers on this machine; those of --scheduler are started with `dask worker`"
        )
    if any(certificates) and not (scheduler and all(certificates)):
        raise ValueError("--tls-ca-file, --tls-cert and --tls-key go together, and with --scheduler")
