"""CpG islands, and how a manifest's probes lie to them."""

from __future__ import annotations

import polars as pl

from ingest.read.manifest.words import Cells, translated

#: How near a relation is to its island; shores and shelves without a side get one from the name.
_NEARNESS = {
    "Island": 0,
    "N_Shore": 1,
    "S_Shore": 1,
    "Shore": 1,
    "N_Shelf": 2,
    "S_Shelf": 2,
    "Shelf": 2,
    "OpenSea": 3,
}


def islands(cells: Cells, position: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return how the probes lie to CpG islands, and to which.

    EPIC v2 lists several islands for some probes, joined with `;`: the nearest relation counts
    (island, shore, shelf), of equals the first, with its own island. A `Shore` or `Shelf` without
    a side is N where the probe lies before the island, else S. No entry means open sea, where
    the file has the column and the probe a position.

    Parameters
    ----------
    cells : Cells
        The manifest.
    position : pl.Series
        (rows,)

    Returns
    -------
    tuple of pl.Series
        Island, N_Shore, S_Shore, N_Shelf, S_Shelf, OpenSea or null; the island as
        `chr16:53468284-53469209` or null.
    """
    text, names = cells.text("island"), cells.text("island_name")
    relation, name = _nearest_islands(text, names)
    start = name.str.extract(r":(\d+)-", 1).cast(pl.Int64)
    side = pl.when(position < start).then(pl.lit("N_")).otherwise(pl.lit("S_"))
    side = pl.when((position > 0) & (start > 0)).then(side)  # else null
    no_side = relation.is_in(["Shore", "Shelf"])
    relation = pl.select(
        pl.when(no_side).then(side + relation).otherwise(relation).alias("island")
    ).to_series()
    cells.note_unknown(
        "island", text.is_not_null() & relation.is_null(), "no relation to an island could be read"
    )
    if "island" in cells.frame.columns:
        sea = text.is_null() & position.is_not_null()
        relation = pl.select(pl.when(sea).then(pl.lit("OpenSea")).otherwise(relation)).to_series()
    return relation, name


def _nearest_islands(text: pl.Series, names: pl.Series) -> tuple[pl.Series, pl.Series]:
    lower = {word.lower(): word for word in _NEARNESS}
    several = (text.str.contains(";", literal=True).fill_null(False)) | (
        names.str.contains(";", literal=True).fill_null(False)
    )
    whole = pl.DataFrame({"text": text, "name": names}).with_row_index("row")
    one = whole.filter(~several)
    lists = whole.filter(several).with_columns(
        pl.col("text").str.split(";"), pl.col("name").str.split(";")
    )
    parallel = pl.col("text").list.len() == pl.col("name").list.len()
    unnamed = pl.col("name").list.eval(pl.lit(None, pl.String)).list.first()
    each = pl.concat(
        [
            lists.filter(parallel).explode("text", "name"),
            lists.filter(~parallel.fill_null(False)).with_columns(unnamed).explode("text"),
        ]
    ).with_columns(pl.col("text").str.strip_chars(), pl.col("name").str.strip_chars())
    known = pl.concat([one, each]).with_columns(
        translated(pl.concat([one["text"], each["text"]]), lambda w: lower.get(w.lower()))
    )
    rank = pl.col("text").replace_strict(_NEARNESS, default=9, return_dtype=pl.Int8)
    best = (
        known.sort("row", rank, maintain_order=True)
        .unique("row", keep="first", maintain_order=True)
        .sort("row")
    )
    return best["text"], best["name"]
