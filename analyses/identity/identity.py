"""Identity of the samples of a study: the step, its tables and what they depend on."""

from __future__ import annotations

from collections import Counter
from typing import Any

from analyses.fingerprints import GENE_NAMES, library_versions
from analyses.identity.evidence import find_identities
from analyses.identity.pairs import agreements, odd_pairs
from analyses.identity.verdicts import AS_SAID, CANNOT_TELL, verdict_frame, verdicts
from analyses.step import Made, Run, Step
from analyses.write.columns import table_of
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.study.records import Study
from cohortmart.core.study.sex import sex_column
from cohortmart.core.text import counted
from cohortmart.core.warehouse.home import Home

#: Raised when the same samples and values would give other numbers than before.
IDENTITY_VERSION = "3"
TABLES = ("identity", "identity_pair", "genotype_agreement")
#: Tables of the lake that are read, those of every assay among them.
_READ = {"sample", "assay", "matrix", "matrix_sample", "probe", "probe_mask", *GENE_NAMES}


def _options(study: Study, _name: str) -> dict[str, Any]:
    return {"version": IDENTITY_VERSION, "sex": sex_column(study), "factors": list(study.factors)}


def _inputs(study: Study, home: Home, _name: str, options: Any) -> dict[str, Any]:
    """Name what is read: of every assay that was measured, all layers."""
    measured = set(study.measured_assays)
    files = [
        e
        for e in read_current(home.lake)
        if e.table_name in _READ and (":" not in e.part or e.part.split(":")[0] in measured)
    ]
    inputs = {f"{e.table_name}:{e.part}": e.path for e in files}
    return {**options, "inputs": inputs, "versions": library_versions()}


def _make(run: Run) -> Made:
    found = find_identities(run.warehouse, run.study)
    told = verdicts(found)
    frame = verdict_frame(found, told)
    tables = {
        "identity": [table_of("identity", {c: frame[c].to_arrow() for c in frame.columns})],
        "identity_pair": [table_of("identity_pair", odd_pairs(found, told))],
        "genotype_agreement": [table_of("genotype_agreement", agreements(found))],
    }
    return Made(tables, _said(Counter(v.verdict for v in told)))


def _said(numbers: Counter[str]) -> str:
    """Say how many samples are as the sheet says, and what the others are."""
    n = sum(numbers.values())
    odd = [
        f"{number} {verdict}"
        for verdict, number in sorted(numbers.items())
        if verdict not in (AS_SAID, CANNOT_TELL)
    ]
    said = ", ".join(odd) or "none odd"
    return (
        f"{counted(n, 'sample')}: {numbers[AS_SAID]} as said, {said}, "
        f"{numbers[CANNOT_TELL]} that cannot be told"
    )


IDENTITY = Step(
    name="identity",
    title="identity",
    tables=TABLES,
    options=_options,
    inputs=_inputs,
    make=_make,
    needs=None,
    of="study",
)
