"""`harmonize` for more audio than one machine should decode: Dask's workers open the files, a part at a time."""

from collections import deque
from collections.abc import Iterator, Sequence

import pandas as pd
from distributed import Client, Future

from sernb.data.inspection import AudioCheck, Look, check_found

PART = 256
"""Files of a part: seconds of work, so that little is done twice when a worker is lost."""


def by_workers(client: Client, size: int = PART) -> Look:
    """What `harmonize` takes as `look`, so that workers open the files; its tables are the same as without.

    What is found is noted in the cache meanwhile, as ever: stopped, the work goes on where it was. The part of a worker
    that is lost goes to another one.

    Args:
        client: of the Dask scheduler that hands the parts out; its workers see the same folders.
        size: files of a part.
    """

    def look(rows: pd.DataFrame, headers_only: bool) -> Iterator[AudioCheck]:
        ahead, running = 4 * max(1, len(client.nthreads())), deque[Future]()
        for start in range(0, len(rows), size):
            part = list(rows.iloc[start : start + size].itertuples(index=False, name=None))
            running.append(client.submit(check_part, part, headers_only, pure=False, retries=2))
            if len(running) == ahead:  # all at once, the names of millions of files would lie in the scheduler
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()

    return look


def check_part(rows: Sequence[tuple], headers_only: bool) -> list[AudioCheck]:
    """Open the files of one part, on a worker."""
    return [check_found(headers_only, *row) for row in rows]
