"""The enrichment driver on a small made-up warehouse, against sets of names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

from analyses.enrichment.enrichment import enrichment_tables
from analyses.stats.gene_sets.camera import camera, z_scores
from analyses.stats.gene_sets.gsea import preranked
from analyses.stats.gene_sets.membership import membership
from analyses.stats.gene_sets.wallenius import wallenius_greater
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.errors import AnalysisError
from cohortmart.core.schemas.finding_tables import ENRICHMENT
from cohortmart.core.study.records import Study
from tests.support.running_sum import farthest, walk

N_GENES, N_UNEXPRESSED, N_UNTESTED = 300, 20, 10
GENES = [f"GENE{i:03d}" for i in range(N_GENES)]
#: Two features have the name of GENE005: its own, and that of GENE004.
NAMES = {f"F{i:03d}": GENES[5] if i == 4 else GENES[i] for i in range(N_GENES)}
TESTED = [f for f in NAMES if f < f"F{N_GENES - N_UNTESTED:03d}"]
UNIVERSE = sorted({NAMES[f] for f in TESTED if f < f"F{N_GENES - N_UNEXPRESSED:03d}"})
SETS: dict[tuple[str, str], list[str]] = {
    ("pathways", "first"): GENES[:40],
    ("pathways", "second"): [*GENES[30:60], "STRANGER"],
    ("pathways", "too small"): GENES[:9],
    ("pathways", "too small where expressed"): GENES[100:105] + GENES[280:290],
    ("pathways", "too large"): GENES,
    ("more", "third"): GENES[95:130],
    ("gene_lists", "hormone"): [GENES[7], GENES[299]],
}
SAMPLES = [(f"{g}{w}_{t}", f"{g}{w}", g, t)
           for g in ("HP", "MS") for w in range(3) for t in ("1st", "3rd")]  # fmt: skip


def study_of(options: dict[str, Any] | None = None) -> Study:
    model = {"means": ["group", "timepoint"], "block": "subject"}
    analysis = {"model": model, "contrasts": {"up": "MS.3rd - MS.1st"}}
    analysis |= {
        "rebound": {"pairs": [["up", "down"]]},
        "enrichment": {"maximum_size": 200, **(options or {})},
    }
    return Study.model_validate(
        {
            "study": "small",
            "samples": [{"file": "s.csv", "sample": "sample_id", "subject": "subject",
                         "group": "group", "timepoint": "timepoint"}],
            "timepoints": ["1st", "3rd"],
            "groups": ["HP", "MS"],
            "assays": {"rna": {"kind": "counts", "files": ["c.tsv"]},
                       "meth": {"kind": "beta", "files": ["b.csv"]}},
            "analyses": {"rna": {"assay": "rna", "values": "log_cpm", **analysis},
                         "meth": {"assay": "meth", "values": "m_value", **analysis}},
        }
    )  # fmt: skip


def results(rng: np.random.Generator) -> pl.DataFrame:
    """Two contrasts of the genes; the first 30 rise in one of them."""
    shift = np.where(np.arange(len(TESTED)) < 30, 3.0, 0.0)
    frames = [
        pl.DataFrame(
            {
                "analysis": "rna",
                "contrast": contrast,
                "feature_id": TESTED,
                "log_fc": rng.normal(size=len(TESTED)) + by * shift,
                "se": 1.0,
                "df_total": 20.0,
                "ave_expr": rng.normal(size=len(TESTED)),
            }
        )
        for contrast, by in (("up", 1), ("quiet", 0))
    ]
    p = 2 * stats.t.sf(abs(pl.concat(frames)["log_fc"].to_numpy()), 20)
    return pl.concat(frames).with_columns(p_value=p)


#: Probe of the array: the genes it is annotated to; 8 probes a gene, the last also to the next.
PROBES = {f"cg{g:03d}{k}": [GENES[g], *([GENES[g + 1]] if k == 7 and g < 99 else [])]
          for g in range(100) for k in range(8)}  # fmt: skip
FOUND_PROBES = [f"cg{g:03d}{k}" for g in range(0, 20, 2) for k in ((7,) if g % 4 else (1, 7))]


def warehouse(rng: np.random.Generator, shuffled: bool = False) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()

    def table(name: str, frame: pl.DataFrame) -> None:
        frame = frame.sample(fraction=1, shuffle=True, seed=1) if shuffled else frame
        con.register("rows", frame.to_arrow())
        con.execute(f"create table {name} as from rows")

    rna = results(rng)
    probes = pl.DataFrame({"feature_id": [*PROBES, "untested"], "p_value": 0.5}).with_columns(
        analysis=pl.lit("meth"),
        contrast=pl.lit("up"),
        p_value=pl.when(pl.col("feature_id") != "untested").then(pl.col("p_value")),
    )
    table("new_contrast_result", pl.concat([rna, probes], how="diagonal"))
    table("new_contrast", pl.DataFrame([("rna", "up"), ("rna", "quiet"), ("meth", "up")],
                                       schema=["analysis", "contrast"], orient="row"))  # fmt: skip
    rise = pl.when(pl.col("log_fc") > 0).then(pl.lit("up")).otherwise(pl.lit("down"))
    found = rna.filter((pl.col("p_value") < 0.05) & (pl.col("contrast") == "up"))
    names = ["analysis", "contrast", "feature_id", "direction"]
    by_probe = probes.filter(pl.col("feature_id").is_in(FOUND_PROBES)).with_columns(
        direction=pl.lit("up")
    )
    found = pl.concat([found.with_columns(direction=rise).select(names), by_probe.select(names)])
    table("new_found", found)
    both = rna.filter(pl.col("contrast") == "up").select(
        "analysis", "feature_id", pair=pl.lit("up/down"), study_group=pl.lit("MS"),
        p_first="p_value", p_second="p_value")  # fmt: skip
    table("new_rebound", both)
    rebound = both.filter(pl.col("feature_id").is_in(TESTED[:25]))
    odd = pl.int_range(pl.len()) % 2 == 1
    kind = pl.when(odd).then(pl.lit("up-down")).otherwise(pl.lit("down-up"))
    table("new_rebound_found", rebound.with_columns(kind.alias("class")))
    genes = [("rna", f, n, None) for f, n in NAMES.items()]
    genes += [("meth", p, g, r) for p, gs in PROBES.items() for g in gs for r in ("Body", "TSS200")]
    genes.append(("meth", "untested", GENES[150], "Body"))
    columns = dict.fromkeys(("assay", "feature_id", "gene_name", "region"), pl.String)
    table("feature_gene", pl.DataFrame(genes, schema=columns, orient="row"))
    members = [(c, s, None, g) for (c, s), genes in SETS.items() for g in genes]
    columns = dict.fromkeys(("collection", "gene_set", "description", "gene_name"), pl.String)
    table("bridge_gene_set", pl.DataFrame(members, schema=columns, orient="row"))
    table("dim_sample", pl.DataFrame(SAMPLES, orient="row",
          schema=["sample_id", "subject_id", "study_group", "timepoint"]).with_columns(
              cell_type=pl.lit("CD8"), visit_order=1))  # fmt: skip
    ids = [s[0] for s in SAMPLES]
    table("qc_sample", pl.DataFrame({"sample_id": ids, "assay": "rna"}).with_columns(
        filter_reason=pl.lit(None, pl.String)))  # fmt: skip
    con.execute("create schema staging")
    place = pl.DataFrame({"sample_id": ids, "assay": "rna", "layer": "raw"})
    table("staging.stg_lake__matrix_samples", place.with_columns(position=pl.int_range(1, 13)))
    counts = [[100.0] * 12 if i < N_GENES - N_UNEXPRESSED else [1.0] * 12 for i in range(N_GENES)]
    matrix = pl.DataFrame({"feature_id": list(NAMES), "measured": counts})
    table("staging.stg_lake__count_matrix",
          matrix.with_columns(assay=pl.lit("rna"), layer=pl.lit("raw")))  # fmt: skip
    return con


def run(
    con: duckdb.DuckDBPyConnection, name: str, options: dict[str, Any] | None = None
) -> tuple[pl.DataFrame, list[str]]:
    said: list[str] = []
    tables = list(enrichment_tables(con, study_of(options), name, said.append))
    assert all(t.schema == ENRICHMENT for t in tables)
    frame = pl.from_arrow(pa.concat_tables([ENRICHMENT.empty_table(), *tables]))
    assert isinstance(frame, pl.DataFrame)
    return frame, said


def rows_of(frame: pl.DataFrame, *values: str) -> dict[str, dict[str, Any]]:
    columns = ("source", "source_name", "direction", "test")
    chosen = frame.filter(*(pl.col(c) == v for c, v in zip(columns, values, strict=True)))
    return {row["gene_set"]: row for row in chosen.to_dicts()}


def found_names(con: duckdb.DuckDBPyConnection, directions: Iterable[str]) -> set[str]:
    rows = con.execute("select feature_id, direction from new_found where analysis = 'rna'")
    return {NAMES[f] for f, d in rows.fetchall() if d in directions} & set(UNIVERSE)


def test_found_genes_of_a_contrast(rng: np.random.Generator) -> None:
    con = warehouse(rng)
    frame, said = run(con, "rna", {"tests": ["over_representation"], "rebound": False})
    assert said == []
    assert set(frame["source_name"]) == {"up"}  # `quiet` found nothing
    for direction, kinds in (("any", ("up", "down")), ("up", ("up",)), ("down", ("down",))):
        found = found_names(con, kinds)
        rows = rows_of(frame, "contrast", "up", direction, "over_representation")
        assert set(rows) == {"first", "second", "third", "hormone"}
        for (_, name), genes in SETS.items():
            if name not in rows:
                continue
            row, inside = rows[name], set(genes) & set(UNIVERSE)
            both = len(inside & found)
            assert row["n_universe"] == len(UNIVERSE)
            assert (row["n_genes"], row["n_found"]) == (len(inside), len(found))
            assert row["n_overlap"] == both
            assert row["expected"] == pytest.approx(len(inside) * len(found) / len(UNIVERSE))
            p = stats.hypergeom.sf(both - 1, len(UNIVERSE), len(found), len(inside))
            assert row["p_value"] == pytest.approx(p, rel=1e-9)
            assert row["p_uncorrected"] is None
            assert row["z"] is None
            assert row["genes"] == (";".join(sorted(inside & found)) or None)
        pathways = np.array([rows["first"]["p_value"], rows["second"]["p_value"]])
        adjusted = benjamini_hochberg(pathways)
        assert [rows[s]["adj_p_value"] for s in ("first", "second")] == pytest.approx(adjusted)
        assert rows["third"]["adj_p_value"] == rows["third"]["p_value"]
    assert rows_of(frame, "contrast", "up", "up", "over_representation")["first"]["p_value"] < 1e-8


def test_ranked_genes(rng: np.random.Generator) -> None:
    con = warehouse(rng)
    frame, _ = run(con, "rna", {"tests": ["camera", "gsea"], "permutations": 50, "seed": 7})
    assert set(frame["source"]) == {"contrast"}
    query = """
        select feature_id, log_fc, ave_expr from new_contrast_result
        where analysis = 'rna' and contrast = 'up' order by ave_expr, feature_id desc
    """
    t = {NAMES[f]: log_fc for f, log_fc, _ in con.execute(query).fetchall()}  # the last one stays
    z = z_scores([t[g] for g in UNIVERSE], 20.0)
    at = {g: i for i, g in enumerate(UNIVERSE)}
    names = ["third", "hormone", "first", "second"]
    members = [
        [at[g] for (_, s), gs in SETS.items() for g in gs if s == n and g in at] for n in names
    ]
    index = np.repeat(np.arange(4), [len(m) for m in members])
    sets = membership(index, np.concatenate([np.array(m) for m in members]), 4, len(UNIVERSE))
    ranks, scores = camera(z, sets, 0.01), preranked(z, sets, 50, 7)
    by_camera = rows_of(frame, "contrast", "up", "any", "camera")
    by_gsea = rows_of(frame, "contrast", "up", "any", "gsea")
    for i, name in enumerate(names):
        assert by_camera[name]["p_value"] == pytest.approx(ranks.p_value[i], rel=1e-9)
        assert by_camera[name]["z"] == pytest.approx(ranks.z[i], rel=1e-9)
        assert by_camera[name]["inter_gene_correlation"] == 0.01
        assert by_gsea[name]["enrichment_score"] == pytest.approx(scores.enrichment_score[i])
        assert by_gsea[name]["normalised_score"] == pytest.approx(scores.normalised_score[i])
        assert by_gsea[name]["p_value"] == scores.p_value[i]
        assert by_gsea[name]["n_overlap"] is None
        both = found_names(con, ("up", "down")) & {UNIVERSE[g] for g in members[i]}
        assert by_camera[name]["genes"] == (";".join(sorted(both)) or None)
        heights = walk(z, members[i], 1.0)
        upwards = farthest(heights) > 0
        ranked = [UNIVERSE[g] for g in np.argsort(-z, kind="stable")]
        turn = int(np.argmax(heights) if upwards else np.argmin(heights)) + 1
        side = ranked[:turn] if upwards else ranked[turn:][::-1]
        edge = [gene for gene in side if at[gene] in members[i]]
        assert by_gsea[name]["genes"] == ";".join(edge)
    assert set(rows_of(frame, "contrast", "quiet", "any", "gsea")) == set(names)


def test_probes_that_rise_give_shares_of_genes(rng: np.random.Generator) -> None:
    frame, _ = run(warehouse(rng), "meth", {"minimum_size": 5, "maximum_size": 90})
    assert set(frame["test"]) == {"over_representation"}  # probes are not ranked
    assert set(frame["source"]) == {"contrast"}  # no rebound was written for it
    rows = rows_of(frame, "contrast", "up", "up", "over_representation")
    assert set(rows) == {"first", "second", "third", "too small", "hormone"}
    shares: dict[str, float] = {}
    for probe in FOUND_PROBES:
        for gene in PROBES[probe]:
            shares[gene] = shares.get(gene, 0) + 1 / len(PROBES[probe])
    for name, row in rows.items():
        genes = next(gs for (_, s), gs in SETS.items() if s == name)
        inside = [g for g in genes if g in GENES[:100]]
        overlap = sum(min(shares.get(g, 0.0), 1.0) for g in inside)
        assert row["n_universe"] == 100
        assert (row["n_genes"], row["n_found"]) == (len(inside), len(shares))
        assert row["n_overlap"] == pytest.approx(overlap)
        whole = max(int(overlap + 1e-9), len(inside) + len(shares) - 100)
        assert row["genes"] == (";".join(sorted(set(inside) & set(shares))) or None)
        p = wallenius_greater(whole, len(inside), len(shares), 100, 1.0)
        assert row["p_uncorrected"] == pytest.approx(float(p), rel=1e-9)
    assert rows["too small"]["n_overlap"] == pytest.approx(6.0)  # 3 genes whole, 6 half
    assert rows["first"]["p_value"] != rows["first"]["p_uncorrected"]


def test_features_that_rebound(rng: np.random.Generator) -> None:
    frame, _ = run(warehouse(rng), "rna", {"tests": ["over_representation"]})
    n_found = {
        d: rows_of(frame, "rebound", "up/down, MS", d, "over_representation")["first"]["n_found"]
        for d in ("any", "up-down", "down-up")
    }
    # 25 features, F004 and F005 of one gene: 12 of odd number rise and fall
    assert n_found == {"any": 24, "up-down": 12, "down-up": 13}


def test_lists_from_contrasts_and_chosen_collections(rng: np.random.Generator) -> None:
    con = warehouse(rng)
    lists = {
        "risen": {"analysis": "rna", "contrast": "up", "direction": "up"},
        "by_probe": {"analysis": "meth", "contrast": "up"},
        "nothing": {"analysis": "rna", "contrast": "quiet"},
        "unexpressed": {"analysis": "rna", "contrast": "other"},
    }
    options = {"from_contrasts": lists, "collections": ["contrasts", "more"], "contrasts": ["up"],
               "tests": ["over_representation"], "rebound": False}  # fmt: skip
    con.execute("insert into new_found values ('rna', 'other', 'F285', 'up')")
    con.execute("insert into new_contrast values ('rna', 'other')")
    frame, said = run(con, "rna", options)
    assert set(zip(frame["collection"], frame["gene_set"], strict=True)) == {
        ("contrasts", "risen"), ("contrasts", "by_probe"), ("more", "third")}  # fmt: skip
    rows = rows_of(frame, "contrast", "up", "up", "over_representation")
    risen = found_names(con, ["up"])
    assert rows["risen"]["n_overlap"] == rows["risen"]["n_genes"] == len(risen)
    # the first 20 genes but GENE004, whose feature goes by another name here
    assert rows["by_probe"]["n_genes"] == 19
    assert said == [
        "note: the list `nothing` is not tested: contrast quiet of analysis rna found no gene",
        "note: no gene of the gene list `unexpressed` is among the genes tested in analysis rna; "
        "it is not tested",
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"contrasts": ["up", "quite"]},
        {"from_contrasts": {"a": {"analysis": "rna", "contrast": "quite"}}},
    ],
)
def test_a_contrast_that_is_not_there_is_said(
    rng: np.random.Generator, options: dict[str, object]
) -> None:
    with pytest.raises(AnalysisError, match="does not have") as caught:
        run(warehouse(rng), "rna", options)
    assert "quiet" in str(caught.value.hint)


def test_lists_that_found_nothing_are_no_fault(rng: np.random.Generator) -> None:
    lists = {"nothing": {"analysis": "rna", "contrast": "quiet"}}
    options = {"from_contrasts": lists, "collections": ["contrasts"]}
    frame, said = run(warehouse(rng), "rna", options)
    assert frame.is_empty()
    assert len(said) == 1


def test_the_same_rows_in_another_order_change_nothing() -> None:
    options = {"permutations": 20}
    for name in ("rna", "meth"):
        first, _ = run(warehouse(np.random.default_rng(1)), name, options)
        second, _ = run(warehouse(np.random.default_rng(1), shuffled=True), name, options)
        assert first.equals(second)


@pytest.mark.parametrize(
    ("collection", "genes", "parts"),
    [
        ("gene_lists", [f"ENSG{i:011d}" for i in range(7)],
         ["gene list `other`", "analysis rna", "Ensembl genes", "ENSG00000000004", "GENE000"]),
        ("mouse", ["Gene001", "Gene002"], ["gene sets `mouse`", "case"]),
    ],
)  # fmt: skip
def test_names_of_another_kind_are_refused(
    rng: np.random.Generator, collection: str, genes: list[str], parts: list[str]
) -> None:
    con = warehouse(rng)
    for gene in genes:
        con.execute(
            "insert into bridge_gene_set values ($1, 'other', null, $2)", [collection, gene]
        )
    with pytest.raises(AnalysisError) as caught:
        run(con, "rna")
    for part in parts:
        assert part in str(caught.value)


def test_without_any_gene_set(rng: np.random.Generator) -> None:
    con = warehouse(rng)
    with pytest.raises(AnalysisError, match="no gene set to test for") as caught:
        run(con, "rna", {"collections": ["unknown"]})
    assert "gene_lists, more, pathways" in str(caught.value)
    con.execute("delete from bridge_gene_set")
    with pytest.raises(AnalysisError, match="no gene set to test for"):
        run(con, "rna")
