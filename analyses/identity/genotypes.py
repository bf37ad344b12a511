"""Genotypes of a study: the rs probes of its arrays, called and compared."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from analyses.identity.samples import IdentitySamples
from analyses.stats.identity.genotype_agreement import (
    GenotypeAgreement,
    agreement,
    genotype_frequencies,
    relative_density,
)
from analyses.stats.identity.genotype_mixture import (
    CONTAMINATED,
    GenotypeCalls,
    call_genotypes,
    contamination_score,
    fit_clean_genotypes,
)
from analyses.stats.identity.genotype_person import genotype_groups, person_likelihood
from analyses.stats.identity.person_posterior import PersonEvidence
from cohortmart.core.study.kinds import BETA
from cohortmart.core.types import Bools, Floats, Ints
from cohortmart.core.warehouse.home import fetch

GENOTYPE = "genotype"
#: An array with fewer SNPs tells nothing.
FEWEST_SNPS = 10

#: EPIC v2 has a SNP more than once (rs10033147_TC11): the mean of what it has.
_BETAS = """
    select regexp_extract(probe_id, '^rs[0-9]+') as snp, sample_id, avg(beta) as beta
    from fct_identity_probe
    where assay = $1 and beta is not null and not isnan(beta)
    group by all
    order by snp, sample_id
"""


@dataclass(frozen=True, eq=False)
class Genotypes:
    """What the arrays of a study say of genotypes.

    Parameters
    ----------
    rows : ndarray of int of shape (n_arrays,)
        Rows of the samples with enough SNPs.
    compared : GenotypeAgreement
        Of these arrays.
    groups : ndarray of int of shape (n_arrays,)
        Arrays of one group have the same genotypes.
    n_snps : ndarray of int of shape (n_samples,)
        SNPs of every sample of the study; 0 where it has none.
    score : ndarray of shape (n_samples,)
        Contamination score; NaN without enough SNPs.
    contaminated : ndarray of bool of shape (n_samples,)
        The score is above the bound, in an assay whose clean arrays taught where genotypes lie.
    evidence : PersonEvidence
    """

    rows: Ints
    compared: GenotypeAgreement
    groups: Ints
    n_snps: Ints
    score: Floats
    contaminated: Bools
    evidence: PersonEvidence


def genotypes(con: duckdb.DuckDBPyConnection, samples: IdentitySamples) -> Genotypes:
    """Call the genotypes of all arrays, a mixture for each assay, and compare the arrays.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    samples : IdentitySamples
    """
    snps, calls, is_learnt = _called(con, samples)
    n_rows, n_people = samples.frame.height, len(samples.people)
    n_snps: Ints = np.isfinite(calls.outlier).sum(axis=0) if snps else np.zeros(n_rows, np.int64)
    rows = np.flatnonzero(n_snps >= FEWEST_SNPS)
    likelihood = np.zeros((n_rows, n_people + 1))
    score = np.full(n_rows, np.nan)
    of_arrays = GenotypeCalls(
        calls.genotype[:, :, rows], calls.outlier[:, rows], calls.density[:, :, rows]
    )
    said = samples.said[rows]
    weights = 1.0 / np.maximum(np.bincount(said, minlength=n_people)[said], 1)
    frequencies = genotype_frequencies(of_arrays, weights)
    compared = agreement(of_arrays, frequencies)
    groups = genotype_groups(compared.log_ratio)
    if rows.size:
        score[rows] = contamination_score(of_arrays)
        relative = relative_density(of_arrays, frequencies)
        likelihood[rows] = person_likelihood(relative, frequencies, groups, said, n_people)
    contaminated: Bools = is_learnt & (score > CONTAMINATED)
    evidence = PersonEvidence(GENOTYPE, likelihood)
    return Genotypes(rows, compared, groups, n_snps, score, contaminated, evidence)


def _called(
    con: duckdb.DuckDBPyConnection, samples: IdentitySamples
) -> tuple[list[str], GenotypeCalls, Bools]:
    """Return the SNPs of all arrays, what they say and whether clean ones taught how to read them.

    What they say is (n_snps, n_samples); NaN = not there.
    """
    found: dict[str, pl.DataFrame] = {}
    for assay in samples.of_kind(BETA):
        long = pl.DataFrame(fetch(con, _BETAS, [assay]))
        if long.height:
            found[assay] = long.pivot("sample_id", index="snp", values="beta")
    snps = sorted({snp for wide in found.values() for snp in wide["snp"]}, key=str.encode)
    shape = (len(snps), samples.frame.height)
    genotype, outlier = np.full((3, *shape), np.nan), np.full(shape, np.nan)
    density = np.full((3, *shape), np.nan)
    is_learnt = np.zeros(shape[1], dtype=np.bool_)
    for assay, wide in found.items():
        rows_of = samples.rows_of(assay)
        names = [name for name in wide.columns if name != "snp" and name in rows_of]
        betas = wide.select(names).to_numpy().astype(np.float64)
        mixture, of_clean = fit_clean_genotypes(betas)
        calls = call_genotypes(betas, mixture)
        columns = [rows_of[n] for n in names]
        is_learnt[columns] = of_clean
        at = np.ix_([snps.index(snp) for snp in wide["snp"]], columns)
        outlier[at] = calls.outlier
        for g in range(3):
            genotype[g][at], density[g][at] = calls.genotype[g], calls.density[g]
    return snps, GenotypeCalls(genotype, outlier, density), is_learnt
