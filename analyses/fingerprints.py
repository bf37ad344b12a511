"""What the results of an analysis depend on: as long as that is the same, they stay."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.study.records import Analysis, Study
from cohortmart.core.warehouse.home import Home

#: Keys of an analysis on which its contrasts do not depend.
_OF_FINDINGS = {
    "thresholds", "permutations", "sensitivity", "dmp_deg", "enrichment", "modules",
}  # fmt: skip
#: Raised when the same inputs and parameters would give other numbers than before.
ENGINE_VERSION = "5"


def dependencies(study: Study, analysis: Analysis, inputs: dict[str, str]) -> dict[str, Any]:
    """Collect everything that the contrasts of an analysis depend on.

    Parameters
    ----------
    study : Study
    analysis : Analysis
    inputs : dict
        See `lake_inputs`.
    """
    return {
        "analysis": analysis.model_dump(mode="json", exclude=_OF_FINDINGS),
        "clip": study.assays[analysis.assay].m_value_clip,
        "timepoints": study.timepoints,
        "groups": study.groups,
        "factors": study.factors,
        "covariates": study.covariates,
        "inputs": inputs,
        "engine": ENGINE_VERSION,
        "versions": library_versions(),
    }


def lake_inputs(home: Home, analysis: Analysis) -> dict[str, str]:
    """Name the lake files an analysis reads; their names carry the hash of their content."""
    wanted = {"sample", "assay", "matrix_sample"}
    if analysis.values in ("m_value", "beta"):  # which probes are kept
        wanted |= {"probe", "probe_mask"}
    return {
        f"{e.table_name}:{e.part}": e.path
        for e in read_current(home.lake)
        if (e.table_name in wanted and ":" not in e.part)
        or (
            e.table_name in ("matrix", "matrix_sample")
            and e.part.rsplit(":", 1)[0] == analysis.assay
        )
    }


@cache
def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that can move a number."""
    return {name: version(name) for name in ("duckdb", "formulaic", "numpy", "polars", "scipy")}
