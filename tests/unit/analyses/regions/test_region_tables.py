"""Regions of an analysis: from stored contrasts and values to rows."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analyses.contrasts.result_tables import contrast_result_rows
from analyses.fit.response import ValueBlock
from analyses.regions.regions import TABLES, region_tables
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from cohortmart.core.errors import AnalysisError
from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.study.findings_records import Dmr
from cohortmart.core.types import Floats

N, GROUP = 400, np.repeat([0.0, 1.0], 6)
DESIGN = np.column_stack([np.ones(12), GROUP])
MATRIX = np.array([[0.0, 0.0], [1.0, -1.0]])
#: Rows of CpGs that differ by `GROUP`: along chromosome 10, across a masked probe; and on 2.
PLANTED = {"10": range(20, 25), "2": range(230, 234)}
IDS = np.array([f"cg{i:04d}" for i in range(N)])


class Study:
    """CpGs 0 to 199 on chromosome 10 and 200 to 389 on 2, 100 bases apart; ten without a place."""

    #: Of the samples, the same for all CpGs.
    weights: Floats | None = None

    def __init__(self, effect: float = 6.0, group: Floats = GROUP) -> None:
        rng = np.random.default_rng(8)
        y = rng.standard_normal((N, len(group)))
        for rows in PLANTED.values():
            y[list(rows)] += effect * group
        y[7, 3] = np.nan
        y[40] = 1.0  # does not vary
        self.y = y
        self.design = np.column_stack([np.ones(len(group)), group])
        chromosome = np.where(np.arange(N) < 200, "10", "2").astype(object)
        self.position: list[int | None] = [1000 + 100 * (i % 200) for i in range(N)]
        self.chromosome = chromosome.tolist()
        for i in range(390, N):
            self.chromosome[i], self.position[i] = None, None
        self.basis = design_basis(self.design)

    def blocks(self) -> Iterator[ValueBlock]:
        for start in range(0, N, 150):
            y = self.y[start : start + 150]
            w = None if self.weights is None else np.broadcast_to(self.weights, y.shape)
            yield ValueBlock(pa.array(IDS[start : start + 150]), y, weights=w)

    @property
    def inputs(self) -> Any:
        return SimpleNamespace(basis=self.basis, blocks=None, correlation=None, values=self)

    def connect(self) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        probes = pa.table(
            {
                "probe_id": IDS,
                "chromosome": pa.array(self.chromosome, pa.string()),
                "position": pa.array(self.position, pa.int64()),
            }
        )
        con.register("dim_probe_rows", probes)
        con.execute("create table dim_probe as from dim_probe_rows")
        w = None if self.weights is None else np.broadcast_to(self.weights, self.y.shape)
        fit = fit_contrasts(self.y, self.basis, MATRIX, weights=w)
        prior = fit_f_dist(fit.sigma2, fit.df_residual)
        rows = pa.concat_tables(
            contrast_result_rows(
                "main", ["up", "down"], pa.array(IDS), fit, prior, ebayes(fit, prior),
                fit.estimate / 10,
            )
        )  # fmt: skip
        con.register("result_rows", rows)
        con.execute("create temp view new_contrast_result as from result_rows")
        names = pa.table(
            {"analysis": ["main"] * 2, "contrast": ["up", "down"], "contrast_order": [1, 2]}
        )
        con.register("contrast_rows", names)
        con.execute("create temp view new_contrast as from contrast_rows")
        con.execute(
            "create temp view new_rebound_pair as select 'main' as analysis,"
            " 'up' as first_contrast, 'down' as second_contrast"
        )
        self.fit, self.moderated = fit, ebayes(fit, prior)
        return con


def made(study: Study, **options: Any) -> tuple[dict[str, pa.Table], list[str]]:
    said: list[str] = []
    con = study.connect()
    tables = region_tables(con, study.inputs, "main", Dmr(**options), said.append)
    con.close()
    return {
        name: pa.concat_tables([RESULT_TABLES[name].empty_table(), *tables[name]])
        for name in TABLES
    }, said


def test_planted_regions_are_found_where_they_lie() -> None:
    study = Study()
    tables, said = made(study)
    found = [r for r in tables["dmr"].to_pylist() if r["adj_p_value"] <= 0.05]
    assert [(r["contrast"], r["region_id"], r["direction"], r["n_probes"]) for r in found] == [
        ("up", "2:4000-4300", "hyper", 4), ("up", "10:3000-3400", "hyper", 5),
        ("down", "2:4000-4300", "hypo", 4), ("down", "10:3000-3400", "hypo", 5),
    ]  # fmt: skip
    assert {(r["chromosome"], r["start_position"], r["end_position"]) for r in found} == {
        ("2", 4000, 4300), ("10", 3000, 3400),
    }  # fmt: skip
    assert any("10 of 400 tested CpGs are in no region" in line for line in said)
    assert any("4 regions in 2 contrasts of 2" in line for line in said)


def test_numbers_of_a_region() -> None:
    study = Study()
    tables, _ = made(study)
    (row,) = (
        r for r in tables["dmr"].to_pylist()
        if (r["contrast"], r["region_id"]) == ("up", "10:3000-3400")
    )  # fmt: skip
    rows = list(PLANTED["10"])
    log_fc, se = study.fit.estimate[rows, 0], study.moderated.se[rows, 0]
    weight = se**-2 / (se**-2).sum()
    assert row["estimate"] == pytest.approx(weight @ log_fc)
    assert row["delta_beta"] == pytest.approx(log_fc.mean() / 10)
    assert row["statistic"] == pytest.approx(row["estimate"] / row["se"])
    assert row["df"] == pytest.approx(study.moderated.df_total[0, 0])
    p = study.moderated.p_value[rows, 0]
    assert row["top_probe_id"] == IDS[rows[int(p.argmin())]]
    assert row["top_p_value"] == pytest.approx(p.min())
    assert row["adj_p_value"] == pytest.approx(1 / 1000)
    # independent CpGs: about the standard error of independent estimates
    assert row["se"] == pytest.approx(1 / np.sqrt((se**-2).sum()), rel=0.35)


def test_probes_of_the_regions_and_the_summary() -> None:
    tables, _ = made(Study())
    probes = tables["dmr_probe"].to_pylist()
    of_region = [
        r["probe_id"] for r in probes
        if (r["contrast"], r["region_id"]) == ("down", "2:4000-4300")
    ]  # fmt: skip
    assert of_region == IDS[list(PLANTED["2"])].tolist()
    assert len(probes) == sum(r["n_probes"] for r in tables["dmr"].to_pylist())
    up, down = tables["dmr_summary"].to_pylist()
    assert (up["n_tested"], up["n_unplaced"], up["n_without_residuals"]) == (389, 10, 1)
    assert (up["n_found"], up["df_residual"], up["n_rotations"], up["note"]) == (2, 10, 999, None)
    assert up["n_regions"] == sum(r["contrast"] == "up" for r in tables["dmr"].to_pylist())
    assert up["n_by_chance"] == down["n_by_chance"] > 0
    worst = max(r["p_value"] for r in tables["dmr"].to_pylist() if r["adj_p_value"] <= 0.05)
    assert worst < up["found_below"]


def test_a_region_spans_a_probe_that_is_not_tested() -> None:
    """CpG 40 does not vary: its neighbours are neighbours of each other."""
    study = Study()
    study.y[[38, 39, 41]] += 6.0 * GROUP
    tables, _ = made(study)
    assert "10:4800-5100" in tables["dmr"]["region_id"].to_pylist()
    tables, _ = made(study, maximum_gap=150)
    assert "10:4800-5100" not in tables["dmr"]["region_id"].to_pylist()


def test_options_say_what_a_candidate_is() -> None:
    wide, _ = made(Study(), p=0.2, minimum_probes=2, rotations=99)
    assert wide["dmr"].num_rows > made(Study())[0]["dmr"].num_rows
    assert min(wide["dmr"]["n_probes"].to_pylist()) == 2
    assert min(wide["dmr"]["adj_p_value"].to_pylist()) == pytest.approx(0.01)
    none, _ = made(Study(), minimum_probes=5)
    assert {r["region_id"] for r in none["dmr"].to_pylist()} >= {"10:3000-3400"}
    assert "2:4000-4300" not in none["dmr"]["region_id"].to_pylist()


def test_the_same_input_gives_the_same_rows() -> None:
    first, second = made(Study())[0], made(Study())[0]
    assert all(first[name].equals(second[name]) for name in TABLES)


def test_samples_have_weights_and_some_blocks_of_values_no_place() -> None:
    """The first 150 CpGs come in one block, of which the manifest knows none."""
    study = Study()
    study.weights = np.linspace(0.5, 1.5, len(GROUP))
    study.position[:150] = [None] * 150
    tables, _ = made(study)
    found = [r for r in tables["dmr"].to_pylist() if r["adj_p_value"] <= 0.05]
    assert [(r["contrast"], r["region_id"]) for r in found] == [
        ("up", "2:4000-4300"), ("down", "2:4000-4300"),
    ]  # fmt: skip
    w = study.weights
    log_fc, se = study.fit.estimate[230:234, 0], study.moderated.se[230:234, 0]
    y = study.y[230:234]
    of_groups = [np.average(y[:, g == GROUP], axis=1, weights=w[g == GROUP]) for g in (0, 1)]
    assert log_fc == pytest.approx(of_groups[1] - of_groups[0])
    assert found[0]["estimate"] == pytest.approx(np.average(log_fc, weights=se**-2))


def test_too_few_degrees_of_freedom_are_said() -> None:
    study = Study(group=np.array([0.0, 0.0, 0.0, 1.0, 1.0]))
    tables, said = made(study)
    assert tables["dmr"].num_rows == tables["dmr_probe"].num_rows == 0
    notes = tables["dmr_summary"]["note"].to_pylist()
    assert len(notes) == 2
    assert all("3 residual degrees of freedom" in note for note in notes)
    assert tables["dmr_summary"]["n_by_chance"].to_pylist() == [None, None]
    assert any(line.startswith("WARNING: no regions") for line in said)


def test_cpgs_far_from_each_other_are_said() -> None:
    tables, said = made(Study(), maximum_gap=99)
    assert tables["dmr"].num_rows == 0
    assert "within 99 bases" in tables["dmr_summary"]["note"].to_pylist()[0]
    assert any("nowhere do 3 tested CpGs lie" in line for line in said)


def test_no_place_at_all_is_an_error() -> None:
    study = Study()
    study.position = [None] * N
    with pytest.raises(AnalysisError, match="needs to know where the CpGs lie") as error:
        made(study)
    assert "manifest" in str(error.value)


def test_chromosomes_stand_in_the_order_of_the_genome() -> None:
    tables, _ = made(Study())
    order = [r["chromosome"] for r in tables["dmr"].to_pylist() if r["contrast"] == "up"]
    assert order == sorted(order, key=int)
    assert set(order) == {"2", "10"}


def test_regions_of_the_first_change_of_a_pair_are_tested_in_the_second() -> None:
    tables, _ = made(Study())
    first = tables["dmr"].filter(pc.equal(tables["dmr"]["contrast"], "up"))
    second = tables["dmr_second"]
    assert first.num_rows > 0
    assert second["region_id"].to_pylist() == first["region_id"].to_pylist()
    assert set(second["first_contrast"].to_pylist()) == {"up"}
    assert set(second["second_contrast"].to_pylist()) == {"down"}
    half = [(h - low) / 2 for h, low in zip(second["ci_high"].to_pylist(),
                                           second["ci_low"].to_pylist(), strict=True)]  # fmt: skip
    assert all(h > s for h, s in zip(half, second["se"].to_pylist(), strict=True))
