"""Links: what levels of genes, CpGs and proteins that are bound to people say of each sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from analyses.identity.samples import IdentitySamples
from analyses.load.streamed import Expression, KeptBetas, Measurements, StreamedMatrix
from analyses.stats.identity.cis_pairs import PairSide, cis_scores
from analyses.stats.identity.person_bound import BoundFeatures, bound_features
from analyses.stats.identity.person_link import (
    PersonLink,
    combined_link,
    person_link,
    references_of,
    within_scores,
)
from analyses.stats.identity.person_posterior import PersonEvidence
from analyses.stats.methylation.m_value import m_value
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS
from cohortmart.core.study.records import Study
from cohortmart.core.types import Bools, Floats, Ints
from cohortmart.core.warehouse.home import fetch
from cohortmart.core.warehouse.quoting import identifier

LINK = "levels"
#: Betas are clipped so that one at 0 or 1 is not far from all others.
_CLIP = 0.01
#: A level with fewer samples has no mean of its own: nothing would be left of them.
_FEWEST_OF_LEVEL = 4
#: The design may take this part of the samples' degrees of freedom.
_MOST_OF_DESIGN = 1 / 3
#: Group, timepoint and cell type; behind them the study's own factors.
_STRUCTURE = 3
_MOST_LEVERAGE = 0.9
_KEPT_SAMPLES = {
    COUNTS: "select sample_id from qc_sample where assay = $1",
    BETA: "select sample_id from intermediate.int_beta__kept_samples where assay = $1",
    CONTINUOUS: "select sample_id from intermediate.int_measure__samples where assay = $1",
}
#: A gene and a CpG that the manifest puts in it, or in its promoter.
_PAIRS = """
    select distinct g.gene_id, b.probe_id
    from dim_gene as g
    inner join bridge_probe_gene as b on g.gene_name = b.gene_name
    where list_contains($1::varchar[], g.gene_id) and list_contains($2::varchar[], b.probe_id)
    order by g.gene_id, b.probe_id
"""


@dataclass(frozen=True, eq=False)
class _Assay:
    """Bound features of an assay, and where its samples stand among those of the study."""

    kind: str
    names: list[str]
    bound: BoundFeatures
    rows: Ints
    said: Ints


def links(con: duckdb.DuckDBPyConnection, study: Study, samples: IdentitySamples) -> PersonEvidence:
    """Compare every sample with every person, within its assay and with those of other kinds.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    study : Study
    samples : IdentitySamples
    """
    n_people = len(samples.people)
    every = (
        _read(con, study, samples, assay, kind)
        for kind in (COUNTS, BETA, CONTINUOUS)
        for assay in samples.of_kind(kind)
    )
    assays = [one for one in every if len(one.rows)]
    found: list[list[PersonLink]] = [
        [
            person_link(
                within_scores(one.bound, one.said),
                references_of(one.said, n_people),
                one.said,
                one.bound.counts,
            )
        ]
        for one in assays
    ]
    for i, genes in enumerate(assays):
        for j, probes in enumerate(assays):
            if (genes.kind, probes.kind) == (COUNTS, BETA):
                of_genes, of_probes = _between(con, genes, probes, n_people)
                found[i].append(of_genes)
                found[j].append(of_probes)
    likelihood = np.zeros((samples.frame.height, n_people + 1))
    reasons = [""] * samples.frame.height
    for one, of_assay in zip(assays, found, strict=True):
        combined = combined_link(of_assay, one.said)
        likelihood[one.rows] = combined.log_likelihood
        for row in one.rows:
            reasons[row] = combined.reason
    return PersonEvidence(LINK, likelihood, tuple(reasons))


def _read(
    con: duckdb.DuckDBPyConnection, study: Study, samples: IdentitySamples, assay: str, kind: str
) -> _Assay:
    """Choose the features of an assay that tell people apart, in one pass."""
    kept = set(fetch(con, _KEPT_SAMPLES[kind], [assay])["sample_id"].to_pylist())
    rows_of = {name: row for name, row in samples.rows_of(assay).items() if name in kept}
    ids, rows = list(rows_of), np.array(list(rows_of.values()), dtype=np.int64)
    said, names = samples.said[rows], []
    if not ids:
        nothing = np.zeros((0, 0))
        return _Assay(kind, [], BoundFeatures(rows, nothing, nothing, nothing), rows, said)
    design = _design(con, study, ids, said)
    streamed: StreamedMatrix = (
        Expression(con, assay, ids, column="log2_cpm")
        if kind == COUNTS
        else (KeptBetas if kind == BETA else Measurements)(con, assay, ids)
    )

    def blocks() -> Iterator[Floats]:
        for block_names, values in streamed.blocks():
            names.append(block_names)
            yield m_value(values, _CLIP) if kind == BETA else values

    n_people = len(samples.people)
    bound = bound_features(one_ahead(blocks()), design, said, n_people)
    every = pa.concat_arrays(names) if names else pa.array([], pa.string())
    return _Assay(kind, every.take(pa.array(bound.rows)).to_pylist(), bound, rows, said)


def _design(con: duckdb.DuckDBPyConnection, study: Study, ids: list[str], said: Ints) -> Floats:
    """Return what moves a level beside the person: group, timepoint, cell type, then the factors.

    A factor that stays the same in every person is the person's own. Later factors are left out
    when all together would take more than a third of the samples.
    """
    columns = ["study_group", "timepoint", "cell_type", *study.factors]
    chosen = ", ".join(f"cast({identifier(c)} as varchar) as c{i}" for i, c in enumerate(columns))
    query = (
        f"select sample_id, {chosen} from dim_sample where list_contains($1::varchar[], sample_id)"
    )
    frame = pl.DataFrame({"sample_id": ids}, schema={"sample_id": pl.String}).join(
        pl.DataFrame(fetch(con, query, [ids])), on="sample_id", how="left", maintain_order="left"
    )
    design, n_columns = np.ones((len(ids), 1)), 1
    for i in range(len(columns)):
        level = frame[f"c{i}"].fill_null("")
        size = Counter(level.to_list())
        # the largest level is what the others, and those of few samples, are compared with
        largest = max(sorted(size, key=str.encode), key=lambda one: size[one], default="")
        enough = (k for k, n in size.items() if n >= _FEWEST_OF_LEVEL and k != largest)
        known = sorted(enough, key=str.encode)
        own = pl.DataFrame({"person": said, "level": level}).unique().height
        if i >= _STRUCTURE and own == len(np.unique(said)):
            continue
        if design.shape[1] + len(known) <= max(_MOST_OF_DESIGN * len(ids), 1.0):
            more = [(level == one).to_numpy().astype(np.float64) for one in known]
            design = np.column_stack([design, *more])
        if i == _STRUCTURE - 1:
            n_columns = design.shape[1]
    # a sample that is alone in its batch and cell type counts to the largest batch
    design[_alone(design), n_columns:] = 0.0
    return design


def _alone(design: Floats) -> Bools:
    """Tell which samples a design fits nearly by themselves: of them nothing would be left."""
    basis, sizes, _ = np.linalg.svd(design, full_matrices=False)
    kept = basis[:, sizes > 1e-9 * sizes.max(initial=1e-300)]
    alone: Bools = (kept**2).sum(axis=1) > _MOST_LEVERAGE
    return alone


def _between(
    con: duckdb.DuckDBPyConnection, genes: _Assay, probes: _Assay, n_people: int
) -> tuple[PersonLink, PersonLink]:
    """Compare the samples of each assay with people by the other one."""
    pairs = pl.DataFrame(fetch(con, _PAIRS, [genes.names, probes.names]))
    at = [
        np.array([places[name] for name in pairs[column]], dtype=np.int64)
        for column, places in (
            ("gene_id", {name: i for i, name in enumerate(genes.names)}),
            ("probe_id", {name: i for i, name in enumerate(probes.names)}),
        )
    ]
    sides = [
        PairSide(one.bound.values[places], one.bound.moves[places], one.said)
        for one, places in zip((genes, probes), at, strict=True)
    ]
    scored = cis_scores(sides[0], sides[1], n_people)
    of = []
    for scores, one, other in (
        (scored.first, genes, probes), (scored.second, probes, genes),
    ):  # fmt: skip
        behind = np.broadcast_to(np.bincount(other.said, minlength=n_people), scores.shape)
        of.append(person_link(scores, behind, one.said, scored.n_pairs))
    return of[0], of[1]
