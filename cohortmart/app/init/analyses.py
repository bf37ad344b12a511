"""Analyses that the samples of a study can answer: each is tried before it is proposed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl

from cohortmart.app.check.analysis import check_analysis
from cohortmart.app.check.measured import Measured, open_samples, read_measured
from cohortmart.app.init.assays import ProposedAssay
from cohortmart.app.init.proposal import Proposal
from cohortmart.core.study.kinds import BETA, COUNTS
from cohortmart.core.study.records import CONTRAST_FAMILIES, Analysis, Study
from cohortmart.core.text import counted
from cohortmart.core.warehouse.quoting import literal

_VALUES = {COUNTS: "voom", BETA: "m_value", "continuous": "measured"}
#: Samples below which nothing is proposed, and the most parts of an assay that are analysed alone.
_FEWEST, _MOST_PARTS = 4, 12
_ADJ_P = 0.05


@dataclass(frozen=True)
class ProposedAnalysis:
    """One analysis, or why there is none.

    Parameters
    ----------
    name : str
    record : dict
        As study.yml has it; empty where nothing can be compared.
    notes : tuple of str
        Why it is as it is.
    others : tuple of str
        Covariates that may be added.
    """

    name: str
    record: dict[str, Any]
    notes: tuple[str, ...] = ()
    others: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Part:
    """Samples of one assay that are compared with each other."""

    name: str
    where: str
    samples: pl.DataFrame


def propose_analyses(proposal: Proposal) -> tuple[ProposedAnalysis, ...]:
    """Propose an analysis for each assay, and for each cell type and visit key of it.

    Parameters
    ----------
    proposal : Proposal

    Raises
    ------
    InputError
        The files contradict each other, as `cohortmart check` would say it.
    """
    study = proposal.study()
    measured = read_measured(study)
    con = open_samples(measured)
    try:
        return tuple(
            _analysis(con, study, proposal, assay, part)
            for assay in _named(study, proposal)
            for part in _parts(study, measured, assay)
        )
    finally:
        con.close()


def _named(study: Study, proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Yield name and kind of every assay, those derived from others behind them."""
    for name, assay in study.assays.items():
        if name not in proposal.derive:
            yield name, assay.kind
    for name in proposal.derive:
        yield name, study.assays[name].kind


def _parts(study: Study, measured: Measured, assay: tuple[str, str]) -> list[_Part]:
    """Part the samples of an assay by cell type and visit key; those with few are left out."""
    frame = measured.frame(assay[0])
    columns = ["cell_type"] if frame["cell_type"].drop_nulls().n_unique() > 1 else []
    columns += [c for c in study.visit_key if frame[c].n_unique() > 1 and not _says_group(frame, c)]
    if not columns:
        return [_Part(assay[0], "", frame)]
    parts = []
    for values, samples in frame.sort("sample_id").group_by(columns, maintain_order=True):
        said = [str(v) for v in values]
        where = [f"{c} = {literal(v)}" for c, v in zip(columns, said, strict=True)]
        name = "_".join([assay[0], *(re.sub(r"[^A-Za-z0-9]+", "_", v).strip("_") for v in said)])
        parts.append(_Part(name, " and ".join(where), samples))
    return sorted(parts, key=lambda p: p.name)[:_MOST_PARTS]


def _says_group(frame: pl.DataFrame, column: str) -> bool:
    """Whether there is one group only within each value of a column."""
    if frame["study_group"].n_unique() < 2:
        return False
    pairs = frame.select(column, "study_group").unique()
    return pairs.height == frame[column].n_unique()


def _analysis(
    con: duckdb.DuckDBPyConnection,
    study: Study,
    proposal: Proposal,
    assay: tuple[str, str],
    part: _Part,
) -> ProposedAnalysis:
    base, why = _base(study, assay, part)
    if not base:
        return ProposedAnalysis(part.name, {}, (why,))
    fitting = _with_contrasts(con, study, part.name, base)
    if not fitting:
        why = "nothing can be compared: too few samples in too many groups and visits"
        return ProposedAnalysis(part.name, {}, (why,))
    notes = [why] if why else []
    batch = next(
        (
            b
            for b in _batches(proposal, part)
            if _takes(con, study, part.name, _with_covariate(fitting, b))
        ),
        None,
    )
    if batch is not None:
        fitting = _with_covariate(fitting, batch)
        notes.append(f"`{batch}` is in the model, as it says how samples were processed")
    others = [c for c in (*study.covariates, *study.factors) if c != batch]
    others = [c for c in others if c not in study.visit_key and _may_adjust(part.samples, c)]
    return ProposedAnalysis(part.name, fitting, tuple(notes), tuple(others))


def _base(study: Study, assay: tuple[str, str], part: _Part) -> tuple[dict[str, Any], str]:
    """Return an analysis without contrasts; or nothing, and why."""
    samples = part.samples
    means = [
        role
        for role, column in (("group", "study_group"), ("timepoint", "timepoint"))
        if samples[column].n_unique() > 1
    ]
    if samples.height < _FEWEST:
        return {}, f"{counted(samples.height, 'sample')} only"
    if not means:
        return {}, "one group and one visit: there is nothing to compare"
    name, kind = assay
    repeats = samples["subject_id"].n_unique() < samples.height
    record: dict[str, Any] = {"assay": name}
    if part.where:
        record["where"] = part.where
    record["values"] = _VALUES[kind]
    if kind == COUNTS:
        record["filter"] = "filter_by_expr"
    record["model"] = {"means": means, **({"block": "subject"} if repeats else {})}
    record["thresholds"] = {"adj_p": _ADJ_P}
    people = study.nouns.subject.many
    why = f"no block: {people} were seen once each" if not repeats else ""
    return record, why


def _with_contrasts(
    con: duckdb.DuckDBPyConnection, study: Study, name: str, base: dict[str, Any]
) -> dict[str, Any]:
    """Add every family of contrasts that can be estimated; nothing if none can."""
    means = base["model"]["means"]
    may = {"time_within_group": "timepoint" in means, "group_within_time": "group" in means,
           "interaction": len(means) == 2}  # fmt: skip
    families = [family for family in CONTRAST_FAMILIES if may[family]]
    if _takes(con, study, name, _comparing(base, families)):
        return _comparing(base, families)
    alone = [f for f in families if _takes(con, study, name, _comparing(base, [f]))]
    return _comparing(base, alone) if alone else {}


def _comparing(base: dict[str, Any], families: Sequence[str]) -> dict[str, Any]:
    return base | {"contrasts": dict.fromkeys(families, "all")}


def _takes(con: duckdb.DuckDBPyConnection, study: Study, name: str, record: dict[str, Any]) -> bool:
    """Whether everything that an analysis asks for can be estimated."""
    return not check_analysis(con, name, Analysis.model_validate(record), study).faulty


def _batches(proposal: Proposal, part: _Part) -> list[str]:
    """Return the batches with few levels, several samples in each, and none missing."""
    names = [b for block in proposal.sheets for b in block.variables.batches]
    found = []
    for name in names:
        values = part.samples[name]
        if values.null_count() or values.n_unique() < 2:
            continue
        sizes = values.value_counts()["count"].to_list()
        if min(sizes) > 1 and 4 * len(sizes) <= part.samples.height:
            found.append(name)
    return sorted(found, key=lambda n: (part.samples[n].n_unique(), names.index(n)))


def _with_covariate(record: dict[str, Any], name: str) -> dict[str, Any]:
    return record | {"model": record["model"] | {"covariates": [name]}}


def _may_adjust(samples: pl.DataFrame, name: str) -> bool:
    """Whether a column is there for most samples and differs between them."""
    values = samples[name].drop_nulls()
    few = samples.schema[name].is_numeric() or 4 * values.n_unique() <= samples.height
    return few and values.n_unique() > 1 and 5 * len(values) >= 4 * samples.height


def assay_of(proposal: Proposal, name: str) -> ProposedAssay | None:
    """Return the assay of a name; None for a derived one."""
    return next((a for a in proposal.assays if a.name == name), None)


def records(analyses: Sequence[ProposedAnalysis]) -> dict[str, dict[str, Any]]:
    """Return the analyses that can be computed, by their names."""
    return {a.name: a.record for a in analyses if a.record}
