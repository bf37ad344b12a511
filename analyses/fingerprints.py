"""Fingerprints of results: what each step depends on; while that is the same, they stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from analyses.load.pending_results import default_adj_p
from cohortmart.core.lake.file_manifest import Entry, read_current
from cohortmart.core.lake.layers import is_derived
from cohortmart.core.study.records import STEP_KEYS, Analysis, Study
from cohortmart.core.warehouse.home import Home

#: Tables that the contrasts of an analysis are written to together; other steps read them.
CONTRAST_TABLES = (
    "contrast", "contrast_result", "joint_test", "analysis_run", "rebound_pair", "rebound",
    "rebound_difference", "contrast_correlation", "analysis_note", "design_value",
    "contrast_weight", "voom_trend",
)  # fmt: skip
#: Tables of the lake from which the names of genes follow.
GENE_NAMES = ("probe_gene", "feature", "gene", "gene_match", "gene_translation")
#: Raised when the same inputs and parameters would give other numbers than before.
ENGINE_VERSION = "6"
#: Raised when the same contrasts would give other findings than before.
FINDINGS_VERSION = "3"


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
        "analysis": analysis.model_dump(mode="json", exclude=set(STEP_KEYS)),
        "clip": study.assays[analysis.assay].m_value_clip,
        "timepoints": study.timepoints,
        "groups": study.groups,
        "factors": study.factors,
        "covariates": study.covariates,
        "inputs": inputs,
        "engine": ENGINE_VERSION,
        "versions": library_versions(),
    }


def fitted_again(study: Study, home: Home, name: str, options: Any) -> dict[str, Any]:
    """Collect what a step depends on that fits the model of an analysis again.

    Parameters
    ----------
    study : Study
    home : Home
    name : str
        Of the analysis.
    options : any
        Of the step.
    """
    analysis = study.analyses[name]
    of_analysis = dependencies(study, analysis, lake_inputs(home, analysis, analysis.model.names))
    return {"analysis": of_analysis, "options": options}


@dataclass(frozen=True)
class OfResults:
    """What a step depends on that reads results: their files, and tables of the lake.

    Parameters
    ----------
    step : str
        Its name.
    analyses : callable
        Analyses whose contrasts it reads.
    lake : tuple of str
        Tables of the lake that it reads itself.
    findings : tuple of str
        Tables of earlier findings that it reads.
    """

    step: str
    analyses: Callable[[Study, str], tuple[str, ...]]
    lake: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    def __call__(self, study: Study, home: Home, name: str, options: Any) -> dict[str, Any]:
        """Collect it for one analysis."""
        current = read_current(home.results)
        tables = {*CONTRAST_TABLES, "threshold", *self.findings}
        read: list[Entry] = []
        for analysis in self.analyses(study, name):
            read += [e for e in current if e.part == analysis and e.table_name in tables]
        # features of derived assays stand in parts of their own, and are no genes or probes
        lake = (e for e in read_current(home.lake) if not is_derived(e))
        annotation = [e for e in lake if e.table_name in self.lake]
        return {
            "step": self.step,
            "version": FINDINGS_VERSION,
            "default_adj_p": default_adj_p(),
            "options": options,
            "results": [e.path for e in read],
            "annotation": [e.path for e in annotation],
        }


def lake_inputs(home: Home, analysis: Analysis, covariates: Sequence[str] = ()) -> dict[str, str]:
    """Name the lake files an analysis reads; their names carry the hash of their content.

    Parameters
    ----------
    home : Home
    analysis : Analysis
        Its assay and values.
    covariates : sequence of str
        Of its model: those that are numbers of assays are read, too.
    """
    wanted = {"sample", "assay", "matrix_sample"}
    if analysis.values in ("m_value", "beta"):  # which probes are kept
        wanted |= {"probe", "probe_mask"}

    def is_read(assay: str) -> bool:
        return assay == analysis.assay or any(c.startswith(f"{assay}.") for c in covariates)

    return {
        f"{e.table_name}:{e.part}": e.path
        for e in read_current(home.lake)
        if (e.table_name in wanted and ":" not in e.part)
        or (e.table_name in ("matrix", "matrix_sample") and is_read(e.part.rsplit(":", 1)[0]))
    }


@cache
def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that can move a number."""
    return {name: version(name) for name in ("duckdb", "formulaic", "numpy", "polars", "scipy")}
