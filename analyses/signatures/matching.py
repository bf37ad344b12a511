"""Features of published tables among those of an analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from analyses.load.feature_matching import match_features
from analyses.load.identifiers import no_gene_in_common
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.numeric.tails import t_two_sided
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.signature_records import SignatureFile
from cohortmart.core.text import counted
from cohortmart.core.text.identifiers import n_probes
from cohortmart.core.types import Bools, Floats


@dataclass(frozen=True, eq=False)
class MatchedSignature:
    """A published table, its rows those of features that the analysis has.

    Parameters
    ----------
    name : str
    feature_ids : tuple of str
        Of the analysis, sorted, each once.
    listed_as : tuple of str
        What the table calls them.
    estimate, t : ndarray of shape (n_features,)
        `t` is NaN where it is not known.
    found : ndarray of shape (n_features,), bool, or None
        The table's own list; None where it has no P, or lists found features alone.
    n_listed : int
        Features of the table.
    note : str
        How many are matched, and by what.
    """

    name: str
    feature_ids: tuple[str, ...]
    listed_as: tuple[str, ...]
    estimate: Floats
    t: Floats
    found: Bools | None
    n_listed: int
    note: str


@dataclass(frozen=True)
class AnalysisFeatures:
    """The features that an analysis has estimates of.

    Parameters
    ----------
    ids : tuple of str
    gene_names : mapping
        Feature to the name of its gene; none for probes.
    are_probes : bool
    """

    ids: tuple[str, ...]
    gene_names: Mapping[str, str]
    are_probes: bool = False


def analysis_features(
    con: duckdb.DuckDBPyConnection, analysis: str, assay: str, kind: str
) -> AnalysisFeatures:
    """Read the features of an analysis and their genes; every contrast has the same.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the views `new_contrast_result` and `feature_gene`.
    analysis, assay, kind : str
        The analysis, and its assay with its kind.
    """
    ids = con.execute(
        """
        select feature_id from new_contrast_result where analysis = $1 and contrast = (
            select min(contrast) from new_contrast_result where analysis = $1
        )
        order by feature_id
        """,
        [analysis],
    ).fetchall()
    names: dict[str, str] = {}
    if kind != "beta":  # a CpG is near a gene, and is none
        names = dict(
            con.execute(
                "select feature_id, gene_name from feature_gene where assay = $1 "
                "and gene_name is not null",
                [assay],
            ).fetchall()
        )
    return AnalysisFeatures(tuple(i for (i,) in ids), names, kind == "beta")


def read_rows(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """Return the rows of a signature: `listed_as`, `feature`, estimates and P values.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    name : str
        Of the signature.
    """
    rows = con.sql(
        """
        select listed_as, feature, estimate, t, p_value, adj_p_value from signature_feature
        where signature = $1 order by listed_as
        """,
        params=[name],
    )
    return pl.DataFrame(rows.to_arrow_table())


def match_signature(
    name: str, asked: SignatureFile, rows: pl.DataFrame, features: AnalysisFeatures, where: str
) -> MatchedSignature:
    """Find the features of a table among those of an analysis.

    By id, by id without version, or by the name of the gene, whichever finds most. A name that
    several features of the analysis have is left out, as nobody knows which is meant; of several
    rows of the table that mean one feature the one with the smallest P counts, without P the first
    by name.

    Parameters
    ----------
    name : str
        Of the signature.
    asked : SignatureFile
    rows : pl.DataFrame
        See `read_rows`.
    features : AnalysisFeatures
    where : str
        The features in words, as in "the genes of analysis rna".

    Raises
    ------
    AnalysisError
        None is found.
    """
    wanted = rows["listed_as"].to_list()
    words = dict(zip(wanted, rows["feature"].to_list(), strict=True))
    matched = match_features(wanted, features.ids, features.gene_names, words)
    several = [word for word, at in matched.positions.items() if len(at) > 1]
    found = {word: at[0] for word, at in matched.positions.items() if len(at) == 1}
    if not found:
        raise _none_found(name, asked, wanted, features, where)
    listed = rows.with_columns(_own_list(rows, asked.found).alias("found"))
    kept = (
        listed.join(
            pl.DataFrame({"listed_as": list(found), "at": list(found.values())}), on="listed_as"
        )
        .sort(pl.col("p_value").fill_null(2.0), "listed_as")
        .unique("at", keep="first", maintain_order=True)
        .sort("at")
    )
    note = (
        f"signature {name}: {kept.height:,} of {counted(len(wanted), 'feature')} are in the "
        f"analysis, by {matched.by}"
    )
    if several:
        note += f"; {counted(len(several), 'name')} of several features left out"
    if len(found) > kept.height:
        more = len(found) - kept.height
        note += f"; {counted(more, 'row')} of a feature that another row counts for left out"
    own = kept["found"]
    # a list without a background says nothing of what is not on it
    no_list = own.null_count() == len(own) or bool(listed["found"].fill_null(True).all())
    return MatchedSignature(
        name=name,
        feature_ids=tuple(features.ids[i] for i in kept["at"].to_list()),
        listed_as=tuple(kept["listed_as"].to_list()),
        estimate=kept["estimate"].to_numpy(),
        t=kept["t"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        found=None if no_list else own.fill_null(False).to_numpy(),
        n_listed=len(wanted),
        note=note,
    )


def _none_found(
    name: str, asked: SignatureFile, wanted: list[str], features: AnalysisFeatures, where: str
) -> AnalysisError:
    """Make the error for a table without a feature of the analysis."""
    shown = list(features.gene_names.values() if features.gene_names else features.ids)
    error = no_gene_in_common(f"the signature `{name}` ({asked.file.name})", wanted, where, shown)
    if not features.are_probes:
        return error
    return AnalysisError(
        f"no CpG{error.problem.removeprefix('no gene')}",
        expected=error.expected,
        found=error.found,
        hint=error.hint if n_probes(wanted) else asked.hint_for_betas,
    )


def _own_list(rows: pl.DataFrame, level: float) -> pl.Series:
    """Say which rows the table itself finds: its adjusted P, else that of its P or of its t."""
    adjusted, p = rows["adj_p_value"], rows["p_value"]
    if adjusted.null_count() < rows.height:
        return adjusted < level
    value = p.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    if np.isnan(value).all():
        t = rows["t"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        value = np.asarray(t_two_sided(t, np.inf))
    made = pl.Series(benjamini_hochberg(value)).fill_nan(None)
    return made < level
