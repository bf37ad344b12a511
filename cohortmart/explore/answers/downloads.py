"""Downloads: rows of a query that leave the explorer as a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from cohortmart.explore.answers.addresses import address
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.view import Link, Wanted

#: Kinds of files, and what people call them.
FILE_KINDS = {"csv": "CSV", "xlsx": "Excel", "parquet": "Parquet"}
#: What may stand in the name of a file everywhere.
_NOT_IN_FILES = re.compile(r"[^A-Za-z0-9._+-]+")


@dataclass(frozen=True)
class Wished:
    """Rows that are wished as a file.

    Parameters
    ----------
    name : str
        Of the file, without its ending; may be any text.
    query : str
        Of cohortmart; it is asked on the cursor of a view.
    params : sequence or mapping or None
    rows : callable, optional
        Gives the rows in place of that: of a query that has rules of its own.
    """

    name: str
    query: str
    params: Sequence[Any] | Mapping[str, Any] | None = None
    rows: Callable[[], AbstractContextManager[pa.RecordBatchReader]] | None = None

    def file_name(self, ending: str) -> str:
        """Return a name that every system takes."""
        return f"{_NOT_IN_FILES.sub('_', self.name).strip('._') or 'rows'}.{ending}"


#: Says which rows an address wants.
Download: TypeAlias = Callable[[Explored, Wanted], Wished]


def download_links(name: str, **wanted: str | None) -> tuple[Link, ...]:
    """Return links to the files of some rows, one of each kind.

    Parameters
    ----------
    name : str
        In the registry of downloads.
    **wanted : str or None
        What else stands in the address.
    """
    return tuple(
        Link(title, address(f"download/{name}", **wanted, to=kind))
        for kind, title in FILE_KINDS.items()
    )
