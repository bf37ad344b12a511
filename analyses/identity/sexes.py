"""Sexes of the samples of a study: probes on X and Y of its arrays, XIST and genes on Y."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np

from analyses.identity.samples import IdentitySamples
from analyses.stats.identity.person_posterior import PersonEvidence
from analyses.stats.identity.sex_call import (
    FEWEST_PROBES,
    MIDDLE,
    X_PROBES,
    XIST,
    XIST_NAMES,
    Y_GENE_NAMES,
    Y_GENES,
    Y_PROBES,
    SexMeasure,
    call_sex,
)
from analyses.stats.identity.sex_person import person_likelihood_of_sex
from cohortmart.core.study.kinds import BETA, COUNTS
from cohortmart.core.types import Bools, Floats
from cohortmart.core.warehouse.home import fetch

SEX = "sex"
#: A beta with a larger P of detection is noise.
_DETECTED = 0.01
#: Only the probes on X and Y are taken apart into single betas.
_PROBES = """
    with on_sex as (
        select probe_id, chromosome from intermediate.int_probe__annotated
        where chromosome in ('X', 'Y') and probe_id like 'cg%'
    ),
    listed as (
        select p.chromosome, r.measured, r.detection_p
        from staging.stg_lake__raw_beta_matrix as r
        inner join on_sex as p on r.feature_id = p.probe_id
        where r.assay = $1
    ),
    single as (
        select chromosome, generate_subscripts(measured, 1) as position,
            unnest(measured) as beta, unnest(detection_p) as p
        from listed
    ),
    told as (
        select chromosome, position, beta between $2 and $3 as is_middle,
            beta is not null and not isnan(beta) and coalesce(p, 0) <= $4 as is_known
        from single
    )
    select m.sample_id, t.chromosome, count(*) as n_probes,
        count(*) filter (is_known) as n_known, count(*) filter (is_known and is_middle) as n_middle
    from told as t
    inner join staging.stg_lake__matrix_samples as m
        on m.assay = $1 and m.layer = 'raw' and m.position = t.position
    group by all
"""
_COUNTS = """
    select e.sample_id, sum(e.cpm) as cpm,
        case when list_contains($2::varchar[], {name}) then 'xist' else 'y' end as which
    from fct_gene_expression as e
    inner join dim_gene as g on e.gene_id = g.gene_id
    where e.assay = $1 and list_contains($3::varchar[], {name}) and e.cpm is not null
    group by all
"""
#: The symbol, or the id where the matrix has Ensembl's or NCBI's and no reference names them.
_NAME = "upper(split_part(coalesce(g.gene_name, g.gene_id), '.', 1))"


@dataclass(frozen=True, eq=False)
class Sexes:
    """What the samples say of the sex.

    Parameters
    ----------
    xx : ndarray of shape (n_samples,)
        Posterior of two X chromosomes; NaN where nothing is measured.
    odd : ndarray of bool of shape (n_samples,)
        Its measures are at odds with each other, or fit neither sex.
    measures : tuple of str
        What tells it, a sample each, in words; empty = nothing.
    evidence : PersonEvidence
    """

    xx: Floats
    odd: Bools
    measures: tuple[str, ...]
    evidence: PersonEvidence


def sexes(con: duckdb.DuckDBPyConnection, samples: IdentitySamples) -> Sexes:
    """Tell the sex of every sample, assay by assay, and what it says of whose the sample is.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    samples : IdentitySamples
    """
    n = samples.frame.height
    xx, odd = np.full(n, np.nan), np.zeros(n, dtype=np.bool_)
    measures = [""] * n
    for kind, read in ((BETA, _of_betas), (COUNTS, _of_counts)):
        for assay in samples.of_kind(kind):
            rows_of = samples.rows_of(assay)
            kinds, values, noise = read(con, assay, list(rows_of))
            rows = np.array(list(rows_of.values()))
            called = call_sex(kinds, values, noise)
            xx[rows], odd[rows] = called.xx, called.odd
            for row, known in zip(rows, np.isfinite(values).T, strict=True):
                measures[row] = ", ".join(
                    m.name for m, is_known in zip(kinds, known, strict=True) if is_known
                )
    likelihood = person_likelihood_of_sex(xx, samples.sheet_sex, samples.said, len(samples.people))
    return Sexes(xx, odd, tuple(measures), PersonEvidence(SEX, likelihood))


_Measured = tuple[Sequence[SexMeasure], Floats, Floats]


def _of_betas(con: duckdb.DuckDBPyConnection, assay: str, ids: list[str]) -> _Measured:
    """Return the shares of probes in the middle; NaN where a chromosome has too few probes."""
    values, noise = np.full((2, len(ids)), np.nan), np.zeros(2)
    at = {s: i for i, s in enumerate(ids)}
    for row in fetch(con, _PROBES, [assay, *MIDDLE, _DETECTED]).to_pylist():
        on_y, missing = row["chromosome"] == "Y", row["n_probes"] - row["n_known"]
        n = row["n_probes"] if on_y else row["n_known"]
        if n < FEWEST_PROBES or row["sample_id"] not in at:
            continue
        middle = row["n_middle"] + (missing if on_y else 0)
        values[int(on_y), at[row["sample_id"]]] = middle / n
        noise[int(on_y)] = max(noise[int(on_y)], 0.5 / np.sqrt(n))
    return (X_PROBES, Y_PROBES), values, noise


def _of_counts(con: duckdb.DuckDBPyConnection, assay: str, ids: list[str]) -> _Measured:
    """Return log2 counts per million of XIST and of the genes on Y together."""
    y = [name for names in Y_GENE_NAMES for name in names]
    given = [assay, list(XIST_NAMES), [*XIST_NAMES, *y]]
    values = np.full((2, len(ids)), np.nan)
    at = {s: i for i, s in enumerate(ids)}
    for row in fetch(con, _COUNTS.format(name=_NAME), given).to_pylist():
        if row["sample_id"] in at:
            values[int(row["which"] == "y"), at[row["sample_id"]]] = np.log2(row["cpm"] + 0.25)
    return (XIST, Y_GENES), values, np.zeros(2)
