"""Columns of a network that are read: asked for, named by the header, or told by the genes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NoReturn

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.study.reference_records import NetworkFile
from cohortmart.core.text import did_you_mean, listed
from ingest.read.gene_sets.network_cells import (
    MITAB_NAMES,
    MITAB_SCORE,
    MITAB_TAXA,
    gene_cells,
    has_taxon,
    is_mitab,
    known_share,
    mitab_names,
    organisms,
    scores,
)
from ingest.read.gene_sets.network_columns import NetworkColumns
from ingest.read.gene_sets.network_first_line import is_over_numbers, lacks_corner
from ingest.read.gene_sets.network_header import ColumnPair, NetworkHeader, read_names

#: Less than this share of the names known to the study: they are names of something else.
FEW_KNOWN = 0.05
#: This share known: so a column without a header is one of genes.
_GENES = 0.5
#: No column beyond is looked at where no header names the genes.
_MOST_COLUMNS = 40
#: A column of numbers that only grow is a numbering, if it is at least this long.
_NUMBERING = 5


def choose_columns(
    asked: NetworkFile, fields: pl.Series, heading: Sequence[str], known: Collection[str]
) -> NetworkColumns:
    """Decide which columns of a network are read.

    Parameters
    ----------
    asked : NetworkFile
        What study.yml says.
    fields : pl.Series of List(String), shape (rows,)
        Of the first lines, a header among them or not.
    heading : sequence of str
        Fields of a comment right above them; empty where there is none.
    known : collection of str
        Names and ids of the study's genes; none where they are not known.

    Raises
    ------
    IngestError
        A column that study.yml names is not there, or no column holds scores and a smallest one
        is asked for.
    """
    shifted = lacks_corner(fields)
    first_line = [""] * shifted + [cell.strip() for cell in fields[0].to_list()]
    below = read_names(first_line)
    above = read_names(heading) if len(heading) >= len(first_line) > 1 else None
    named = _by_name(asked, first_line, heading)
    in_first = bool(below.pairs) and not _are_genes(below, fields)
    mitab = is_mitab(fields[-1].to_list())
    in_first = in_first or named == "first line" or (mitab and not is_mitab(first_line))
    in_first = in_first or shifted or is_over_numbers(first_line, fields)
    header = below if in_first else above
    rows = fields[1:] if in_first else fields
    # R's row names are no genes
    chosen = NetworkColumns(has_header=in_first, first=int(shifted), second=1 + shifted)
    if asked.columns is not None:
        i, j = (_column(asked, name, header, len(first_line)) for name in asked.columns)
        chosen = replace(chosen, first=i, second=j)
    elif mitab:
        chosen = replace(chosen, names=_mitab_kind(rows, known))
    elif header is not None and header.pairs:
        best = _best_pair(header.pairs, rows, known)
        chosen = replace(chosen, first=best.first, second=best.second)
    else:
        chosen = _by_content(chosen, rows, known)
    names = header.names if header is not None else ()
    labels = tuple(_label(names, k) for k in (chosen.first, chosen.second))
    a, b = chosen.genes(rows)
    chosen = replace(chosen, labels=labels, taxon=has_taxon(a) or has_taxon(b))
    chosen = _with_scores(asked, chosen, header, rows)
    return _with_species(asked, chosen, header, rows, known)


def _by_name(asked: NetworkFile, first_line: Sequence[str], heading: Sequence[str]) -> str:
    """Say where a column that study.yml calls by its name is named."""
    names = [n for n in (*(asked.columns or ()), asked.score) if n and not n.isdigit()]
    for where, line in (("first line", first_line), ("heading", heading)):
        bare = [_bare(cell) for cell in line]
        if names and all(_bare(name) in bare for name in names):
            return where
    return ""


def _bare(name: str) -> str:
    return name.strip().strip('"').lstrip("#").strip().lower()


def _are_genes(header: NetworkHeader, fields: pl.Series) -> bool:
    """Whether the words of a header stand in the rows: ID1 and ID2 are genes."""
    for pair in header.pairs:
        rows = pl.concat([gene_cells(fields[1:], pair.first), gene_cells(fields[1:], pair.second)])
        if rows.is_in([header.names[pair.first], header.names[pair.second]]).any():
            return True
    return False


def _column(asked: NetworkFile, name: str, header: NetworkHeader | None, n_fields: int) -> int:
    """Return the place of a column that study.yml names, from 0."""
    names = () if header is None else header.names
    bare = [_bare(known) for known in names]
    if _bare(name) in bare:
        return bare.index(_bare(name))
    if name.isdigit() and 1 <= int(name) <= max(n_fields, len(names)):
        return int(name) - 1
    raise IngestError(
        f"the network has no column `{name}`",
        file=asked.file,
        expected="a column by its name in the header, or by its number from 1",
        found=listed(names, most=20) if names else f"{n_fields} columns without a header",
        hint=did_you_mean(name, names) or "correct it under reference.network",
    )


def _mitab_kind(rows: pl.Series, known: Collection[str]) -> str:
    shares = {}
    for rank, kind in enumerate(MITAB_NAMES):
        names = pl.concat(list(mitab_names(rows, kind)))
        there = 1 - names.null_count() / max(1, len(names))
        shares[kind] = (known_share(names, known) if known else 0.0, there, -rank)
    return max(shares, key=lambda kind: shares[kind])


def _best_pair(pairs: Sequence[ColumnPair], rows: pl.Series, known: Collection[str]) -> ColumnPair:
    """Return the pair whose names the study knows best; else the most likely one."""
    shares = [
        known_share(pl.concat([gene_cells(rows, p.first), gene_cells(rows, p.second)]), known)
        if known
        else 0.0
        for p in pairs
    ]
    if max(shares) >= FEW_KNOWN:
        return pairs[shares.index(max(shares))]
    return min(pairs, key=lambda pair: (pair.rank, pair.first))


def _by_content(chosen: NetworkColumns, rows: pl.Series, known: Collection[str]) -> NetworkColumns:
    """Look for two columns of known genes where no header names them."""
    n_fields = min(int(rows.list.len().max() or 0), _MOST_COLUMNS)  # type: ignore[arg-type]
    if not known or n_fields < 3:
        return chosen
    shares = [known_share(gene_cells(rows, k), known) for k in range(n_fields)]
    shares = [0.0 if is_numbering(gene_cells(rows, k)) else s for k, s in enumerate(shares)]
    if min(shares[:2]) >= FEW_KNOWN:
        return chosen
    genes = [k for k, share in enumerate(shares) if share >= _GENES]
    if len(genes) != 2:
        return chosen
    return replace(chosen, first=genes[0], second=genes[1])


def is_numbering(names: pl.Series) -> bool:
    """Whether a column holds numbers that grow from row to row, the first line perhaps not.

    Parameters
    ----------
    names : pl.Series of String
    """
    numbers = names[1:].cast(pl.Int64, strict=False)
    if len(numbers) < _NUMBERING or numbers.null_count():
        return False
    return bool((numbers.diff().drop_nulls() > 0).all())


def _label(names: Sequence[str], column: int) -> str:
    return names[column] if column < len(names) and names[column] else f"column {column + 1}"


def _with_scores(
    asked: NetworkFile, chosen: NetworkColumns, header: NetworkHeader | None, rows: pl.Series
) -> NetworkColumns:
    n_fields = int(rows.list.len().max() or 0)  # type: ignore[arg-type]
    names = () if header is None else header.names
    if asked.score is not None:
        column: int | None = _column(asked, asked.score, header, n_fields)
    elif chosen.names:
        column = MITAB_SCORE
    else:
        found = () if header is None else header.scores
        column = found[0] if found else _third_column(chosen, rows, names)
    if column is not None:
        values = scores(rows, column, bool(chosen.names))
        if 2 * values.null_count() > len(values) and asked.score is None:
            column = None
    if column is None and asked.minimum_score is not None:
        _raise_no_scores(asked, names, n_fields)
    if column is None:
        return chosen
    return replace(
        chosen,
        score=column,
        score_label=_label(names, column),
        minimum_score=asked.minimum_score,
    )


def _third_column(chosen: NetworkColumns, rows: pl.Series, names: Sequence[str]) -> int | None:
    """Return the third of three columns without a header, which may be numbers."""
    alone = (chosen.first, chosen.second) == (0, 1) and not names
    whole = bool((rows.list.len() == 3).all())
    return 2 if alone and whole and len(rows) else None


def _raise_no_scores(asked: NetworkFile, names: Sequence[str], n_fields: int) -> NoReturn:
    raise IngestError(
        "study.yml asks for a `minimum_score`, but no column of the network is known to hold one",
        file=asked.file,
        expected="a column such as combined_score, score, confidence or weight, with numbers",
        found=listed(names, most=20) if names else f"{n_fields} columns without a header",
        hint="name it: `network: {file: ..., score: COLUMN, minimum_score: ...}`",
    )


def _with_species(
    asked: NetworkFile,
    chosen: NetworkColumns,
    header: NetworkHeader | None,
    rows: pl.Series,
    known: Collection[str],
) -> NetworkColumns:
    """Keep one organism where the file names them: the one whose genes the study knows."""
    if chosen.names:
        columns: tuple[int, ...] = MITAB_TAXA
    elif header is not None and header.species is not None:
        columns = (header.species.first, header.species.second)
    else:
        columns = ()
    if not columns:
        if asked.species is not None:
            raise IngestError(
                "study.yml asks for a `species`, but no column of the network names organisms",
                file=asked.file,
                expected="columns such as Organism ID Interactor A, or ncbi_tax_id",
                hint="leave `species` out of reference.network",
            )
        return chosen
    a, b = chosen.genes(rows)
    taxa = pl.DataFrame({"a": organisms(rows, columns[0]), "b": organisms(rows, columns[1])})
    found = set(taxa["a"].drop_nulls()) | set(taxa["b"].drop_nulls())
    if asked.species is not None:
        species = re.sub(r"^taxid:", "", asked.species)
    else:
        both = pl.Series([x in known and y in known for x, y in zip(a, b, strict=True)])
        counts = (
            taxa.with_columns(known=both)
            .filter(pl.col("a") == pl.col("b"))
            .group_by("a")
            .agg(pl.col("known").sum(), n=pl.len())
            .sort(["known", "n", "a"], descending=[True, True, False])
        )
        species = counts["a"][0] if counts.height else ""
    if not species or (not found and asked.species is None):
        return chosen
    return replace(chosen, organisms=columns, species=species)
