"""A published table: features, estimates and what else it says of them.

The output of limma's topTable, edgeR's topTags and DESeq2's results is read as it comes, and any
other table whose columns are called so or are named in study.yml.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from cohortmart.core.errors import IngestError
from cohortmart.core.study.signature_records import COLUMN_KEYS, SignatureFile
from cohortmart.core.text import counted, did_you_mean, listed
from ingest.read.text.cell_errors import missing_words
from ingest.read.text.lines import refuse_dates
from ingest.read.text.number_style import PLAIN, StyleEvidence, to_numbers
from ingest.read.weights.weight_table import (
    WeightTable,
    columns_text,
    plain_name,
    read_weight_table,
)

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
SIGNATURE_READER_VERSION = "signature-1"

#: Names of columns, letters and digits alone in lower case; the likeliest first.
_NAMES = {
    "id": (
        "cpg", "cpgid", "cpgsite", "cpgs", "cgid", "probe", "probeid", "ilmnid", "targetid",
        "ensembl", "ensemblid", "ensemblgeneid", "ensgid", "geneid", "entrez", "entrezid",
        "entrezgeneid", "olinkid", "uniprot", "feature", "featureid", "marker", "markername",
        "symbol", "genesymbol", "hgncsymbol", "genename", "externalgenename", "gene", "genes",
        "protein", "id", "name", "names", "rowname", "rownames", "row", "",
    ),
    "estimate": (
        "logfc", "log2foldchange", "log2fc", "lfc", "logfoldchange", "avglog2fc", "estimate",
        "deltabeta", "betadifference", "betadiff", "meandiff", "coefficient", "coef", "coeff",
        "beta", "effectsize", "effect", "difference", "diff",
    ),
    "se": ("lfcse", "se", "stderr", "stderror", "standarderror", "stderrorestimate", "sebeta"),
    "t": ("t", "tvalue", "tstat", "tstatistic", "z", "zvalue", "zscore", "zstat", "stat",
          "statistic"),
    "p": ("pvalue", "pval", "p", "pvalues", "rawp", "rawpvalue", "prt", "nominalp"),
    "adj_p": (
        "adjpval", "adjpvalue", "adjpvalues", "padj", "adjp", "fdr", "padjusted",
        "adjustedpvalue", "pvaladj", "pvalueadj", "qvalue", "qval", "q", "bh",
    ),
}  # fmt: skip
_SHOWN = 3
#: From so many estimates on, none below zero is rather a ratio than a logarithm.
_MANY = 20


@dataclass(frozen=True)
class SignatureTable:
    """What a table says.

    Parameters
    ----------
    rows : pl.DataFrame
        `listed_as` (String, each once), `estimate`, `se`, `t`, `p_value` and `adj_p_value`
        (Float64), in the order of the file.
    columns : dict of str to str
        What each of `id`, `estimate`, `se`, `t`, `p` and `adj_p` is called there, where it is.
    n_rows, n_columns : int
        Of the file.
    n_incomplete, n_repeated : int
        Rows without a name or estimate, and rows of a feature that another row counts for.
    format : str
    notes : tuple of str
        What a user may want to know.
    """

    rows: pl.DataFrame
    columns: dict[str, str]
    n_rows: int
    n_columns: int
    n_incomplete: int
    n_repeated: int
    format: str
    notes: tuple[str, ...]


def read_signature(asked: SignatureFile, name: str) -> SignatureTable:
    """Read a published table.

    Of the rows of one feature the one with the smallest P counts, of equal ones, or where there is
    no P, the first.

    Parameters
    ----------
    asked : SignatureFile
        The file, see `read_weight_table`, and perhaps its columns.
    name : str
        What study.yml calls it.

    Returns
    -------
    SignatureTable
        `t` is that of the file, else estimate by standard error, else what the P value says with
        the sign of the estimate; null where none of them is known.

    Raises
    ------
    IngestError
        The file cannot be read, has no column of features or of estimates, a number cannot be
        read, a standard error is negative, a P value is not between 0 and 1, or no row is left.
    """
    table = read_weight_table(asked.file)
    at = _columns(table, asked, name)
    ids = pl.Series([_bare(cell) for cell in table.column(at["id"])], dtype=pl.String)
    lines = pl.Series([line for line, _ in table.rows], dtype=pl.Int64)
    numbers = {key: _numbers(table, at[key], key) for key in COLUMN_KEYS[1:] if key in at}
    _refuse_impossible(table, at, numbers)
    empty = pl.lit(None, pl.Float64)
    frame = pl.DataFrame({"listed_as": ids, "line": lines}).with_columns(
        *(numbers[k].alias(k) if k in numbers else empty.alias(k) for k in COLUMN_KEYS[1:])
    )
    whole = frame.filter(
        pl.col("listed_as").is_not_null() & pl.col("estimate").is_finite().fill_null(False)
    )
    if whole.is_empty():
        raise IngestError(
            f"the signature `{name}` has no feature with an estimate",
            file=asked.file,
            expected="a row for each gene or CpG, with a number as its estimate",
            found=f"{counted(len(table.rows), 'row')}, none with both",
            hint=f"columns taken: {_taken(table, at)}; name others as in "
            f"`{name}: {{file: ..., id: A, estimate: B}}`",
        )
    refuse_dates(asked.file, whole["listed_as"], whole["line"])
    order = whole.with_columns(pl.col("p").fill_null(2.0).alias("first")).sort("first", "line")
    kept = order.unique("listed_as", keep="first", maintain_order=True).sort("line")
    if asked.opposite:
        kept = kept.with_columns(-pl.col("estimate"), -pl.col("t"))
    n_incomplete, n_repeated = frame.height - whole.height, whole.height - kept.height
    return SignatureTable(
        rows=_with_t(kept),
        columns={key: table.columns[i] for key, i in at.items()},
        n_rows=len(table.rows),
        n_columns=len(table.columns),
        n_incomplete=n_incomplete,
        n_repeated=n_repeated,
        format=table.format,
        notes=tuple(_notes(asked, table, at, kept, n_incomplete, whole, n_repeated)),
    )


def _columns(table: WeightTable, asked: SignatureFile, name: str) -> dict[str, int]:
    """Find the columns: those named, else those that are called so."""
    at: dict[str, int] = {}
    for key in COLUMN_KEYS:
        wanted = getattr(asked, key)
        if wanted is not None:
            at[key] = _named(table, wanted, key, name)
    for key in COLUMN_KEYS:
        if key not in at:
            free = [i for i in range(len(table.columns)) if i not in at.values()]
            plain = [plain_name(table.columns[i]) for i in free]
            known = [free[plain.index(word)] for word in _NAMES[key] if word in plain]
            if key == "id":
                known = _by_likelihood(table, known)
            if known:
                at[key] = known[0]
    for key, what in (("id", "genes or probes"), ("estimate", "estimates")):
        if key not in at:
            shown = [word for word in _NAMES[key] if word][:6]
            raise IngestError(
                f"the signature `{name}` has no column of {what}",
                file=table.path,
                line=table.header_line,
                expected=f"a column called like one of {', '.join(shown)}, ...",
                found=columns_text(table),
                hint=f"name it: `{name}: {{file: {table.path.name}, {key}: COLUMN}}`",
            )
    return at


def _by_likelihood(table: WeightTable, known: Sequence[int]) -> list[int]:
    """Put names of rows that only count them last, and those that do not before symbols."""
    unnamed = [i for i in known if not table.columns[i]]
    if not unnamed:
        return list(known)
    cells = [_bare(cell) for cell in table.column(unnamed[0])[:200]]
    counts = all(cell is None or cell.isdigit() for cell in cells)
    rest = [i for i in known if i not in unnamed]
    return [*rest, *unnamed] if counts else [*unnamed, *rest]


def _named(table: WeightTable, wanted: str, key: str, name: str) -> int:
    if wanted in table.columns:
        return table.columns.index(wanted)
    raise IngestError(
        f"the signature `{name}` has no column `{wanted}`",
        file=table.path,
        line=table.header_line,
        expected=f"the column that `{key}` names",
        found=columns_text(table),
        hint=did_you_mean(wanted, [c for c in table.columns if c]) or "correct the name",
    )


def _numbers(table: WeightTable, column: int, key: str) -> pl.Series:
    """Read a column as numbers, in whichever style they are written."""
    words = missing_words("continuous")
    cells = pa.array(table.column(column), pa.string())
    evidence = StyleEvidence("any")
    evidence.add(cells)
    style = (evidence.style if evidence.is_telling else None) or PLAIN
    numbers, good = to_numbers(cells, style, words)
    wrong = np.flatnonzero(~np.asarray(good.to_numpy(zero_copy_only=False), dtype=bool))
    if len(wrong):
        line, row = table.rows[int(wrong[0])]
        table.fail(
            f"the {_WORDS[key]} is no number",
            line,
            column,
            f"a number in the column `{table.columns[column]}`",
            row[column],
            f"correct the cell, or name another column with `{key}`",
        )
    return pl.Series(numbers, dtype=pl.Float64)


_WORDS = {
    "estimate": "estimate",
    "se": "standard error",
    "t": "t or z",
    "p": "P value",
    "adj_p": "adjusted P value",
}


def _refuse_impossible(
    table: WeightTable, at: dict[str, int], numbers: dict[str, pl.Series]
) -> None:
    for key, least, most in (("se", 0.0, np.inf), ("p", 0.0, 1.0), ("adj_p", 0.0, 1.0)):
        if key not in numbers:
            continue
        wrong = numbers[key].is_not_nan() & ~numbers[key].is_between(least, most)
        if wrong.fill_null(False).any():
            line, cells = table.rows[int(wrong.fill_null(False).arg_max() or 0)]
            expected = "0 or more" if key == "se" else "a number from 0 to 1"
            table.fail(
                f"the {_WORDS[key]} cannot be", line, at[key], expected, cells[at[key]],
                f"name another column with `{key}`, or correct the cell",
            )  # fmt: skip


def _with_t(kept: pl.DataFrame) -> pl.DataFrame:
    """Add t where the file does not say it, and name the columns as the lake does."""
    from scipy.special import ndtri

    estimate, se, p, t = (kept[k].to_numpy() for k in ("estimate", "se", "p", "t"))
    with np.errstate(divide="ignore", invalid="ignore"):
        by_se = np.where(se > 0, estimate / se, np.nan)
        by_p = np.where(p > 0, -np.sign(estimate) * ndtri(p / 2.0), np.nan)
    t = np.where(np.isfinite(t), t, np.where(np.isfinite(by_se), by_se, by_p))
    columns = {"p_value": pl.col("p"), "adj_p_value": pl.col("adj_p")}
    return kept.select(
        "listed_as",
        "estimate",
        pl.col("se").fill_nan(None),
        pl.Series("t", t).fill_nan(None),
        *(column.fill_nan(None).alias(name) for name, column in columns.items()),
    )


def _notes(
    asked: SignatureFile,
    table: WeightTable,
    at: dict[str, int],
    kept: pl.DataFrame,
    n_incomplete: int,
    whole: pl.DataFrame,
    n_repeated: int,
) -> list[str]:
    file = asked.file.name
    notes = []
    if n_incomplete:
        rows = counted(n_incomplete, "row")
        notes.append(f"{file}: {rows} without a name or an estimate left out")
    if n_repeated:
        some = whole.filter(pl.col("listed_as").is_duplicated())["listed_as"].unique().sort()
        rule = "the first row" if "p" not in at else "the row with the smallest P"
        notes.append(
            f"{file}: {counted(len(some), 'feature')} in several rows "
            f"({listed(some.to_list(), _SHOWN)}); {rule} counts"
        )
    below = kept["estimate"] > 0.0 if asked.opposite else kept["estimate"] < 0.0
    if kept.height >= _MANY and not below.any():
        notes.append(
            f"{file}: no estimate in `{table.columns[at['estimate']]}` is below zero: are they "
            "ratios? Then give their logarithms"
        )
    return notes


def _taken(table: WeightTable, at: dict[str, int]) -> str:
    return ", ".join(f"{key} = `{table.columns[i]}`" for key, i in at.items())


def _bare(cell: str) -> str | None:
    """Return a name without quotes and white space; None where it says that there is none."""
    bare = cell.strip().strip('"').strip()
    return None if bare in missing_words("counts") else bare
