"""Contrast tables: every feature of a contrast with its name, estimate, P values and finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from cohortmart.app.export.selection import Selection

#: Columns of `fct_contrast_result` that a contrast table shows, in order.
STATISTICS = (
    "log_fc", "delta_beta", "se", "ci_low", "ci_high", "ave_expr", "t", "df_total", "p_value",
    "adj_p_value", "b",
)  # fmt: skip


@dataclass(frozen=True)
class Contrast:
    """One contrast of an analysis.

    Parameters
    ----------
    analysis, name, assay : str
        As the tables name them.
    shown_analysis, shown : str
        As they may be shown: other than the names only where these hold the id of a person.
    meaning : str
        In plain words.
    n_tested, n_up, n_down : int
        Features with a P value, and those that were found.
    thresholds : tuple of float or None
        P, adjusted P, delta beta, log FC beyond which a feature is found; None = no such.
    has_beta : bool
        Of a methylation assay: it has delta_beta.
    """

    analysis: str
    name: str
    assay: str
    shown_analysis: str
    shown: str
    meaning: str
    n_tested: int
    n_up: int
    n_down: int
    thresholds: tuple[float | None, float | None, float | None, float | None]
    has_beta: bool

    @property
    def statistics(self) -> tuple[str, ...]:
        """Columns of numbers of its table."""
        return tuple(s for s in STATISTICS if s != "delta_beta" or self.has_beta)


def contrasts_of(chosen: Selection, analysis: str) -> list[Contrast]:
    """Return the contrasts of an analysis in their order; with pseudonyms none of one person."""
    rows = chosen.source.rows(
        "select d.contrast, d.assay, d.meaning, s.n_tested, s.n_up, s.n_down, s.threshold_p, "
        "s.threshold_adj_p, s.threshold_delta_beta, s.threshold_log_fc, "
        "d.assay in (select assay from qc_probe) as has_beta "
        "from dim_contrast as d inner join contrast_summary as s using (analysis, contrast) "
        "where d.analysis = $1 and (d.n_subjects >= 2 or not $2) order by d.contrast_order",
        [analysis, chosen.pseudonymised],
    )
    return [
        Contrast(
            analysis,
            r["contrast"],
            r["assay"],
            chosen.words(analysis),
            chosen.words(r["contrast"]),
            chosen.words(r["meaning"] or ""),
            r["n_tested"],
            r["n_up"],
            r["n_down"],
            (
                r["threshold_p"],
                r["threshold_adj_p"],
                r["threshold_delta_beta"],
                r["threshold_log_fc"],
            ),
            r["has_beta"],
        )
        for r in rows
    ]


def contrast_table(
    chosen: Selection, contrast: Contrast, *, order: str = "feature_id", top: int | None = None
) -> pa.Table:
    """Return the table of a contrast: feature_id, gene_name, the statistics, is_found.

    Parameters
    ----------
    chosen : Selection
    contrast : Contrast
    order : {"feature_id", "p_value"}
        The smallest P value first, or ids in byte order.
    top : int, optional
        Only those found and the `top` smallest P values; all if not given.
    """
    first = "p_value asc nulls last, feature_id" if order == "p_value" else "feature_id"
    kept = "" if top is None else f"where is_found or place <= {top}"
    return chosen.source.table(
        f"""
        with results as (
            select
                r.feature_id, l.label as gene_name, {_columns("r", contrast.statistics)},
                f.feature_id is not null as is_found,
                row_number() over (order by r.p_value asc nulls last, r.feature_id) as place
            from fct_contrast_result as r
            left join (select * from feature_label where assay = $3) as l
                on r.feature_id = l.feature_id
            left join (select * from found_feature where analysis = $1 and contrast = $2) as f
                on r.feature_id = f.feature_id
            where r.analysis = $1 and r.contrast = $2
        )
        select * exclude (place) from results {kept} order by {first}
        """,
        [contrast.analysis, contrast.name, contrast.assay],
    )


def _columns(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)
