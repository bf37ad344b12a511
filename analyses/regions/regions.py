"""Regions of an analysis of betas: candidates of every contrast beside those that chance gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from analyses.fingerprints import fitted_again
from analyses.fit.prepare import ModelInputs
from analyses.regions.neighbourhood import Neighbourhood, neighbourhood
from analyses.regions.places import Places, places_of
from analyses.regions.second import second_columns, second_contrasts
from analyses.regions.stored import StoredFeatures, stored_contrast, stored_features
from analyses.regions.tables import region_columns, summary_columns
from analyses.stats.regions.chance import Chance, chance_regions
from analyses.stats.regions.correlation import NeighbourCorrelation, neighbour_correlation
from analyses.stats.regions.regions import candidate_regions
from analyses.step import Made, Run, Step, Tables
from analyses.write.columns import table_of
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.findings_records import Dmr
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted
from cohortmart.core.warehouse.home import Home

#: Raised when the same contrasts would give other regions than before.
REGIONS_VERSION = "1"
#: Residual degrees of freedom from which the family-wise error was seen to hold (calibration).
FEWEST_DF = 4
_SEED = 16
TABLES = ("dmr", "dmr_probe", "dmr_summary", "dmr_second")


def region_tables(
    con: duckdb.DuckDBPyConnection,
    inputs: ModelInputs,
    name: str,
    options: Dmr,
    say: Callable[[str], None],
) -> Tables:
    """Find the regions of every contrast of an analysis.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse, with the views of the new results.
    inputs : ModelInputs
        Of the analysis.
    name : str
        Of the analysis.
    options : Dmr
    say : callable
        Takes one line of progress.

    Returns
    -------
    mapping of str to iterable of pyarrow.Table
        `dmr`, `dmr_probe`, `dmr_summary`, and `dmr_second` of the pairs of `rebound`.

    Raises
    ------
    AnalysisError
        No CpG has a place.
    """
    features = stored_features(con, name)
    places = places_of(con, features.feature_ids)
    _refuse_without_places(name, places)
    if places.n_unplaced:
        say(
            f"{places.n_unplaced:,} of {len(features.feature_ids):,} tested CpGs are in no region, "
            "as the manifest does not say where they lie"
        )
    around = neighbourhood(inputs, features.feature_ids, places, options)
    note = _note(around, options)
    if note is not None:
        say(f"WARNING: no regions: {note}")
        summaries = [
            table_of("dmr_summary", summary_columns(name, contrast, options, places, around, note))
            for contrast in features.contrasts
        ]
        return {table: [] for table in TABLES} | {"dmr_summary": summaries}
    correlation = neighbour_correlation(around.residuals.unit, around.beside)
    chance = _chance(features, around, correlation, options)
    return _of_contrasts(con, name, features, places, around, correlation, chance, options, say)


def _refuse_without_places(name: str, places: Places) -> None:
    if places.n_unplaced == len(places.chromosome):
        raise AnalysisError(
            f"analysis {name}: `dmr` needs to know where the CpGs lie",
            expected="a manifest under `reference` with the chromosome and position of its CpGs",
            found="none of the tested CpGs has both",
            hint="name a manifest of the array that has them, or leave `dmr` out",
        )


def _note(around: Neighbourhood, options: Dmr) -> str | None:
    """Say why nothing can be said of regions, if so."""
    df = around.residuals.unit.shape[1]
    if df < FEWEST_DF:
        return (
            f"the model leaves {counted(df, 'residual degree')} of freedom, and how neighbours "
            f"correlate takes at least {FEWEST_DF}"
        )
    if not len(around.beside.rows):
        return (
            f"nowhere do {options.minimum_probes} tested CpGs lie within "
            f"{options.maximum_gap} bases of their neighbours"
        )
    return None


def _chance(
    features: StoredFeatures,
    around: Neighbourhood,
    correlation: NeighbourCorrelation,
    options: Dmr,
) -> Chance:
    rows = around.beside.rows
    return chance_regions(
        around.residuals,
        features.df_prior[rows],
        features.s2_prior[rows],
        correlation,
        around.beside,
        options.p,
        options.rotations,
        _SEED,
    )


def _of_contrasts(
    con: duckdb.DuckDBPyConnection,
    name: str,
    features: StoredFeatures,
    places: Places,
    around: Neighbourhood,
    correlation: NeighbourCorrelation,
    chance: Chance,
    options: Dmr,
    say: Callable[[str], None],
) -> Tables:
    """Find the regions contrast by contrast; all tables go by contrast, regions by place."""
    tables: dict[str, list[pa.Table]] = {table: [] for table in TABLES}
    rows, n_found, n_with = around.beside.rows, 0, 0
    following = second_contrasts(con, name)
    for contrast in features.contrasts:
        of = stored_contrast(con, name, contrast, features)
        found = candidate_regions(
            of.estimate[rows], of.se[rows], of.df[rows], correlation, around.beside, options.p
        )
        labels = {"analysis": name, "contrast": contrast}
        regions, members = region_columns(found, chance, of, features, places, around)
        tables["dmr"].append(table_of("dmr", {**labels, **regions}))
        tables["dmr_probe"].append(table_of("dmr_probe", {**labels, **members}))
        for second in following.get(contrast, ()):
            there = stored_contrast(con, name, second, features)
            columns = second_columns(found, chance, there, rows, correlation)
            pair = {"analysis": name, "first_contrast": contrast, "second_contrast": second}
            ids = {"region_id": regions["region_id"]}
            tables["dmr_second"].append(table_of("dmr_second", {**pair, **ids, **columns}))
        n = int((regions["adj_p_value"] <= 0.05).sum())
        n_found, n_with = n_found + n, n_with + (n > 0)
        summary = summary_columns(name, contrast, options, places, around) | {
            "n_tested": int(np.isfinite(of.se[rows]).sum()),
            "n_regions": len(found.p_value),
            "n_found": n,
            "n_by_chance": len(chance.p_value) / options.rotations,
            "found_below": chance.threshold(0.05),
            "n_rotations": options.rotations,
            "shrunk": correlation.share,
        }
        tables["dmr_summary"].append(table_of("dmr_summary", summary))
    say(
        f"{counted(n_found, 'region')} in {counted(n_with, 'contrast')} of "
        f"{len(features.contrasts)} (family-wise P of at most 0.05); "
        f"{len(chance.p_value) / options.rotations:,.1f} candidates a contrast by chance"
    )
    return tables


def _options(study: Study, name: str) -> Any:
    wanted = study.analyses[name].dmr
    return None if wanted is None else wanted.model_dump(mode="json")


def _inputs(study: Study, home: Home, name: str, options: Any) -> dict[str, Any]:
    return {**fitted_again(study, home, name, options), "version": REGIONS_VERSION}


def _make(run: Run) -> Made:
    options = run.study.analyses[run.name].dmr
    assert options is not None
    con, inputs = run.with_results, run.preparation.inputs()
    return Made(region_tables(con, inputs, run.name, options, run.say))


REGIONS = Step(
    name="regions",
    title="regions",
    tables=TABLES,
    options=_options,
    inputs=_inputs,
    make=_make,
)
