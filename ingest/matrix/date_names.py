"""Gene names of a count file that Excel turned into dates: undone, left out, kept or refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted, joined, listed
from ingest.read.matrix.records import MatrixHeader
from ingest.read.text.cell_errors import EXCEL_HINT
from ingest.read.text.excel_dates import GENE_DATE, SERIAL_DAY, former_names, is_serial_gene
from ingest.reference.gene_lookup import GeneLookup, bare_id

_SHOWN = 5


def dates_among(names: Any, few_numbers: bool) -> np.ndarray:
    """Return which names are dates.

    Parameters
    ----------
    names : pa.StringArray
        (rows,)
    few_numbers : bool
        Most names of the file are no numbers, so that 44441 is a serial day.
    """
    hits = pc.match_substring_regex(names, pattern=GENE_DATE).fill_null(False)
    found: np.ndarray = hits.to_numpy(zero_copy_only=False).copy()
    if few_numbers:
        days = pc.match_substring_regex(names, pattern=SERIAL_DAY).fill_null(False)
        for row in np.flatnonzero(days.to_numpy(zero_copy_only=False)):
            found[row] |= is_serial_gene(names[int(row)].as_py())
    return found


class DateNames:
    """What becomes of the dates among the names of one file.

    Parameters
    ----------
    header : MatrixHeader
    assay : Assay
        `read.excel_dates` says what happens to dates that cannot be undone.
    lookup : GeneLookup
        The reference of genes, perhaps empty.
    few_numbers : bool
        See `dates_among`.
    """

    def __init__(
        self, header: MatrixHeader, assay: Assay, lookup: GeneLookup, few_numbers: bool
    ) -> None:
        self._header, self._lookup, self._few_numbers = header, lookup, few_numbers
        self._rule = assay.read.excel_dates
        self._sums = assay.read.sum_by is not None
        self._places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self._names: dict[str, str] = {}  # id to the date that stands for its name
        self._present: set[int] = set()
        self._words: set[str] = set()
        self._mended: dict[str, str] = {}
        self._by_id: dict[str, str] = {}
        self._left: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._dropped = self._unnamed = self._kept = 0

    def add(self, first_line: int, ids: Any, names: Any) -> None:
        """Look at the names of one block."""
        of_ids = dates_among(ids, self._few_numbers)
        for row in np.flatnonzero(of_ids):
            self._places[ids[int(row)].as_py()].append((first_line, int(row)))
        if names is not None:
            only = dates_among(names, self._few_numbers) & ~of_ids
            for row in np.flatnonzero(only):
                self._names[ids[int(row)].as_py()] = names[int(row)].as_py()
                self._places[names[int(row)].as_py()].append((first_line, int(row)))
        for word in ids.to_pylist():
            self._words.add(word)
            meaning = self._lookup.get(bare_id(word))
            if meaning is not None:
                self._present.add(meaning.gene)

    def decide(self) -> None:
        """Decide, once all names are known.

        Raises
        ------
        IngestError
            Dates are left that nothing undoes, and study.yml does not say what to do with them.
        """
        for feature, date in self._names.items():
            meaning = self._lookup.get(bare_id(feature))
            if meaning is not None and meaning.symbol is not None:
                self._by_id[feature] = meaning.symbol
            else:
                self._left[date] += 1
        self._decide_ids()
        if self._left and self._rule is None:
            self._raise()

    def _decide_ids(self) -> None:
        """Undo the dates that stand for the id, where one gene is meant that is not there yet."""
        named = set(self._names.values())
        dates = [d for d in self._places if d not in named or self._count_of_ids(d)]
        meant = {d: {g: s for g, s in self._meant(d).items() if g not in self._present}
                 for d in dates}  # fmt: skip
        times = Counter(gene for genes in meant.values() for gene in genes)
        for date, genes in meant.items():
            n = self._count_of_ids(date)
            alone = len(genes) == 1 and n == 1 and times[next(iter(genes))] == 1
            symbol = next(iter(genes.values())) if alone else None
            if symbol is not None and symbol not in self._words:
                self._mended[date] = symbol
            else:
                self._left[date] += n

    def _count_of_ids(self, date: str) -> int:
        return len(self._places[date]) - sum(d == date for d in self._names.values())

    def _meant(self, date: str) -> dict[int, str]:
        """Return the genes that a date may mean, by number; symbols count more than aliases."""
        found = self._lookup.former(former_names(date))
        return {gene: symbol for gene, symbol in found.items() if symbol is not None}

    def applied(self, ids: Any, names: Any) -> tuple[Any, Any, np.ndarray]:
        """Return ids, names and which rows are kept."""
        keep = np.ones(len(ids), bool)
        new_ids, new_names = ids.to_pylist(), None if names is None else names.to_pylist()
        of_ids = dates_among(ids, self._few_numbers)
        of_names = of_ids & False
        if names is not None:
            of_names = dates_among(names, self._few_numbers) & ~of_ids
        for row in np.flatnonzero(of_ids).tolist():
            keep[row] = self._apply_id(row, new_ids, new_names)
        for row in np.flatnonzero(of_names).tolist():
            assert new_names is not None
            new_names[row] = self._name(new_ids[row], new_names[row])
        text = pa.string()
        return (
            pa.array(new_ids, text),
            None if new_names is None else pa.array(new_names, text),
            keep,
        )

    def _apply_id(self, row: int, ids: list[str], names: list[str | None] | None) -> bool:
        """Change one id that is a date; return whether its row is kept."""
        date = ids[row]
        if date in self._mended:
            ids[row] = self._mended[date]
            if names is not None and names[row] == date:
                names[row] = self._mended[date]
            return True
        if self._rule == "drop":
            self._dropped += 1
            return False
        self._kept += 1
        again, self._seen[date] = self._seen[date], self._seen[date] + 1
        if again:
            ids[row] = f"{date}.{again}"
        if names is not None and self._sums:
            names[row] = None  # rows of one date are not one gene
        return True

    def _name(self, feature: str, date: str) -> str | None:
        if feature in self._by_id:
            return self._by_id[feature]
        if self._rule == "drop":
            self._unnamed += 1
            return None
        self._kept += 1
        return date if not self._sums else None

    def notes(self) -> tuple[str, ...]:
        """Return what became of the dates."""
        name, notes = self._header.path.name, []
        mended = [f"{d} is {s}" for d, s in sorted(self._mended.items())]
        mended += sorted({f"{self._names[f]} is {s} ({f})" for f, s in self._by_id.items()})
        if mended:
            notes.append(
                f"{name}: {counted(len(mended), 'name')} that Excel turned into a date mended "
                f"with reference.genes: {listed(mended, most=_SHOWN)}"
            )
        left = listed(sorted(self._left), most=_SHOWN)
        if self._dropped:
            notes.append(
                f"{name}: {counted(self._dropped, 'row')} left out whose gene Excel turned into a "
                f"date ({left}), as `excel_dates: drop` says"
            )
        if self._unnamed:
            notes.append(
                f"{name}: {counted(self._unnamed, 'gene')} without a name, which Excel turned "
                f"into a date ({left}), as `excel_dates: drop` says"
            )
        if self._kept:
            doubled = sorted(d for d, n in self._seen.items() if n > 1)
            said = f"; the second of a date is called {doubled[0]}.1" if doubled else ""
            notes.append(
                f"{name}: {counted(self._kept, 'row')} kept under the date that Excel made of the "
                f"gene ({left}), as `excel_dates: keep` says{said}"
            )
        return tuple(notes)

    def _raise(self) -> NoReturn:
        first = min(place for date in self._left for place in self._places[date])
        line, column = self._header.feature_place(*first)
        shown = []
        for date in sorted(self._left, key=lambda d: min(self._places[d])):
            genes = sorted(set(self._meant(date).values()))
            may = f" (may be {joined(genes, 'or')})" if genes else ""
            shown.append(f"`{date}`{may}")
        n = sum(self._left.values())
        what = "the name of a gene" if n == 1 else f"the names of {n:,} genes"
        into = "a date" if n == 1 else "dates"
        also = "" if self._lookup else ", or name a table of genes under `reference: {genes: FILE}`"
        raise IngestError(
            f"Excel turned {what} into {into}",
            file=self._header.path,
            line=line,
            column=column,
            expected="a gene name such as SEPTIN1 or MARCHF1",
            found=listed(shown, most=_SHOWN),
            hint=f"{EXCEL_HINT}; of a public table that cannot be had anew write `read: "
            f"{{excel_dates: drop}}` to leave such rows out, or `keep` to keep them under the date"
            f"{also}",
        )
