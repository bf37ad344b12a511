"""Tables of a fit: results, contrasts and design as polars frames."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
import pyarrow as pa

from analyses.design.design import Design
from analyses.fit.prepare import ModelInputs

#: Columns of a result, as those of `fct_contrast_result`.
_SHOWN = (
    "contrast", "feature_id", "log_fc", "se", "ci_low", "ci_high", "ave_expr", "t", "df_total",
    "s2_post", "df_prior", "s2_prior", "p_value", "adj_p_value", "b",
)  # fmt: skip


def as_frame(tables: Iterable[pa.Table]) -> pl.DataFrame:
    """Return Arrow tables of one schema, one below the other, as a frame."""
    frame = pl.from_arrow(pa.concat_tables(tables))
    assert isinstance(frame, pl.DataFrame)
    return frame


def result_table(rows: Iterable[pa.Table], *, with_beta: bool) -> pl.DataFrame:
    """Return rows of `contrast_result` with t and intervals, as `fct_contrast_result` has them.

    Parameters
    ----------
    rows : iterable of pyarrow.Table
    with_beta : bool
        Whether there is a delta_beta.
    """
    reach = pl.col("ci_quantile") * pl.col("se")
    frame = as_frame(rows).with_columns(
        ci_low=pl.col("log_fc") - reach,
        ci_high=pl.col("log_fc") + reach,
        t=pl.when(pl.col("se") != 0).then(pl.col("log_fc") / pl.col("se")),
    )
    return frame.select(*_SHOWN, *(["delta_beta"] if with_beta else []))


def contrast_table(inputs: ModelInputs) -> pl.DataFrame:
    """Return what the contrasts are: expression, meaning, samples, people, pairs."""
    contrasts, pairs = inputs.contrasts, inputs.pairs
    return pl.DataFrame(
        {
            "contrast": contrasts.names,
            "expression": contrasts.expressions,
            "meaning": contrasts.meanings,
            "n_samples": [p.n_samples for p in pairs],
            "n_subjects": [p.n_subjects for p in pairs],
            "n_complete": [p.n_complete for p in pairs],
            "kind": [p.kind for p in pairs],
        },
        schema_overrides={"n_complete": pl.Int64},
    )


def design_table(design: Design) -> pl.DataFrame:
    """Return the model matrix, one row a sample."""
    columns = {name: design.matrix[:, i] for i, name in enumerate(design.columns)}
    return pl.DataFrame({"sample_id": design.sample_ids, **columns})
