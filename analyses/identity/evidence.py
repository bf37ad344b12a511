"""Evidence of identity: every kind of data that says whose a sample is."""

from __future__ import annotations

import duckdb

from analyses.identity.genotypes import genotypes
from analyses.identity.links import links
from analyses.identity.samples import identity_samples
from analyses.identity.sexes import sexes
from analyses.identity.verdicts import Found
from analyses.stats.identity.person_posterior import person_posterior
from cohortmart.core.study.records import Study


def find_identities(con: duckdb.DuckDBPyConnection, study: Study) -> Found:
    """Ask all evidence of all samples, and combine it into one posterior a sample.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    study : Study
    """
    samples = identity_samples(con, study)
    of_genotypes, of_sexes = genotypes(con, samples), sexes(con, samples)
    evidence = [of_genotypes.evidence, of_sexes.evidence, links(con, study, samples)]
    posterior = person_posterior(evidence, samples.said, len(samples.people))
    return Found(samples, of_genotypes, of_sexes, evidence, posterior)
