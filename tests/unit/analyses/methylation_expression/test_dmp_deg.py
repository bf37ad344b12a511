"""CpG-gene pairs of a small warehouse, against loops over its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from analyses.load import streamed as betas_module
from analyses.methylation_expression import dmp_deg as module
from analyses.methylation_expression.dmp_deg import dmp_deg_tables
from analyses.stats.methylation.m_value import m_value
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.errors import AnalysisError
from cohortmart.core.schemas.finding_tables import DMP_DEG
from cohortmart.core.schemas.tables import CONTRAST_RESULT
from cohortmart.core.study.records import Study

CLIP = 0.01
TIMES = ["1st", "2nd", "3rd", "PP"]
WOMEN = [f"W{i}" for i in range(6)]
PROBES = [f"cg{i:02d}" for i in range(12)]
GENES = {**{f"ENSG{i}": f"G{i}" for i in range(6)}, "ENSG6": "G5"}  # two ids of one name
#: PROBES[i] lies in G(i mod 6), and three of them in a second gene, too.
BRIDGE = [
    *((p, f"G{i % 6}", ["Body", "TSS200", None][i % 3]) for i, p in enumerate(PROBES)),
    ("cg01", "G1", "Body"), ("cg01", "G1", "5'UTR"), ("cg03", "G4", "TSS1500"),
    ("cg04", "G5", "3'UTR"), ("cg05", "no such gene", "Body"),
]  # fmt: skip
#: The gene that follows its probe within every woman.
PLANTED = ("cg02", "ENSG2")
#: Row -> is found, by analysis and contrast.
FOUND = {
    ("meth", "3rd-1st"): PROBES[:9],
    ("meth", "PP-3rd"): ["cg02", "cg04"],
    ("meth", "only here"): PROBES,
    ("rna", "3rd-1st"): ["ENSG0", "ENSG2", "ENSG4", "ENSG5", "ENSG6"],
    ("rna", "PP-3rd"): ["ENSG2", "ENSG3", "ENSG6"],
    ("rna", "only there"): list(GENES),
    ("other", "3rd-1st"): [*PROBES, *GENES],
}


def study(**where: str | None) -> Study:
    common = {"model": {"means": ["timepoint"]}, "contrasts": {"time_within_group": "all"}}
    return Study.model_validate(
        {
            "study": "small",
            "samples": [{"file": "s.csv", "subject": "subject"}],
            "timepoints": TIMES,
            "groups": ["HP"],
            "assays": {
                "epic": {"kind": "beta", "files": ["b.csv"], "m_value_clip": CLIP},
                "seq": {"kind": "counts", "files": ["c.csv"]},
            },
            "analyses": {
                "meth": {
                    **common,
                    "assay": "epic",
                    "values": "m_value",
                    "where": where.get("meth", "cell_type = 'CD4'"),
                    "dmp_deg": {"expression": "rna"},
                },
                "rna": {
                    **common,
                    "assay": "seq",
                    "values": "log_cpm",
                    "where": where.get("rna", "cell_type = 'CD4'"),
                },
            },
        }
    )


class Small:
    """Samples of two cell types; each assay has samples of its own and lacks some visits."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        visits = [(w, t, c) for c in ("CD8", "CD4") for t in TIMES for w in WOMEN]
        self.samples = {
            "epic": {v: f"M{i}" for i, v in enumerate(visits) if v[:2] != ("W0", "3rd")},
            "seq": {v: f"R{99 - i}" for i, v in enumerate(visits) if v[:2] != ("W1", "1st")},
        }
        # of W5 one visit is left
        self.samples["seq"] = {
            v: s for v, s in self.samples["seq"].items() if v[0] != "W5" or v[1] == "2nd"
        }
        shape = len(PROBES), len(self.samples["epic"])
        self.beta = rng.uniform(0.001, 0.999, shape)
        self.beta[rng.random(shape) < 0.1] = np.nan
        self.log2_cpm = rng.normal(5, 2, (len(GENES), len(self.samples["seq"])))
        epic = list(self.samples["epic"])
        row = list(GENES).index(PLANTED[1])
        for j, v in enumerate(self.samples["seq"]):
            if v in self.samples["epic"]:
                m = m_value(self.beta[PROBES.index(PLANTED[0]), epic.index(v)], CLIP)
                if np.isfinite(m):
                    self.log2_cpm[row, j] = WOMEN.index(v[0]) * 5 - 0.5 * m + rng.normal(0, 0.05)
        self.results = self._results(rng)

    def _results(self, rng: np.random.Generator) -> list[dict[str, Any]]:
        return [
            {
                "analysis": analysis, "contrast": contrast, "feature_id": feature,
                **{k: float(rng.normal()) for k in ("log_fc", "p_value", "adj_p_value")},
                "delta_beta": None if feature in GENES else float(rng.normal()),
            }
            for analysis, contrast in FOUND
            for feature in ([*PROBES, *GENES] if analysis == "other"
                            else PROBES if analysis == "meth" else GENES)
        ]  # fmt: skip

    def connection(self) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        con.execute("create schema intermediate")
        sheet = [
            (s, v[0], "HP", v[1], TIMES.index(v[1]) + 1, v[2], "")
            for assay in self.samples.values()
            for v, s in assay.items()
        ]
        named = "sample_id subject_id study_group timepoint visit_order cell_type visit_key"
        epic = self.samples["epic"].values()
        tables = {
            "dim_sample": rows(sheet, named),
            "qc_sample": rows(
                [(a, s, None) for a, of in self.samples.items() for s in of.values()],
                "assay sample_id filter_reason",
            ),
            "dim_gene": rows(list(GENES.items()), "gene_id gene_name"),
            "bridge_probe_gene": rows(BRIDGE, "probe_id gene_name region"),
            "fct_gene_expression": rows(
                [
                    ("seq", g, s, float(self.log2_cpm[i, j]))
                    for i, g in enumerate(GENES)
                    for j, s in enumerate(self.samples["seq"].values())
                ],
                "assay gene_id sample_id log2_cpm",
            ),
            "intermediate.int_beta__kept_samples": rows(
                [("epic", j + 1, s) for j, s in enumerate(epic)], "assay position sample_id"
            ),
            "intermediate.int_beta__kept": rows(
                [
                    ("epic", p, [None if np.isnan(b) else float(b) for b in self.beta[i]])
                    for i, p in enumerate(PROBES)
                ],
                "assay feature_id measured",
            ),
            "temp.new_contrast_result": pa.Table.from_pylist(self.results, schema=CONTRAST_RESULT),
            "temp.new_contrast": rows(list(FOUND), "analysis contrast"),
            "temp.new_found": rows(
                [(a, c, f, "up") for (a, c), found in FOUND.items() for f in found],
                "analysis contrast feature_id direction",
            ),
        }
        for name, table in tables.items():
            con.register("given", table)
            own = name.removeprefix("temp.")
            con.execute(f"create {'temp ' if own != name else ''}table {own} as from given")
            con.unregister("given")
        return con

    def pair(self, probe: str, gene: str) -> dict[str, Any]:
        """Correlate by hand: each woman's mean off, then Pearson's sums."""
        shared = [v for v in self.samples["epic"] if v in self.samples["seq"] and v[2] == "CD4"]
        points: dict[str, list[tuple[float, float]]] = {}
        for v in shared:
            beta = self.beta[PROBES.index(probe), list(self.samples["epic"]).index(v)]
            y = self.log2_cpm[list(GENES).index(gene), list(self.samples["seq"]).index(v)]
            if np.isfinite(beta):
                clipped = min(max(beta, CLIP), 1 - CLIP)
                points.setdefault(v[0], []).append((np.log2(clipped / (1 - clipped)), y))
        kept = [np.array(p) - np.mean(p, axis=0) for p in points.values() if len(p) >= 2]
        (xx, xy), (_, yy) = np.vstack(kept).T @ np.vstack(kept)
        n, df = sum(map(len, kept)), sum(map(len, kept)) - len(kept) - 1
        r = xy / np.sqrt(xx * yy)
        p = 2 * stats.t.sf(abs(r) * np.sqrt(df / (1 - r * r)), df)
        return {"n_visits": n, "n_subjects": len(kept), "r_within": r, "df_within": float(df),
                "p_within": p}  # fmt: skip

    def expected(self) -> list[dict[str, Any]]:
        known = {(r["analysis"], r["contrast"], r["feature_id"]): r for r in self.results}
        out = []
        for contrast in ("3rd-1st", "PP-3rd"):
            of_contrast = []
            for probe in sorted(FOUND["meth", contrast]):
                for gene in sorted(FOUND["rna", contrast]):
                    lies = {r for p, g, r in BRIDGE if (p, g) == (probe, GENES[gene])}
                    if not lies:
                        continue
                    m, e = known["meth", contrast, probe], known["rna", contrast, gene]
                    regions = "|".join(sorted(lies - {None})) or None
                    of_contrast.append({
                        "analysis": "meth", "expression_analysis": "rna", "contrast": contrast,
                        "probe_id": probe, "gene_name": GENES[gene], "gene_id": gene,
                        "regions": regions,
                        "is_promoter": bool(lies & {"TSS200", "TSS1500"}),
                        "delta_beta": m["delta_beta"],
                        **{f"methylation_{k}": m[k] for k in ("log_fc", "p_value", "adj_p_value")},
                        **{f"expression_{k}": e[k] for k in ("log_fc", "p_value", "adj_p_value")},
                        **self.pair(probe, gene),
                    })  # fmt: skip
            adjusted = benjamini_hochberg(np.array([r["p_within"] for r in of_contrast]))
            out += [
                r | {"adj_p_within": float(a)} for r, a in zip(of_contrast, adjusted, strict=True)
            ]
        return out


def rows(values: list[tuple[Any, ...]], names: str) -> pa.Table:
    return pa.table({name: [row[i] for row in values] for i, name in enumerate(names.split())})


@pytest.fixture(scope="module")
def small() -> Small:
    return Small()


@pytest.fixture
def con(small: Small) -> Iterator[duckdb.DuckDBPyConnection]:
    with small.connection() as con:
        yield con


def found(con: duckdb.DuckDBPyConnection, of: Study | None = None) -> list[dict[str, Any]]:
    tables = list(dmp_deg_tables(con, of or study(), "meth"))
    for table in tables:
        assert table.schema.equals(DMP_DEG)
    return [row for table in tables for row in table.to_pylist()]


def assert_same(answer: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert len(answer) == len(expected)
    for one, other in zip(answer, expected, strict=True):
        assert one.keys() == other.keys()
        for name, value in other.items():
            exact = not isinstance(value, float)
            assert one[name] == (value if exact else pytest.approx(value, rel=1e-9)), (name, other)


def test_every_pair_that_changes_in_both(small: Small, con: duckdb.DuckDBPyConnection) -> None:
    expected = small.expected()
    assert_same(found(con), expected)
    # what the small study is made to have
    regions = {(r["probe_id"], r["gene_id"]): r["regions"] for r in expected}
    assert regions["cg05", "ENSG5"] == regions["cg05", "ENSG6"] is None
    assert regions["cg04", "ENSG5"] == "3'UTR"
    assert {r["contrast"] for r in expected} == {"3rd-1st", "PP-3rd"}
    assert len({r["n_visits"] for r in expected}) > 1


def test_regions_are_joined_once_and_sorted(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into temp.new_found values ('rna', '3rd-1st', 'ENSG1', 'up')")
    (row,) = (r for r in found(con) if (r["probe_id"], r["gene_id"]) == ("cg01", "ENSG1"))
    assert row["regions"] == "5'UTR|Body|TSS200"
    assert row["is_promoter"] is True


def test_the_planted_pair_stands_out(con: duckdb.DuckDBPyConnection) -> None:
    """Expression falls as methylation rises within every woman, at levels that hide it."""
    answer = {(r["contrast"], r["probe_id"], r["gene_id"]): r for r in found(con)}
    planted = [answer.pop((c, *PLANTED)) for c in ("3rd-1st", "PP-3rd")]
    assert planted[0]["r_within"] == planted[1]["r_within"] < -0.98
    assert max(r["adj_p_within"] for r in planted) < 1e-6
    assert min(r["adj_p_within"] for r in answer.values()) > 0.01


@pytest.mark.parametrize("rows_of_betas", [1, 5])
def test_blocks_change_nothing(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, rows_of_betas: int
) -> None:
    whole = found(con)
    monkeypatch.setattr(module, "_BLOCK", 2)
    monkeypatch.setattr(betas_module, "STEP", rows_of_betas)
    monkeypatch.setattr(betas_module, "BLOCK_VALUES", 1)
    assert found(con) == whole


def test_nothing_is_left_behind(con: duckdb.DuckDBPyConnection) -> None:
    before = con.sql("select table_name from duckdb_tables()").fetchall()
    found(con)
    assert con.sql("select table_name from duckdb_tables()").fetchall() == before


def test_no_pair_is_no_row(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from temp.new_found where analysis = 'rna' and contrast <> 'only there'")
    assert found(con) == []


def test_features_that_were_not_measured_again(con: duckdb.DuckDBPyConnection) -> None:
    """Results of an older lake: no correlation, but the pair is kept."""
    con.execute("delete from intermediate.int_beta__kept where feature_id = 'cg04'")
    con.execute("delete from fct_gene_expression where gene_id = 'ENSG2'")
    answer = found(con)
    lost = [r for r in answer if r["probe_id"] == "cg04" or r["gene_id"] == "ENSG2"]
    assert len(lost) >= 4
    for r in lost:
        assert (r["n_visits"], r["n_subjects"]) == (0, 0)
        assert r["r_within"] is r["df_within"] is r["p_within"] is r["adj_p_within"] is None
    assert all(r["r_within"] is not None for r in answer if r not in lost)


def test_without_cell_types(small: Small, con: duckdb.DuckDBPyConnection) -> None:
    """Null is the same cell type as null."""
    con.execute("delete from dim_sample where cell_type = 'CD8'")
    con.execute("update dim_sample set cell_type = null")
    assert_same(found(con, study(meth=None, rna=None)), small.expected())


def test_no_contrast_in_common(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update temp.new_contrast set contrast = 'else' where analysis = 'rna'")
    with pytest.raises(AnalysisError, match="no contrast of the same name") as raised:
        found(con, study())
    assert raised.value.found == "else"


def test_no_visit_in_common(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(AnalysisError) as raised:
        found(con, study(rna="cell_type = 'CD8'"))
    said = str(raised.value)
    assert "analysis meth: `dmp_deg` finds no timepoint that rna has measured, too" in said
    assert (
        "meth has 23 timepoints such as W0 1st CD4; rna has 20 timepoints such as W4 PP CD8" in said
    )
    assert "`where`" in said
