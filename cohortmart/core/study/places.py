"""Which record stands where in study.yml, and how a user would say it."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmart.core.study.findings_records import (
    DmpDeg,
    Enrichment,
    GenesOfContrast,
    Modules,
    Rebound,
)
from cohortmart.core.study.model_records import (
    Curve,
    Model,
    Moderation,
    Permutations,
    Sensitivity,
    Voom,
)
from cohortmart.core.study.records import (
    Analysis,
    Assay,
    BeadFilter,
    Combat,
    CombatSeq,
    NormaliseStep,
    ProbeFilter,
    ReadOptions,
    Reference,
    SampleSheet,
    Study,
    Thresholds,
)
from cohortmart.core.study.values import Record
from cohortmart.core.study.yaml_positions import KeyPath

#: Where each record stands, as a user would say it.
PLACES: Mapping[type[Record], str] = {
    Study: "the top level",
    SampleSheet: "`samples`",
    Assay: "an assay",
    ReadOptions: "`read`",
    ProbeFilter: "`filter`",
    BeadFilter: "`beads`",
    NormaliseStep: "`normalise`",
    Combat: "`combat`",
    CombatSeq: "`combat_seq`",
    Analysis: "an analysis",
    Model: "`model`",
    Curve: "`curve`",
    Voom: "`voom`",
    Moderation: "`moderation`",
    Thresholds: "`thresholds`",
    Permutations: "`permutations`",
    Sensitivity: "`sensitivity`",
    Rebound: "`rebound`",
    DmpDeg: "`dmp_deg`",
    Enrichment: "`enrichment`",
    GenesOfContrast: "a list of `from_contrasts`",
    Modules: "`modules`",
    Reference: "`reference`",
}
_NESTED: Mapping[str, type[Record]] = {
    "read": ReadOptions,
    "filter": ProbeFilter,
    "voom": Voom,
    "model": Model,
    "moderation": Moderation,
    "thresholds": Thresholds,
    "permutations": Permutations,
    "sensitivity": Sensitivity,
    "rebound": Rebound,
    "dmp_deg": DmpDeg,
    "enrichment": Enrichment,
    "modules": Modules,
}


def record_at(path: KeyPath) -> type[Record] | None:
    """Return the record whose keys stand at `path`, or None where keys are free names."""
    match path:
        case ():
            return Study
        case ("samples", int()):
            return SampleSheet
        case ("reference",):
            return Reference
        case ("assays", str()):
            return Assay
        case ("analyses", str()):
            return Analysis
        case ("assays", str(), "filter", "beads"):
            return BeadFilter
        case ("assays", str(), "normalise", int()):
            return NormaliseStep
        case ("assays", str(), "normalise", int(), "combat"):
            return Combat
        case ("assays", str(), "normalise", int(), "combat_seq"):
            return CombatSeq
        case ("analyses", str(), "model", "curve"):
            return Curve
        case ("analyses", str(), "enrichment", "from_contrasts", str()):
            return GenesOfContrast
        case ("assays", str(), "read" | "filter") | ("analyses", str(), str()):
            return _NESTED.get(str(path[-1]))
    return None


def within(record: type[Record]) -> str:
    """Say where the keys of a record stand: "in `model`", "at the top level"."""
    return f"{'at' if record is Study else 'in'} {PLACES[record]}"
