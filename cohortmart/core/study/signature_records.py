"""The block of an analysis that names the published tables its contrasts are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StrictBool

from cohortmart.core.study.values import File, Number, Record, Text, as_written


class SignatureFile(Record):
    """A published table, and which of its columns count; those left out are found by name."""

    file: File
    id: Text | None = None  # gene or probe
    estimate: Text | None = None
    se: Text | None = None
    t: Text | None = None  # estimate by standard error, t or z
    p: Text | None = None
    adj_p: Text | None = None
    #: the adjusted P below which a feature is on the table's own list
    found: Annotated[Number, Field(gt=0, le=1)] = 0.05
    #: the table counts the other way round: its estimates change their sign
    opposite: StrictBool = False

    @property
    def hint_for_betas(self) -> str:
        """What to do where it has no CpG that an analysis of betas has."""
        return (
            "a gene has many CpGs, so betas are compared by CpG alone: name the column of CpGs if "
            f"the table has one (`{{file: {self.file.name}, id: COLUMN}}`), or move a table of "
            "genes to an analysis of counts or proteins"
        )


def as_signature(value: Any) -> Any:
    """Read a lone path as a table with nothing further said of it."""
    value = as_written(value)
    return {"file": value} if isinstance(value, (str, Path)) else value


#: `ms_disease: FILE`, or `ms_disease: {file: FILE, estimate: beta}`.
Signature = Annotated[SignatureFile, BeforeValidator(as_signature)]

#: The keys that name columns.
COLUMN_KEYS = ("id", "estimate", "se", "t", "p", "adj_p")
