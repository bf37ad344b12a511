"""Names in a matrix, tidied as study.yml asks: sample suffixes and Ensembl versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted

_GENE_NAME_COLUMNS = frozenset(
    {"gene_name", "genename", "gene_symbol", "genesymbol", "symbol", "hgnc_symbol"}
)
#: The version goes, what GENCODE writes behind it stays: ENSG00000182378.15_PAR_Y is a gene of
#: its own beside ENSG00000182378.15.
_ENSEMBL_VERSION = r"^(ENS[A-Z]{0,6}[0-9]{11})\.[0-9]+(_PAR_Y)?$"
_NO_NAME = pa.array(["", "NA", "N/A", "NaN", "nan", "null", "-"])


def is_gene_name_column(name: str) -> bool:
    """Whether a column of this name holds gene names (`gene_name`, `Gene Symbol`, ...)."""
    return name.strip().lower().replace(" ", "_").replace(".", "_") in _GENE_NAME_COLUMNS


def strip_suffix(
    names: tuple[str, ...], suffix: str | None, path: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cut a suffix from the end of sample names.

    Parameters
    ----------
    names : tuple of str
        As in the header.
    suffix : str or None
        What to cut; None for nothing.
    path : Path
        The file, for messages.

    Returns
    -------
    tuple of tuple of str
        The names, and notes.

    Raises
    ------
    IngestError
        No name ends in the suffix.
    """
    if not suffix:
        return names, ()
    having = [n for n in names if n.endswith(suffix)]
    if not having:
        raise IngestError(
            f"no sample name ends in `{suffix}`, which study.yml strips",
            file=path,
            line=1,
            expected=f"names such as `{names[0]}{suffix}`",
            found=", ".join(names[:3]),
            hint="correct or remove `strip_suffix` under `read`",
        )
    notes: tuple[str, ...] = ()
    if len(having) < len(names):
        without = [n for n in names if not n.endswith(suffix)]
        notes = (
            f"{path.name}: no `{suffix}` to strip from {len(without)} of "
            f"{counted(len(names), 'sample name')}, kept as written: {', '.join(without[:3])}"
            + (", ..." if len(without) > 3 else ""),
        )
    return tuple(n.removesuffix(suffix) for n in names), notes


def tidy_ids(ids: Any, strip_version: bool) -> Any:
    """Trim white space from feature ids and, on request, cut Ensembl versions.

    Parameters
    ----------
    ids : pa.StringArray
        (rows,)
    strip_version : bool
        ENSG00000141510.18 -> ENSG00000141510. `_PAR_Y` behind the version is kept, because it
        names another gene. Ids of other kinds are left alone.
    """
    ids = pc.utf8_trim_whitespace(ids)
    if strip_version:
        ids = pc.replace_substring_regex(ids, pattern=_ENSEMBL_VERSION, replacement=r"\1\2")
    return ids


def tidy_names(names: Any) -> Any:
    """Trim gene names and make those that say nothing (empty, NA, -) null.

    Parameters
    ----------
    names : pa.StringArray
        (rows,)
    """
    names = pc.utf8_trim_whitespace(names)
    return pc.if_else(pc.is_in(names, value_set=_NO_NAME), pa.scalar(None, pa.string()), names)
