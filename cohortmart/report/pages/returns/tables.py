"""Tables of returns: the visits in numbers, and single features."""

from __future__ import annotations

from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Column, Table
from cohortmart.report.pages.returns.words import Returned
from cohortmart.report.source import Source

_SUMMARY = """select
    return_name, to_mean, baseline_expression, to_expression, n_features, n_with_difference,
    n_found, n_back, n_in_part, n_overshoot, n_away, n_stays,
    100 * share_towards as percent_towards, 100 * share_by_chance as percent_by_chance,
    r, r_no_change, no_change_low, no_change_high, p_value, r_no_effect,
    r_biological, r_biological_ci_low, r_biological_ci_high
from return_summary
where analysis = {analysis}
order by return_name, visit_order"""
_FEATURES = """select
    feature_name, feature_id, return_name, to_mean, baseline_difference, difference,
    100 * return_share as percent_gone, 100 * ci_low as percent_low, 100 * ci_high as percent_high,
    p_value, adj_p_value, state
from fct_return
where analysis = {analysis} and is_bounded
order by least(p_value, p_away), p_baseline, feature_id, return_name, to_mean{limit}"""


def summary_table(source: Source, of: Returned) -> Table:
    """Return the numbers of each visit."""
    query = _SUMMARY.format(analysis=literal(of.analysis))
    return Table(
        f"returns-summary-{of.slug}",
        f"Returns in numbers: {of.analysis}",
        "",
        (
            Column("return_name", "Return"),
            Column("to_mean", "At"),
            Column("baseline_expression", "Difference at baseline"),
            Column("to_expression", "What is left"),
            Column("n_features", of.title, "integer"),
            Column("n_with_difference", "With a difference", "integer"),
            Column("n_found", "Return", "integer"),
            Column("n_back", "Back", "integer"),
            Column("n_in_part", "In part", "integer"),
            Column("n_overshoot", "Overshoot", "integer"),
            Column("n_away", "Away", "integer"),
            Column("n_stays", "Stay", "integer"),
            Column("percent_towards", "Move towards (%)", "number"),
            Column("percent_by_chance", "By chance (%)", "number"),
            Column("r", "r", "number"),
            Column("r_no_change", "r without a change", "number"),
            Column("no_change_low", "95 % from", "number"),
            Column("no_change_high", "to", "number"),
            Column("p_value", "P", "p"),
            Column("r_no_effect", "r without differences and changes", "number"),
            Column("r_biological", "Biological r", "number"),
            Column("r_biological_ci_low", "95 % from", "number"),
            Column("r_biological_ci_high", "to", "number"),
        ),
        source.table(query),
        query,
    )


def features_table(source: Source, of: Returned) -> Table:
    """Return the features whose difference changes most clearly."""

    def query(limit: str) -> str:
        return _FEATURES.format(analysis=literal(of.analysis), limit=limit)

    n = source.detail.top_features
    return Table(
        f"returns-features-{of.slug}",
        f"{of.title} whose difference is gone, or grows: {of.analysis}",
        f"The {n} with the smallest P. {of.people}",
        (
            Column("feature_name", "Name"),
            Column("feature_id", "Feature"),
            Column("return_name", "Return"),
            Column("to_mean", "At"),
            Column("baseline_difference", f"At baseline ({of.unit})", "number"),
            Column("difference", f"Left ({of.unit})", "number"),
            Column("percent_gone", "Gone (%)", "number"),
            Column("percent_low", "95 % from", "number"),
            Column("percent_high", "to", "number"),
            Column("p_value", "P", "p"),
            Column("adj_p_value", "Adjusted P", "p"),
            Column("state", "Difference"),
        ),
        source.table(query(f"\nlimit {n}")),
        query(""),
    )
