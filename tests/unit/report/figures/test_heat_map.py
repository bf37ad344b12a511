"""A heat map: centred values, people within their groups, the same shape whatever the names."""

from __future__ import annotations

import statistics
from typing import Any

import pyarrow as pa
import pytest
import vl_convert

from cohortmart.core.text import Nouns, nouns
from cohortmart.report.blocks import Figure
from cohortmart.report.figure_files import standalone
from cohortmart.report.figures.heat_map import heat_map
from cohortmart.report.figures.heat_map_cells import heat_map_data

GROUPS, TIMEPOINTS = ["MS", "HP"], ["1st", "3rd"]
VALUES = {("g2", "P10", "1st"): 1.0, ("g2", "P10", "3rd"): 5.0, ("g2", "P2", "1st"): 2.0,
          ("g2", "P9", "1st"): 4.0, ("g1", "P10", "1st"): 7.0, ("g1", "P10", "3rd"): 7.0,
          ("g1", "P2", "1st"): 7.0, ("g1", "P9", "1st"): None}  # fmt: skip
GROUP_OF = {"P10": "MS", "P2": "MS", "P9": "HP"}


def long(values: dict[tuple[str, str, str], Any] = VALUES) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"feature": gene, "row": ["g2", "g1"].index(gene), "sample": f"{who}_{when}",
             "subject": who, "study_group": GROUP_OF[who], "timepoint": when,
             "visit_order": TIMEPOINTS.index(when), "value": value}
            for (gene, who, when), value in values.items()
        ]
    )  # fmt: skip


def drawn(spec: Any, data: dict[str, pa.Table]) -> str:
    return str(vl_convert.vegalite_to_svg(standalone(Figure("f", "t", "c", "a", spec, data))))


def test_values_are_standard_deviations_from_the_mean_of_their_feature() -> None:
    cells = heat_map_data(long(), GROUPS)["cells"].to_pylist()
    first = [1.0, 2.0, 5.0, 4.0]
    mean, sd = statistics.mean(first), statistics.stdev(first)
    # people by length and name within their group: P2, P10 at two timepoints, P9
    assert [c["value"] for c in cells[:4]] == [
        round((v - mean) / sd, 2) for v in (2.0, 1.0, 5.0, 4.0)
    ]
    assert [c["value"] for c in cells[4:]] == [0.0, 0.0, 0.0, None]
    assert [(c["row"], c["column"]) for c in cells[3:6]] == [(0, 3), (1, 0), (1, 1)]


def test_people_stand_side_by_side_within_their_groups() -> None:
    data = heat_map_data(long(), GROUPS, strips=("Group", "Timepoint"))
    columns = data["columns"].to_pylist()
    assert [(c["sample"], c["x"], c["x2"]) for c in columns] == [
        ("P2_1st", 0.0, 1.0), ("P10_1st", 1.35, 2.35), ("P10_3rd", 2.35, 3.35),
        ("P9_1st", 4.35, 5.35),
    ]  # fmt: skip
    assert data["people"].to_pylist() == [
        {"subject": "P2", "mid": 0.5}, {"subject": "P10", "mid": 2.35},
        {"subject": "P9", "mid": 4.85},
    ]  # fmt: skip
    rows = data["rows"].to_pylist()
    assert [(r["row"], r["feature"], r["y"]) for r in rows] == [
        (-2, "Group", 0.0), (-1, "Timepoint", 1.0), (0, "g2", 2.2), (1, "g1", 3.2),
    ]  # fmt: skip
    assert rows[2]["mean"] == 3.0


def test_the_order_of_the_rows_does_not_matter_and_two_values_of_one_are_refused() -> None:
    table = long()
    again = table.take(list(range(table.num_rows))[::-1])
    assert heat_map(again, GROUPS, TIMEPOINTS, "log2 CPM", Nouns()) == heat_map(
        table, GROUPS, TIMEPOINTS, "log2 CPM", Nouns()
    )
    with pytest.raises(ValueError, match="two values in one sample"):
        heat_map_data(pa.concat_tables([table, table.slice(0, 1)]), GROUPS)


def test_equal_shapes_have_one_specification_and_names_are_in_the_data() -> None:
    renamed = long().set_column(
        0, "feature", pa.array(["'];alert(1)//" if i < 4 else "g1" for i in range(8)])
    )
    spec, data = heat_map(long(), GROUPS, TIMEPOINTS, "log2 CPM", Nouns())
    other, others = heat_map(renamed, GROUPS, TIMEPOINTS, "log2 CPM", Nouns())
    assert spec == other
    svg = drawn(spec, data)
    for name in ("g1", "g2", "P2", "P10", "P9", "MS", "HP", "1st", "3rd", "Timepoint"):
        assert f">{name}</text>" in svg, name
    assert "alert(1)//</text>" in drawn(other, others)


def test_one_group_and_one_timepoint_have_no_stripes() -> None:
    few = {
        key: value for key, value in VALUES.items() if key[1:] in {("P10", "1st"), ("P2", "1st")}
    }
    spec, data = heat_map(long(few), GROUPS, TIMEPOINTS, "beta", Nouns())
    assert data["rows"]["row"].to_pylist() == [0, 1]
    svg = drawn(spec, data)
    assert ">Group</text>" not in svg
    assert ">Timepoint</text>" not in svg


def test_means_are_drawn_by_group() -> None:
    means = long().set_column(3, "subject", pa.array([""] * 8))
    spec, data = heat_map(means, GROUPS, TIMEPOINTS, "beta", nouns(("patient", "patients")))
    assert data["people"]["subject"].to_pylist() == ["MS", "HP"]
    svg = drawn(spec, data)
    assert ">Patient</text>" not in svg
    assert "patient" not in str(spec)
