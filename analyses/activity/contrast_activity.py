"""Activities of the sources of a network in contrasts, from the t of the features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from analyses.fingerprints import OfResults
from analyses.load.derive_weights import derive_weights, gene_names, gene_words
from analyses.load.feature_matching import match_features
from analyses.stats.scores.activity import ActivitySums
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.study.records import Study
from cohortmart.core.types import Floats

TABLE = "contrast_activity"


def contrast_activity_tables(
    con: duckdb.DuckDBPyConnection, lake: Path, study: Study, name: str
) -> Iterator[pa.Table]:
    """Yield the rows of `contrast_activity` of an analysis, one table a network.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse with the views of the new results.
    lake : Path
        The lake's folder, for the networks.
    study : Study
    name : str
        Of the analysis.
    """
    ids, contrasts, t = _statistics(con, name)
    names = gene_names(lake, study.analyses[name].assay)
    for assay in _networks(study, name):
        derive = study.derive[assay]
        weights = derive_weights(lake, assay)
        wanted = sorted(set(weights["feature_id"].to_list()))
        matched = match_features(wanted, ids, names, gene_words(lake, wanted))
        sources: list[str] = sorted(set(weights["component"].to_list()))
        column = {source: i for i, source in enumerate(sources)}
        edges = [
            (row, column[source], weight)
            for source, feature, weight in weights.iter_rows()
            for row in matched.positions.get(feature, ())
        ]
        if not edges:
            continue
        rows, of_source, signed = zip(*edges, strict=True)
        sums = ActivitySums(len(sources), len(contrasts))
        sums.add_targets(t, np.array(rows), np.array(of_source), np.array(signed))
        found = sums.finish(int(np.ceil(derive.minimum_targets)))
        at, of = np.nonzero(np.isfinite(found.t.T))
        yield table_of(
            TABLE,
            {
                "analysis": name,
                "contrast": [contrasts[i] for i in at],
                "assay": assay,
                "source": [sources[i] for i in of],
                "activity": found.t[of, at],
                "n_targets": found.n_targets[of, at],
                "n_features": found.n_features[at],
            },
        )


def _statistics(con: duckdb.DuckDBPyConnection, name: str) -> tuple[list[str], list[str], Floats]:
    """Return features, contrasts and t, shape (n_features, n_contrasts)."""
    rows: pa.Table = con.sql(
        """
        select feature_id, contrast, log_fc / nullif(se, 0e0) as t
        from new_contrast_result where analysis = $1 order by feature_id, contrast
        """,
        params=[name],
    ).to_arrow_table()
    ids, contrasts = (_once(rows[column].to_pylist()) for column in ("feature_id", "contrast"))
    place = [{value: i for i, value in enumerate(values)} for values in (ids, contrasts)]
    t = np.full((len(ids), len(contrasts)), np.nan)
    at = [
        [of[value] for value in rows[column].to_pylist()]
        for of, column in zip(place, ("feature_id", "contrast"), strict=True)
    ]
    t[at[0], at[1]] = rows["t"].to_numpy(zero_copy_only=False)
    return ids, contrasts, t


def _once(values: Sequence[str]) -> list[str]:
    return sorted(set(values), key=str.encode)


def _networks(study: Study, name: str) -> tuple[str, ...]:
    """Name the derived assays that hold activities of the analysis' assay."""
    assay = study.analyses[name].assay
    return tuple(
        derived
        for derived, made in study.derive.items()
        if made.method == "activity" and made.source == assay
    )


def _options(study: Study, name: str) -> Any:
    asked = {n: study.derive[n].minimum_targets for n in _networks(study, name)}
    return asked or None


ACTIVITY = Step(
    name="activity",
    title="activities of contrasts",
    tables=(TABLE,),
    options=_options,
    inputs=OfResults(
        "activity",
        lambda _study, name: (name,),
        lake=("derive_weight", "feature", "gene", "gene_alias", "gene_match"),
    ),
    make=lambda run: Made(
        {TABLE: contrast_activity_tables(run.with_results, run.home.lake, run.study, run.name)}
    ),
)
