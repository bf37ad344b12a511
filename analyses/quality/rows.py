"""Rows of the quality tables: what was found of a set of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from analyses.quality.sample_sets import ALL_SAMPLES, SampleSet
from analyses.quality.variables import Variable, associated, explained, pairs_of, read_variables
from analyses.stats.ordination.principal_components import (
    PrincipalComponents,
    SampleSums,
    principal_components,
    sample_correlation,
)
from analyses.write.columns import table_of
from cohortmart.core.types import Floats


def rows_of_set(
    assay: str,
    one: SampleSet,
    samples: pl.DataFrame,
    kinds: Mapping[str, str],
    sums: SampleSums,
    mds: Floats,
) -> dict[str, pa.Table]:
    """Return the rows of every quality table for one set of samples.

    Parameters
    ----------
    assay : str
    one : SampleSet
    samples : polars.DataFrame
        Rows of `dim_sample` of the set, by sample_id.
    kinds : mapping of str to str
        The variables of the study, see `variable_kinds`.
    sums : SampleSums
        Of the features of the set.
    mds : ndarray of shape (n_samples, n_dimensions)
        Coordinates of the map.
    """
    ids = samples["sample_id"].to_list()
    components = principal_components(sums)
    variables = read_variables(samples, kinds)
    columns = {
        "sample_set": _of_set(one, sums.n_features),
        "pca_component": {
            "component": np.arange(1, len(components.shares) + 1),
            "variance_share": np.minimum(components.shares, 1.0),  # 1 + 2e-16 is rounding
        },
        "pca_score": _by_sample(ids, components.scores, "component", "score"),
        "pca_covariate": _covariates(components, variables),
        "mds_coordinate": _by_sample(ids, mds, "dimension", "coordinate"),
        "sample_correlation": _correlations(ids if one.name == ALL_SAMPLES else [], sums),
        "variable_association": _associations(variables),
    }
    return {
        name: table_of(name, {"assay": assay, "sample_set": one.name, **given})
        for name, given in columns.items()
    }


def _of_set(one: SampleSet, n_features: int) -> dict[str, Any]:
    """Name the analyses of a set; that of all samples has a row for itself before them."""
    analyses = [*([None] if one.name == ALL_SAMPLES else []), *one.analyses]
    return {
        "analysis": analyses,
        "n_samples": [len(one.columns)] * len(analyses),
        "n_features": [n_features] * len(analyses),
    }


def _by_sample(ids: Sequence[str], values: Floats, number: str, value: str) -> dict[str, Any]:
    """Unroll (n_samples, n_axes) axis by axis."""
    n = values.shape[1]
    return {
        "sample_id": list(ids) * n,
        number: np.repeat(np.arange(1, n + 1), len(ids)),
        value: values.T.ravel(),
    }


def _covariates(components: PrincipalComponents, variables: Sequence[Variable]) -> dict[str, Any]:
    """Fit every component on every variable."""
    rows: dict[str, list[Any]] = {
        column: []
        for column in (
            "component",
            "variable",
            "kind",
            "n_samples",
            "df1",
            "df2",
            "r_squared",
            "f",
            "p_value",
        )
    }
    n = len(components.shares)
    for variable in variables:
        found = explained(components.scores, variable)
        if found is None:
            continue
        n_samples, fit = found
        rows["component"] += range(1, n + 1)
        rows["variable"] += [variable.name] * n
        rows["kind"] += [variable.kind] * n
        rows["n_samples"] += [n_samples] * n
        rows["df1"] += [fit.df1] * n
        rows["df2"] += [fit.df2] * n
        rows["r_squared"] += fit.r_squared.tolist()
        rows["f"] += fit.f.tolist()
        rows["p_value"] += fit.p_value.tolist()
    return rows


def _correlations(ids: Sequence[str], sums: SampleSums) -> dict[str, Any]:
    """List every pair of samples once."""
    names = np.asarray(ids, dtype=object)
    i, j = np.triu_indices(len(names), 1)
    return {
        "first_sample_id": names[i],
        "second_sample_id": names[j],
        "r": sample_correlation(sums)[i, j],
    }


def _associations(variables: Sequence[Variable]) -> dict[str, Any]:
    """Compare every pair of variables."""
    pairs = [(a, b, associated(a, b)) for a, b in pairs_of(variables)]
    found = [(a.name, b.name, both) for a, b, both in pairs if both is not None]
    return {
        "first_variable": [a for a, _, _ in found],
        "second_variable": [b for _, b, _ in found],
        "statistic": [both.statistic for _, _, both in found],
        "n_samples": [both.n_samples for _, _, both in found],
        "strength": [both.strength for _, _, both in found],
        "p_value": [both.p_value for _, _, both in found],
    }
