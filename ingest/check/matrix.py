"""Checks of a matrix before it enters the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.censoring import CENSORING
from cohortmart.core.text import counted, listed
from ingest.read.matrix.records import Block, MatrixHeader
from ingest.read.text.cell_errors import EXCEL_DATE, EXCEL_HINT

Kind = Literal["counts", "beta", "continuous", "detection_p", "bead_count"]
_MAX = float(np.finfo(np.float64).max)
#: What one value is called, and the smallest and the largest one there can be.
_WORDS = {
    "counts": ("count", 0.0, _MAX),
    "beta": ("beta", 0.0, 1.0),
    "continuous": ("value", -_MAX, _MAX),
    "detection_p": ("detection p", 0.0, 1.0),
    "bead_count": ("number of beads", 0.0, _MAX),
    "methylated": ("methylated signal", -_MAX, _MAX),  # the background may be subtracted
    "transcript_length": ("transcript length", 0.0, _MAX),
    "abundance": ("abundance", 0.0, _MAX),
    "unmethylated": ("unmethylated signal", -_MAX, _MAX),
}
_NO_ID = pa.array(["", "NA", "N/A", "NaN", "nan", "null"])
#: Excel's reading of ids such as 2310009E13.
_EXCEL_NUMBER = r"^[0-9]\.?[0-9]*E\+[0-9]+$"
_SHOWN = 5
#: How far outside of 0 to 1 a beta may lie, as ComBat and other corrections leave some.
BETA_TOLERANCE = 0.05


def check_header(header: MatrixHeader) -> None:
    """Check the sample names of one file.

    Raises
    ------
    IngestError
        A name is blank, or stands twice after the suffix was stripped.
    """
    seen: dict[str, tuple[int | None, int | str]] = {}
    for i, name in enumerate(header.samples):
        line, field = header.header_place(i)
        if not name:
            raise IngestError(
                "the header has a blank sample name",
                file=header.path,
                line=line,
                column=field,
                expected="a name over each column",
                hint="name the column, or remove it; a delimiter at the end of the line makes one",
            )
        if name in seen:
            raise IngestError(
                f"the sample `{name}` stands twice",
                file=header.path,
                line=line,
                column=field,
                expected="each sample once",
                found=_twice(name, seen[name], (line, field)) + _raw_names(header, name),
                hint="remove or rename one of the columns",
            )
        seen[name] = (line, field)


def _twice(
    name: str, first: tuple[int | None, int | str], second: tuple[int | None, int | str]
) -> str:
    """Say where a name stands twice: in two lines, or in two fields of one line."""
    if first[0] != second[0]:
        return f"`{name}` in lines {first[0]} and {second[0]}"
    return f"`{name}` in fields {first[1]} and {second[1]}"


def _raw_names(header: MatrixHeader, name: str) -> str:
    raw = [r for r, s in zip(header.raw_samples, header.samples, strict=True) if s == name]
    return "" if raw[0] == raw[1] else f" ({raw[0]} and {raw[1]} without the suffix)"


def check_samples_once(headers: Sequence[MatrixHeader]) -> None:
    """Check that the files of one assay share no sample.

    Raises
    ------
    IngestError
        A sample stands in two files.
    """
    seen: dict[str, MatrixHeader] = {}
    alike = len({header.raw_samples for header in headers}) == 1
    for header in headers:
        for i, name in enumerate(header.samples):
            if name in seen:
                raise IngestError(
                    f"the sample `{name}` is in two files of one assay",
                    file=header.path,
                    line=header.header_place(i)[0],
                    column=name,
                    expected="each sample in one file",
                    found=f"`{name}` in {seen[name].path} too",
                    hint="these look like files of one sample each, with columns of several "
                    "quantities: leave the ids and the counts in each, or make one matrix of the "
                    "counts, a column a sample"
                    if alike
                    else "remove one of the columns, or rename it if it is another sample",
                )
            seen[name] = header


class MatrixTally:
    """Checks the blocks of one file as they pass, and counts what the notes tell.

    Parameters
    ----------
    header : MatrixHeader
        Of the file.
    kind : {'counts', 'beta', 'continuous', 'detection_p', 'bead_count'}
        What the values are.
    unique_ids : bool
        Whether a feature id that stands twice is an error (it is not where rows are summed).
    strip_version : bool
        Whether versions were cut from the ids, for the message about duplicates.
    check_dates : bool
        Whether a name that is a date is an error.
    """

    def __init__(
        self,
        header: MatrixHeader,
        kind: Kind,
        *,
        unique_ids: bool,
        strip_version: bool,
        check_dates: bool = True,
    ) -> None:
        self.header = header
        self.kind = kind
        self.unique_ids = unique_ids
        self.strip_version = strip_version
        self._excel = [(EXCEL_DATE, "date")] if check_dates else []
        self._excel.append((_EXCEL_NUMBER, "number"))
        self.rows = 0
        self._ids: list[Any] = []
        self._lines: list[int] = []
        self._missing = np.zeros(len(header.samples), np.int64)
        self._sums = np.zeros(len(header.samples))
        self._clipped, self._low, self._high = 0, 0.0, 1.0

    def clipped(self, block: Block) -> Block:
        """Return a block of betas whose values a hair outside 0 to 1 are 0 or 1; they are counted.

        Parameters
        ----------
        block : Block
            Of any kind; what lies more than `BETA_TOLERANCE` outside stays as it is.
        """
        if self.kind != "beta":
            return block
        values = block.values
        near = (values >= -BETA_TOLERANCE) & (values <= 1 + BETA_TOLERANCE)
        near &= (values < 0) | (values > 1)
        if not near.any():
            return block
        outside = values[near]
        self._clipped += outside.size
        self._low = min(self._low, float(outside.min()))
        self._high = max(self._high, float(outside.max()))
        return replace(block, values=np.where(near, np.clip(values, 0, 1), values))

    def add(self, block: Block) -> None:
        """Check one block.

        Raises
        ------
        IngestError
            A feature has no id, an id is a date, a value is infinite, negative, above 1 (betas)
            or missing (counts).
        """
        self._check_ids(block)
        self._check_values(block)
        self.rows += len(block.values)
        self._missing += np.isnan(block.values).sum(axis=0)
        with np.errstate(over="ignore"):
            self._sums += np.nansum(block.values, axis=0)
        if self.unique_ids:
            self._ids.append(block.feature_ids)
            self._lines.append(block.first_line)

    def finish(self) -> tuple[str, ...]:
        """Check the file as a whole and return what the user should know.

        Raises
        ------
        IngestError
            A feature id stands twice.
        """
        if self.unique_ids:
            self._check_duplicates()
        return self._notes()

    def _check_ids(self, block: Block) -> None:
        bare = pc.is_in(block.feature_ids, value_set=_NO_ID).to_numpy(zero_copy_only=False)
        if bare.any():
            row = int(bare.argmax())
            line, column = self.header.feature_place(block.first_line, row)
            raise IngestError(
                "the row has no feature id",
                file=self.header.path,
                line=line,
                column=column,
                expected="the id of a gene, probe or measure",
                found=f"`{block.feature_ids[row].as_py()}`",
                hint="name the feature, or remove the row (it may be blank)",
            )
        for offset, names in enumerate((block.feature_ids, block.gene_names)):
            if names is not None:
                self._check_excel(block, names, offset)

    def _check_excel(self, block: Block, names: Any, offset: int) -> None:
        for pattern, what in self._excel:
            hits = pc.match_substring_regex(names, pattern=pattern).fill_null(False)
            hits = hits.to_numpy(zero_copy_only=False)
            if hits.any():
                row = int(hits.argmax())
                line, column = self.header.feature_place(block.first_line, row)
                raise IngestError(
                    f"Excel turned the name of a gene into a {what}",
                    file=self.header.path,
                    line=line,
                    column=column + offset if isinstance(column, int) else column,
                    expected="a gene name such as SEPTIN1 or MARCHF1"
                    if what == "date"
                    else "an id such as 2310009E13",
                    found=f"`{names[row].as_py()}`",
                    hint=EXCEL_HINT,
                )

    def _check_values(self, block: Block) -> None:
        self._check_range(block, self.kind, block.values)
        for quantity, values in block.further.items():
            if quantity in CENSORING:
                continue  # codes of the reader
            self._check_range(block, quantity, values)

    def _check_range(self, block: Block, quantity: str, values: np.ndarray) -> None:
        _, low, top = _WORDS[quantity]
        bad = ~((values >= low) & (values <= top))
        if quantity != "counts":
            bad &= ~np.isnan(values)
        if bad.any():
            row, sample = (int(i) for i in np.unravel_index(int(bad.argmax()), bad.shape))
            line, column = (
                self.header.place(block, row, sample)
                if quantity == self.kind
                else self.header.further_place(block, row, sample, quantity)
            )
            problem, hint = _what_is_wrong(quantity, values, float(values[row, sample]))
            raise IngestError(
                problem,
                file=self.header.path,
                line=line,
                column=column,
                expected="a number from 0 to 1"
                if top == 1
                else "a number from 0"
                if low == 0
                else "a number",
                found="no value"
                if np.isnan(values[row, sample])
                else f"{values[row, sample]:.15g}",
                hint=hint,
            )

    def _check_duplicates(self) -> None:
        ids = pa.chunked_array(self._ids, pa.string()).combine_chunks()
        codes = ids.dictionary_encode()
        if len(codes.dictionary) == len(ids):
            return
        # Codes are given in the order of first sight, so a row that does not raise the maximum
        # repeats an earlier one.
        index = codes.indices.to_numpy()
        seen_before = index[1:] <= np.maximum.accumulate(index)[:-1]
        row = int(seen_before.argmax()) + 1
        earlier = int((index == index[row]).argmax())
        name = ids[row].as_py()
        hint = "keep one row a feature"
        if self.kind == "counts":
            why = "two versions of it have lost their version: " if self.strip_version else ""
            hint = f"{why}`read: {{sum_by: gene_name}}` sums such rows; or keep one row a feature"
        first = self._place(earlier)
        line, column = self._place(row)
        raise IngestError(
            f"the feature `{name}` stands twice",
            file=self.header.path,
            line=line,
            column=column,
            expected="each feature once",
            found=_twice(name, first, (line, column)),
            hint=hint,
        )

    def _place(self, row: int) -> tuple[int | None, int | str]:
        """Return line and column of the id of a row, counted over all blocks from 0."""
        ends = np.cumsum([len(ids) for ids in self._ids])
        block = int(np.searchsorted(ends, row, side="right"))
        start = int(ends[block]) - len(self._ids[block])
        return self.header.feature_place(self._lines[block], row - start)

    def _notes(self) -> tuple[str, ...]:
        name, samples = self.header.path.name, self.header.samples
        notes = []
        empty = [s for s, n in zip(samples, self._missing, strict=True) if n == self.rows]
        total = int(self._missing.sum())
        if total:
            cells = counted(self.rows * len(samples), "cell")
            notes.append(f"{name}: no value in {total:,} of {cells}, kept as null")
        if self._clipped:
            notes.append(
                f"{name}: {counted(self._clipped, 'beta')} a hair outside 0 to 1 "
                f"({self._low:.3g} to {self._high:.3g}) set to 0 or 1"
            )
        if empty:
            notes.append(f"{name}: no value at all in {listed(empty, most=_SHOWN)}")
        if self.kind == "counts":
            zero = [s for s, n in zip(samples, self._sums, strict=True) if n == 0]
            if zero:
                notes.append(f"{name}: no count above 0 in {listed(zero, most=_SHOWN)}")
        return tuple(notes)


def _what_is_wrong(quantity: str, values: np.ndarray, value: float) -> tuple[str, str]:
    """Say what is wrong with a value, and what to do."""
    what, _, top = _WORDS[quantity]
    hint = "correct it, or write NA for a missing value"
    if np.isnan(value):
        return "a count is missing", "write 0 where no read was found; else remove the gene"
    if np.isinf(value):
        if quantity == "counts":  # which cannot be missing either
            hint = "write the count itself; else remove the gene"
        return f"a {what} is infinite", hint
    if quantity == "counts":
        hint = "raw or estimated counts are needed; logarithms and corrected values are not counts"
    if quantity == "beta":
        hint = _beta_hint(values) or hint
    return f"a {what} {'lies outside 0 to 1' if top == 1 else 'is negative'}", hint


def _beta_hint(values: np.ndarray) -> str | None:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low < 0 and (low < -1 or high > 1):
        return "these look like M values: beta = 2^M / (2^M + 1)"
    if low >= 0 and 1 < high <= 100 and float(np.nanmedian(values)) > 1:
        return "these look like percents: divide them by 100"
    return None
