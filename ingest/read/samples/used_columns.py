"""Columns of a sample sheet that a study uses; an archive's have more columns and lines."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmart.core.study.records import SampleSheet, Study


@dataclass(frozen=True)
class UsedColumns:
    """The columns of one sheet that study.yml names.

    Parameters
    ----------
    key : tuple of str
        Columns that tell its rows apart: the sample's, else those the sheet is joined on. Empty:
        the file's own.
    columns : tuple of str
        Every column it uses, in its own spelling. Empty: no study asks.
    row_names : str
        The column that a table's row names stand for, where it has no such column.
    worksheet : str or None
        Name or number of the worksheet of a workbook.
    """

    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    row_names: str = ""
    worksheet: str | None = None


#: For a sheet that is read without a study.
NO_STUDY = UsedColumns()


def used_columns(block: SampleSheet, study: Study) -> UsedColumns:
    """Return the columns that a study uses of one of its sheets.

    Parameters
    ----------
    block : SampleSheet
        Which column of the sheet means what.
    study : Study
        For the columns with the names that samples have in an assay; the sheet need not have them.
    """
    joined_on = (block.subject, block.timepoint, block.cell_type, *block.visit_key)
    key = tuple(c for c in ((block.sample,) if block.sample else joined_on) if c)
    assays = (assay.name_column for assay in study.assays.values())
    joined_on = (*joined_on, block.library)
    used = (*key, *joined_on, block.group, *block.factors, *block.covariates, *assays)
    columns = tuple(dict.fromkeys(c for c in used if c))
    return UsedColumns(key, columns, block.sample or block.subject, block.sheet)
