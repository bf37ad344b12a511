"""What is found behind the contrasts: every number against plain Python over the same rows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
import pytest

from cohortmart.core.schemas import finding_tables
from cohortmart.core.warehouse.macros import rendered
from tests.support.finding_rows import FEATURES, PAIR, REBOUNDS, Row, combined, finding_rows

DEFAULT_ADJ_P = 0.05
CLASSES = {(1, -1): "up-down", (-1, 1): "down-up", (1, 1): "up-up", (-1, -1): "down-down"}
OPPOSITE = ("up-down", "down-up")


def rows(con: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return con.execute(query, values).fetchall()


def sign(x: float | None) -> int:
    return 0 if not x else 1 if x > 0 else -1


def limits(analysis: str) -> Row:
    """Give the thresholds as the models are to read them."""
    given = REBOUNDS[analysis][2] or {}
    named: Row = dict.fromkeys(("p", "adj_p", "delta_beta", "log_fc")) | given
    return (
        named if any(given.values()) or 0.0 in given.values() else named | {"adj_p": DEFAULT_ADJ_P}
    )


def beyond(row: Row, size: str, limit: float | None) -> bool:
    sizes = row[f"{size}_first"], row[f"{size}_second"]
    return limit is None or (None not in sizes and min(map(abs, sizes)) > limit)


def by_default(row: Row) -> bool:
    limit = limits(row["analysis"])
    p, at = row["adj_p_rebound"], limit["adj_p"]
    return (
        p is not None
        and p < (DEFAULT_ADJ_P if at is None else at)
        and beyond(row, "delta_beta", limit["delta_beta"])
        and beyond(row, "log_fc", limit["log_fc"])
    )


def by_paper(row: Row) -> bool:
    limit = limits(row["analysis"])
    both = row["p_first"], row["p_second"]
    return (
        None not in both
        and max(both) < (limit["p"] or 0.05)
        and beyond(row, "delta_beta", limit["delta_beta"])
    )


def is_found(row: Row) -> bool:
    return by_paper(row) if REBOUNDS[row["analysis"]][0] == "paper" else by_default(row)


def class_of(row: Row) -> str | None:
    return CLASSES.get((sign(row["log_fc_first"]), sign(row["log_fc_second"])))


def recovery(row: Row) -> float | None:
    limit, p, adjusted = limits(row["analysis"]), row["p_first"], row["adj_p_first"]
    if limit["p"] is None and limit["adj_p"] is None:
        limit = limit | {"adj_p": DEFAULT_ADJ_P}
    significant = p is not None and all(
        at is None or value < at for value, at in ((p, limit["p"]), (adjusted, limit["adj_p"]))
    )
    if not significant or not row["log_fc_first"] or row["log_fc_second"] is None:
        return None
    return float(-100 * row["log_fc_second"] / row["log_fc_first"])


def rebounds(analysis: str) -> list[Row]:
    return finding_rows(analysis)["rebound"]


def test_a_study_that_names_no_threshold_means_the_usual_one(
    full: duckdb.DuckDBPyConnection,
) -> None:
    query = "select * from staging.stg_results__thresholds where analysis = 'none named'"
    read = rows(full, query)
    assert read == [("none named", None, DEFAULT_ADJ_P, None, None)]


@pytest.mark.parametrize("analysis", REBOUNDS)
def test_rebound(full: duckdb.DuckDBPyConnection, analysis: str) -> None:
    names = finding_tables.REBOUND.names
    further = "class, is_found, p_rebound, p_same, recovery_percent, cell_type, preset"
    stored = rows(
        full,
        f"select {', '.join(names)}, {further} from rebound where analysis = ?"
        " order by first_contrast, feature_id",
        analysis,
    )
    expected = []
    for row in sorted(rebounds(analysis), key=lambda r: (r["first_contrast"], r["feature_id"])):
        changes = [row["log_fc_first"], row["log_fc_second"]]
        p_rebound, p_same = combined(changes, [row["p_first"], row["p_second"]])
        own = class_of(row), is_found(row), p_rebound, p_same, recovery(row)
        expected.append((*(row[n] for n in names), *own, "CD4", REBOUNDS[analysis][0]))
    assert stored == expected


def test_python_renders_the_same_rules(full: duckdb.DuckDBPyConnection) -> None:
    """Macros are plain Jinja: the analyses read them without dbt."""
    default = repr(DEFAULT_ADJ_P)
    query = f"""
        select count(*), count(case when model.is_found then 1 end)
        from staging.stg_results__rebounds as r
        left join staging.stg_results__thresholds as t on r.analysis = t.analysis
        inner join dim_rebound_pair as p
            on r.analysis = p.analysis and r.first_contrast = p.first_contrast
        inner join rebound as model
            on
                r.analysis = model.analysis
                and r.first_contrast = model.first_contrast
                and r.feature_id = model.feature_id
        where
            {rendered("is_rebound_found", "r", "t", "p", default)} = model.is_found
            and {rendered("rebound_class", "r")} is not distinct from model.class
    """
    every = [r for a in REBOUNDS for r in rebounds(a)]
    assert rows(full, query) == [(len(every), sum(map(is_found, every)))]


def test_the_rows_have_all_that_matters() -> None:
    """Else the comparisons here say little."""
    for analysis in ("by default", "by paper", "no thresholds"):
        found = [r for r in rebounds(analysis) if is_found(r)]
        assert len(found) >= 8
        assert {class_of(r) for r in found} >= set(OPPOSITE)
    by_rule = [r for r in rebounds("by paper") if is_found(r)]
    assert {*OPPOSITE, "up-up", "down-down"} <= {class_of(r) for r in by_rule}
    every = [r for a in REBOUNDS for r in rebounds(a)]
    assert any(r["log_fc_first"] == 0 and r["p_first"] for r in every)
    assert any(r["log_fc_first"] and r["log_fc_second"] and r["p_second"] is None for r in every)
    assert {sign(recovery(r)) for r in every if recovery(r) is not None} == {-1, 0, 1}


def test_rebound_summary(full: duckdb.DuckDBPyConnection) -> None:
    expected = []
    for analysis in sorted(REBOUNDS):
        groups = REBOUNDS[analysis][1]
        for group in sorted(groups, key=str):
            of_group = [r for r in rebounds(analysis) if r["study_group"] == group]
            classes = Counter(class_of(r) for r in of_group if is_found(r))
            tested = [
                r for r in of_group if None not in combined(
                    [r["log_fc_first"], r["log_fc_second"]], [r["p_first"], r["p_second"]]
                )
            ]  # fmt: skip
            expected.append(
                (analysis, PAIR, group, len(tested), classes.total(), classes["up-down"],
                 classes["down-up"], classes["up-up"] + classes["down-down"],
                 sum(map(by_default, of_group)), sum(map(by_paper, of_group)))
            )  # fmt: skip
    query = """
        select analysis, pair, study_group, n_tested, n_found, n_up_down, n_down_up,
            n_same_sign, n_default, n_paper
        from rebound_summary
    """
    assert rows(full, query) == expected


def test_rebound_union(full: duckdb.DuckDBPyConnection) -> None:
    expected = []
    for analysis in sorted(REBOUNDS):
        n_groups = len(REBOUNDS[analysis][1])
        union = in_all = common = not_opposite = 0
        made = rebounds(analysis)
        for feature in FEATURES:
            groups = [r for r in made if r["feature_id"] == feature]
            found = [r for r in groups if is_found(r)]
            union += bool(found)
            in_all += len(found) == n_groups
            classes = {class_of(r) for r in groups}
            common += bool(found) and len(classes) == 1 and None not in classes
            not_opposite += bool(found) and not any(class_of(r) in OPPOSITE for r in found)
        row = (n_groups, union, in_all, None if n_groups == 1 else common, not_opposite)
        expected.append((analysis, PAIR, *row))
    assert any(row[3] > row[5] > 0 for row in expected if row[5] is not None)
    assert any(row[6] for row in expected)
    assert rows(full, "select * from rebound_union") == expected


def test_rebound_group(full: duckdb.DuckDBPyConnection) -> None:
    expected = []
    for analysis in REBOUNDS:
        of = {(r["study_group"], r["feature_id"]): r for r in rebounds(analysis)}
        limit = limits(analysis)["adj_p"]
        for row in finding_rows(analysis)["rebound_difference"]:
            group, reference, feature = (
                row[k] for k in ("study_group", "reference_group", "feature_id")
            )
            two = of[group, feature], of[reference, feature]
            where = {
                (True, True): "both", (False, False): "neither",
                (True, False): f"{group} only", (False, True): f"{reference} only",
            }[is_found(two[0]), is_found(two[1])]  # fmt: skip
            signs = class_of(two[0]) is not None and class_of(two[0]) == class_of(two[1])
            p = row["adj_p_value"]
            differs = p is not None and p < (DEFAULT_ADJ_P if limit is None else limit)
            values = row["amplitude_difference"], row["se"], row["p_value"], p
            keys = analysis, PAIR, group, reference, feature
            expected.append((*keys, where, signs, differs, *values))
    assert {"HP only", "MS only", "HC only", "both", "neither"} <= {row[5] for row in expected}
    found = rows(full, "select * exclude (feature_name) from rebound_group")
    assert sorted(found, key=lambda row: row[:5]) == sorted(expected, key=lambda row: row[:5])


def sector(x: float, y: float, of_x: str, of_y: str) -> str | None:
    """Where a point lies; null on an axis or on the diagonal."""
    if not x or not y or x == y:
        return None
    if x * y < 0:
        words = ("up", "down") if x > 0 else ("down", "up")
        return f"{of_x} {words[0]}, {of_y} {words[1]}"
    more = of_y if abs(y) > abs(x) else of_x
    return f"both {'up' if x > 0 else 'down'}, {more} more"


def test_group_agreement(full: duckdb.DuckDBPyConnection) -> None:
    found = {row[:5]: {} for row in rows(full, "select * from group_agreement")}
    for *keys, order, name, n, share, n_features in rows(full, "select * from group_agreement"):
        found[tuple(keys)][name] = (order, n, share, n_features)
    wanted = [
        (analysis, PAIR, change, group, "HP")
        for analysis in REBOUNDS for change in ("first", "second")
        for group in REBOUNDS[analysis][1][1:]
    ]  # fmt: skip
    assert sorted(found) == sorted(wanted)
    for analysis, pair, change, group, reference in wanted:
        of = {(r["study_group"], r["feature_id"]): r for r in rebounds(analysis)}
        counts: Counter[str | None] = Counter()
        for feature in FEATURES:
            x, y = of[reference, feature], of[group, feature]
            point = x[f"log_fc_{change}"], y[f"log_fc_{change}"]
            if (is_found(x) or is_found(y)) and None not in point:
                counts[sector(*point, reference, group)] += 1
        n_features = counts.total()
        within = n_features - counts.pop(None, 0)
        assert within >= 10 or analysis in ("nothing found", "none named")
        names = [
            "HP up, {0} down", "HP down, {0} up", "both up, {0} more", "both up, HP more",
            "both down, {0} more", "both down, HP more",
        ]  # fmt: skip
        assert found[analysis, pair, change, group, reference] == {
            name: (i, counts[name], counts[name] / within if within else None, n_features)
            for i, name in enumerate((n.format(group) for n in names), start=1)
        }


def test_tables_are_shown_as_stored(full: duckdb.DuckDBPyConnection) -> None:
    for model, schema in (
        ("dim_rebound_pair", finding_tables.REBOUND_PAIR),
        ("contrast_overlap", finding_tables.CONTRAST_OVERLAP),
        ("module_gene", finding_tables.MODULE_GENE),
        ("module_summary", finding_tables.MODULE_SUMMARY),
        ("module_overlap", finding_tables.MODULE_OVERLAP),
    ):
        assert full.sql(f"from {model}").to_arrow_table().schema.equals(schema)
        assert rows(full, f"select count(*) > 0 from {model}") == [(True,)]
    pairs = rows(full, "select * from dim_rebound_pair where analysis = 'by paper'")
    stored = finding_rows("by paper")["rebound_pair"]
    assert pairs == [tuple(r[n] for n in finding_tables.REBOUND_PAIR.names) for r in stored]
    genes = rows(full, "select gene_name, rank, log10_p, stability from module_gene")
    assert genes == [("A", 0, None, None), ("B", 1, -0.5, 0.75)]
    found = rows(full, "select description, z, adj_p_value, genes from enrichment")
    assert found == [(None, 2.5, 0.025, "A;B")]


def test_a_contrast_without_thresholds_has_a_summary(full: duckdb.DuckDBPyConnection) -> None:
    query = "select analysis, assay, n_tested, n_found, n_p_05 from contrast_summary"
    assert rows(full, query) == [("first", "rna", 30, 0, 2), ("second", "rna", 30, 0, 2)]


def test_reading_of_a_correlation(full: duckdb.DuckDBPyConnection) -> None:
    query = "select r, r_no_effect, beyond_chance, reading from contrast_correlation"
    assert rows(full, query) == [(-0.75, -0.5, True, "stronger than chance")]
