"""What a study asks of a sample sheet that has more columns and lines than samples."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmart.core.study.records import SampleSheet, Study


@dataclass(frozen=True)
class Wanted:
    """What study.yml names of one sheet.

    Parameters
    ----------
    key : tuple of str
        Columns that tell its rows apart: the sample's, else those the sheet is joined on. Empty:
        the file's own.
    columns : tuple of str
        Every column it uses, in its own spelling. Empty: no study asks.
    """

    key: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


#: For a sheet that is read without a study.
NO_STUDY = Wanted()


def wanted_columns(block: SampleSheet, study: Study) -> Wanted:
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
    assays = (assay.sample for assay in study.assays.values())
    used = (*key, *joined_on, block.group, *block.factors, *block.covariates, *assays)
    return Wanted(key, tuple(dict.fromkeys(c for c in used if c)))
