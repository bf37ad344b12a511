"""Signatures of an analysis: its contrasts beside published tables of other studies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from analyses.fingerprints import GENE_NAMES, OfResults, fitted_again
from analyses.fit.prepare import ModelInputs, Preparation
from analyses.signatures.matching import (
    MatchedSignature,
    analysis_features,
    match_signature,
    read_rows,
)
from analyses.signatures.similarity import FEWEST, KeptFeatures, joined, similarity_columns
from analyses.stats.rotation.contrast_coordinates import ContrastCoordinates, ContrastSpace
from analyses.stats.rotation.fixed_draws import Posterior
from analyses.stats.rotation.fixed_values import FixedSums
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.errors import AnalysisError
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.progress import work
from cohortmart.core.study.kinds import KINDS
from cohortmart.core.study.records import Study
from cohortmart.core.text import counted
from cohortmart.core.types import Bools, Floats, Ints
from cohortmart.core.warehouse.home import Home

Say = Callable[[str], None]
#: Coordinates beyond so many are kept in single precision: they are drawn from alone.
_MOST_DOUBLE = 40_000_000
#: Adjusted P below which a contrast goes along or against a published table.
_LEVEL = 0.05


def signature_rows(
    con: duckdb.DuckDBPyConnection, preparation: Preparation, say: Say
) -> dict[str, list[pa.Table]]:
    """Compare every contrast of an analysis with every signature that it names.

    The values are read once. As for pairs of contrasts (`contrast_correlation`) one correlation
    within blocks is taken for all features.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse with the views of the new results.
    preparation : Preparation
        Of an analysis with `signatures`.
    say : callable
        Takes one line of progress.

    Returns
    -------
    dict
        `signature_correlation` and `signature_match`.

    Raises
    ------
    AnalysisError
        No feature of a signature is in the analysis, or the design leaves no residuals.
    """
    study, name, analysis = preparation.study, preparation.name, preparation.analysis
    inputs = preparation.inputs()
    kind = study.assays[analysis.assay].kind
    features = analysis_features(con, name, analysis.assay, kind)
    where = f"the {KINDS[kind].features} of analysis {name}"
    matched = [
        match_signature(label, asked, read_rows(con, label), features, where)
        for label, asked in analysis.signatures.items()
    ]
    for one in matched:
        say(one.note)
    try:
        space = ContrastSpace(
            inputs.basis, inputs.contrasts.matrix, inputs.blocks, inputs.correlation or 0.0
        )
    except ValueError as error:
        raise AnalysisError(
            f"analysis {name}: signatures cannot be compared: {error}",
            expected="more samples than coefficients",
            found=f"{len(inputs.basis.q)} samples, {inputs.basis.rank} independent coefficients",
            hint="simplify the model, or leave `signatures` out",
        ) from error
    contrasts = inputs.contrasts.names
    ids, kept, sums = _read(con, name, inputs, space, matched)
    parts = []
    place = {feature: i for i, feature in enumerate(ids)}
    for one, of_one in zip(matched, sums, strict=True):
        # in the order of what is kept, so that a signature of all of it needs no copy
        both = sorted((place[f], i) for i, f in enumerate(one.feature_ids) if f in place)
        rows, at = np.array(both, dtype=np.int64).reshape(-1, 2).T
        with work(f"{len(at):,} features of {one.name}"):
            parts.append(similarity_columns(one, at, kept.rows(rows), of_one, contrasts))
        _say_left_out(one, len(at), say)
    columns = {"analysis": name, **joined(parts)}
    none = np.full(len(columns["contrast"]), np.nan)
    r, p = (columns.get(number, none) for number in ("r", "adj_p_value"))
    columns["reading"] = [_reading(*both) for both in zip(r, p, strict=True)]
    return {
        "signature_correlation": [table_of("signature_correlation", columns)],
        "signature_match": [_match_rows(name, one, place) for one in matched],
    }


def _reading(r: float, adj_p_value: float) -> str:
    """Say in words what a correlation with a published table is worth."""
    if np.isnan(r):
        return "too few features"
    if not adj_p_value < _LEVEL:
        return "no different from chance"
    return "along the signature" if r > 0.0 else "against the signature"


def _match_rows(analysis: str, one: MatchedSignature, used: Mapping[str, int]) -> pa.Table:
    columns = {
        "analysis": analysis,
        "signature": one.name,
        "feature_id": list(one.feature_ids),
        "listed_as": list(one.listed_as),
        "estimate": one.estimate,
        "t": one.t,
        "is_signature_found": None if one.found is None else one.found,
        "is_used": np.array([feature in used for feature in one.feature_ids], dtype=bool),
    }
    return table_of("signature_match", columns)


def _say_left_out(one: MatchedSignature, n: int, say: Say) -> None:
    if n < len(one.feature_ids):
        left_out = counted(len(one.feature_ids) - n, "feature")
        say(f"signature {one.name}: {left_out} with missing values left out")
    if n < FEWEST:
        say(f"signature {one.name}: {counted(n, 'feature')} are too few to correlate anything")


def _read(
    con: duckdb.DuckDBPyConnection,
    name: str,
    inputs: ModelInputs,
    space: ContrastSpace,
    matched: Sequence[MatchedSignature],
) -> tuple[list[str], KeptFeatures, list[FixedSums]]:
    """Stream the values: coordinates of the features that a signature names, and their sums."""
    names = [pa.array(one.feature_ids, pa.string()) for one in matched]
    wanted = pc.unique(pa.concat_arrays(names))
    k = inputs.contrasts.matrix.shape[1]
    sums = [FixedSums(space.n_residual, k, float(one.estimate.mean())) for one in matched]
    single = len(wanted) * space.n_residual > _MOST_DOUBLE
    ids: list[str] = []
    held = _Held(len(wanted), space.n_residual, k, single=single)
    for block in one_ahead(inputs.values.blocks()):
        chosen = pc.is_in(block.feature_ids, value_set=wanted).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(chosen)
        weights = None if block.weights is None else _rows_of(block.weights, rows)
        y = np.ascontiguousarray(block.y[rows])
        usable = space.usable(y, weights)
        rows, y = rows[usable], y[usable]
        if not len(rows):
            continue
        found = space.coordinates(y, None if weights is None else _rows_of(weights, usable))
        there = block.feature_ids.take(pa.array(rows))
        for one, of_one, of_names in zip(matched, sums, names, strict=True):
            at = pc.index_in(there, value_set=of_names)
            mine = np.flatnonzero(at.is_valid().to_numpy(zero_copy_only=False))
            values = one.estimate[at.drop_null().to_numpy().astype(np.int64)]
            of_one.add(_some(found, mine), values)
        ids += there.to_pylist()
        held.add(found)
    return ids, _kept(con, name, inputs.contrasts.names, ids, held.all()), sums


def _rows_of(weights: Floats, rows: Ints | Bools) -> Floats:
    """Return some rows of weights; one row that is seen as many stays one."""
    if weights.strides[0] == 0 and len(weights):
        n = int(rows.sum()) if rows.dtype == bool else len(rows)
        return np.broadcast_to(weights[0], (n, weights.shape[1]))
    return np.ascontiguousarray(weights[rows])


def _some(found: ContrastCoordinates, rows: Ints) -> ContrastCoordinates:
    scale = None if found.scale is None else found.scale[rows]
    return ContrastCoordinates(found.residual[rows], found.own[rows], scale)


class _Held:
    """Coordinates of features that come in blocks, each written once where it stays."""

    def __init__(self, most: int, n_residual: int, k: int, *, single: bool) -> None:
        kind = np.float32 if single else np.float64
        self._residual = np.empty((most, n_residual), kind)
        self._own = np.empty((most, k), kind)
        self._scale: Floats | None = None
        self._n = 0

    def add(self, found: ContrastCoordinates) -> None:
        """Add the features of a block."""
        rows = slice(self._n, self._n + len(found.residual))
        self._residual[rows], self._own[rows] = found.residual, found.own
        if found.scale is not None:
            if self._scale is None:
                self._scale = np.empty(self._own.shape)
            self._scale[rows] = found.scale
        self._n = rows.stop

    def all(self) -> ContrastCoordinates:
        """Return what was added."""
        scale = None if self._scale is None else self._scale[: self._n]
        return ContrastCoordinates(self._residual[: self._n], self._own[: self._n], scale)


def _kept(
    con: duckdb.DuckDBPyConnection,
    name: str,
    contrasts: Sequence[str],
    ids: Sequence[str],
    coordinates: ContrastCoordinates,
) -> KeptFeatures:
    """Add the estimates and the lists of found features as they are stored."""
    wanted = pa.table({"feature_id": pa.array(ids, pa.string()), "place": range(len(ids))})
    con.register("signature_wanted", wanted)
    shape = (len(ids), len(contrasts))
    estimate, t = np.full(shape, np.nan), np.full(shape, np.nan)
    found = np.zeros(shape, dtype=bool)
    prior = np.full((2, len(ids)), np.nan)
    for j, contrast in enumerate(contrasts):
        found_rows = con.sql(
            """
            select w.place, r.log_fc, r.log_fc / r.se as t, r.s2_prior, r.df_prior,
                f.feature_id is not null as is_found
            from new_contrast_result as r
            inner join signature_wanted as w on r.feature_id = w.feature_id
            left join (
                select feature_id from new_found where analysis = $1 and contrast = $2
            ) as f on r.feature_id = f.feature_id
            where r.analysis = $1 and r.contrast = $2
            """,
            params=[name, contrast],
        )
        rows = pl.DataFrame(found_rows.to_arrow_table())
        at = rows["place"].to_numpy()
        estimate[at, j], t[at, j] = (
            rows[c].cast(pl.Float64).fill_null(float("nan")).to_numpy() for c in ("log_fc", "t")
        )
        found[at, j] = rows["is_found"].to_numpy()
        for row, column in enumerate(("s2_prior", "df_prior")):
            prior[row, at] = rows[column].to_numpy()
    con.unregister("signature_wanted")
    return KeptFeatures(coordinates, Posterior(*prior), estimate, t, found)


def _options(study: Study, name: str) -> Any:
    wanted = study.analyses[name].signatures
    if not wanted:
        return None
    return {label: one.model_dump(mode="json", exclude={"file"}) for label, one in wanted.items()}


#: Tables of the lake that a signature is made of, besides those of the analysis.
_OF_RESULTS = OfResults(
    "signatures",
    lambda _study, name: (name,),
    lake=(*GENE_NAMES, "measure", "signature_row"),
)


def _inputs(study: Study, home: Home, name: str, options: Any) -> dict[str, Any]:
    return {
        "fit": fitted_again(study, home, name, None),
        "read": _OF_RESULTS(study, home, name, options),
    }


SIGNATURES = Step(
    name="signatures",
    title="signatures",
    tables=("signature_correlation", "signature_match"),
    options=_options,
    inputs=_inputs,
    make=lambda run: Made(signature_rows(run.with_results, run.preparation, run.say)),
)
