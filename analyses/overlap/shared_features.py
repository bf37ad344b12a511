"""Counts of the features that two contrasts share, for many pairs of contrasts at once.

Each feature becomes bit masks over the contrasts: where it was tested, where it was found up and
where down. Features with the same masks are counted by DuckDB; the counts of all pairs are then
products of matrices over the distinct masks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from cohortmart.core.types import Bools, Floats, Ints

#: Contrasts in one mask: bits of a bigint, its sign left out.
_BITS = 62
#: Values worked on at a time.
_CHUNK = 1 << 22
_LISTS = ("any", "up", "down")
_KINDS = ("tested", *_LISTS)


@dataclass(frozen=True, order=True)
class Slot:
    """One contrast of one analysis."""

    analysis: str
    contrast: str


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Numbers of features of pairs of contrasts, each an array of shape (n_pairs,).

    Parameters
    ----------
    universe : ndarray of int
        Tested in both: they have a P value.
    first, second : mapping of str to ndarray of int
        Of those, the ones found in the first and in the second contrast, by direction: `any`,
        `up`, `down`.
    both : mapping of (str, str) to ndarray of int
        Of those, the ones found in both, by the two directions.
    """

    universe: Ints
    first: Mapping[str, Ints]
    second: Mapping[str, Ints]
    both: Mapping[tuple[str, str], Ints]


def shared_features(
    con: duckdb.DuckDBPyConnection,
    first: Sequence[Slot],
    second: Sequence[Slot],
    assays: Mapping[str, str] | None = None,
) -> PairCounts:
    """Count the features that pairs of contrasts share.

    Parameters
    ----------
    con : DuckDBPyConnection
        With the views `new_contrast_result` and `new_found`.
    first, second : sequence of Slot
        The two contrasts of each pair.
    assays : mapping of str to str, optional
        The assay of each analysis: features are the same that have a gene in common. A gene is
        tested or found where one of its features is. Without it they are those of the same id.

    Returns
    -------
    PairCounts
    """
    slots = sorted({*first, *second})
    place = {slot: i for i, slot in enumerate(slots)}
    i, j = (np.array([place[s] for s in side], dtype=np.int64) for side in (first, second))
    gram = _gram(_masks(con, slots, assays), len(slots))

    def count(of_first: str, of_second: str) -> Ints:
        return np.rint(gram[of_first, of_second][i, j]).astype(np.int64)

    return PairCounts(
        universe=count("tested", "tested"),
        first={d: count(d, "tested") for d in _LISTS},
        second={d: count("tested", d) for d in _LISTS},
        both={(a, b): count(a, b) for a in _LISTS for b in _LISTS},
    )


#: What counts as a feature: its id, or the genes that it has.
_BY_ID = ("feature_id", "")
_BY_GENE = (
    "gene_name",
    "inner join feature_gene as g on g.assay = s.assay and g.feature_id = {row}.feature_id "
    "and g.gene_name is not null",
)


def _masks(
    con: duckdb.DuckDBPyConnection, slots: Sequence[Slot], assays: Mapping[str, str] | None
) -> pa.Table:
    """Return the distinct masks, `tested_0`, `up_0`, `down_0`, `tested_1`, ..., and `n` features.

    A mask holds `_BITS` contrasts; more of them take several masks.
    """
    words = range(-(-len(slots) // _BITS))
    kinds = ("tested", "up", "down")
    names = ", ".join(f"{kind}_{w}" for w in words for kind in kinds)
    masks = ", ".join(
        f"bit_or(case when word = {w} then {kind} else 0 end) as {kind}_{w}"
        for w in words
        for kind in kinds
    )
    column, join = _BY_ID if assays is None else _BY_GENE
    of_result, of_found = (
        f"{row if assays is None else 'g'}.{column} as feature_id" for row in ("r", "f")
    )
    query = f"""
        with slot as (
            select
                unnest($analyses) as analysis, unnest($contrasts) as contrast,
                unnest($assays) as assay,
                unnest($words) as word, unnest($bits) as slot_bit
        ),
        seen as (
            select
                {of_result}, s.word, s.slot_bit as tested,
                cast(0 as bigint) as up, cast(0 as bigint) as down
            from new_contrast_result as r
            inner join slot as s on r.analysis = s.analysis and r.contrast = s.contrast
            {join.format(row="r")}
            where r.p_value is not null
            union all
            select
                {of_found}, s.word, 0 as tested,
                case when f.direction = 'up' then s.slot_bit else 0 end as up,
                case when f.direction = 'down' then s.slot_bit else 0 end as down
            from new_found as f
            inner join slot as s on f.analysis = s.analysis and f.contrast = s.contrast
            {join.format(row="f")}
        ),
        feature as (select feature_id, {masks} from seen group by feature_id)
        select {names}, count(*) as n from feature group by {names}
    """
    parameters = {
        "analyses": [s.analysis for s in slots],
        "contrasts": [s.contrast for s in slots],
        "assays": [(assays or {}).get(s.analysis, "") for s in slots],
        "words": [k // _BITS for k in range(len(slots))],
        "bits": [1 << (k % _BITS) for k in range(len(slots))],
    }
    return con.sql(query, params=parameters).to_arrow_table()


def _gram(masks: pa.Table, n_slots: int) -> dict[tuple[str, str], Floats]:
    """Count features by what they are in one contrast and in another.

    Returns
    -------
    dict
        For two of `tested`, `any`, `up`, `down`: ndarray of shape (n_slots, n_slots), whole
        numbers.
    """
    total = np.zeros((4 * n_slots, 4 * n_slots))
    for batch in masks.to_batches(max_chunksize=max(1, _CHUNK // (4 * n_slots))):
        tested, up, down = (_bits(batch, kind, n_slots) for kind in ("tested", "up", "down"))
        up, down = up & tested, down & tested
        indicators = np.hstack([tested, up | down, up, down]).astype(np.float64)
        n = batch.column("n").to_numpy().astype(np.float64)
        total += indicators.T @ (n[:, None] * indicators)  # sums of whole numbers: exact
    parts = {kind: slice(k * n_slots, (k + 1) * n_slots) for k, kind in enumerate(_KINDS)}
    return {(a, b): total[parts[a], parts[b]] for a in _KINDS for b in _KINDS}


def _bits(batch: pa.RecordBatch, kind: str, n_slots: int) -> Bools:
    """Unpack the masks of one kind; shape (n_rows, n_slots)."""
    parts = []
    for start in range(0, n_slots, _BITS):
        mask = batch.column(f"{kind}_{start // _BITS}").to_numpy()
        shifts = np.arange(min(_BITS, n_slots - start))
        parts.append((mask[:, None] >> shifts) & 1 == 1)
    return np.hstack(parts)
