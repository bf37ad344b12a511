"""Betas with detection p and beads, in the layouts of GenomeStudio and GEO."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.errors import IngestError
from ingest.check.matrix import check_header
from ingest.read.formats import read_header
from tests.support.array_tables import BETA, read_all, tables, text_table
from tests.support.matrix_files import assay, ingest_files, ingested, lake_values, write

ANNOTATION = {"CHR": "16", "MAPINFO": "53468112", "UCSC_REFGENE_NAME": "RBL2;RBL2"}
REPORT = "[Header]\nGSGT Version\t1.9.4\nContent\t\tx.bpm\n[Sample Methylation Profile]\n"
#: After the sample: detection p as it is spelt.
P_NAMES = ["{}.Detection Pval", "{} Detection Pval", "{}_DetectionPval", "{}_Detection_Pval"]
P_NAMES += ["{}.Detection.Pval", "{}_Detection PVal", "{} Detection P-value", "{}_detP"]
P_NAMES += [
    "{}.DetectionP",
    "{} Det Pval",
    "{}.detection_p",
    "{}_det.p.value",
    "detP.{}",
    "{}_pval",
    "{} (Detection p)",
    "{}_pOOBAH",
    "Detection.Pval_{}",
    "Pval.{}",
]
BARE = ["Detection Pval", "Detection_Pval", "Detection.Pval", "DetectionPval", "Detection PVal"]


def test_the_real_export_equals_another_reader(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "hm450_genomestudio"
    path = folder / "TableControl_SampleMethylationProfile.txt.gz"
    header, ids, found = read_all(path)
    table = pl.read_csv(path, separator="\t", infer_schema_length=None, null_values=[""])
    names = pl.read_csv(folder / "samples.csv")["sample"].to_list()
    assert list(header.samples) == names
    assert header.format_name == "genomestudio+gzip"
    assert ids == table["TargetID"].to_list()
    assert len(ids) == 3363

    def of(quantity: str) -> np.ndarray:
        columns = table.select([pl.col(f"{n}.{quantity}").cast(pl.Float64) for n in names])
        return columns.fill_null(np.nan).to_numpy()

    np.testing.assert_array_equal(found["values"], of("AVG_Beta"))
    assert int(np.isnan(found["values"]).sum()) == 74
    np.testing.assert_array_equal(found["detection_p"], of("Detection Pval"))
    beads = np.fmin(of("Avg_NBEADS_A"), of("Avg_NBEADS_B"))
    np.testing.assert_array_equal(found["bead_count"], beads)
    target = tmp_path / "m.parquet"
    report = ingest_files("m", BETA, [path], target)
    assert (report.rows, report.columns) == (3363, 12)
    assert int(np.isnan(lake_values(target)[1]).sum()) == 74


@given(tables(["value", "p", "beads"]), st.data())
def test_a_prefix_for_every_column(case: dict[str, Any], data: st.DataObject) -> None:
    values, p, beads = (case["given"][name] for name in ("value", "p", "beads"))
    with_beads = data.draw(st.booleans())
    p_name = data.draw(st.sampled_from(P_NAMES[:-1]))
    columns = []
    for j, sample in enumerate(case["samples"]):
        columns += [(f"{sample}.AVG_Beta", values[:, j]), (f"{sample}.Intensity", beads[:, j])]
        columns += [(p_name.format(sample), p[:, j])]
        if with_beads:
            columns += [(f"{sample}.Avg_NBEADS_A", beads[:, j])]
            columns += [(f"{sample}.Avg_NBEADS_B", beads[::-1, j])]
    text = text_table(
        case["probes"],
        data.draw(st.permutations(columns)) if data.draw(st.booleans()) else columns,
        before=data.draw(st.sampled_from([{}, {"Index": "1"}, ANNOTATION])),
        after=data.draw(st.sampled_from([{}, ANNOTATION])),
        tail=data.draw(st.sampled_from(["", "\t"])),
    )
    above = data.draw(st.sampled_from(["", "#Average Beta, quantile normalized\n", REPORT]))
    with TemporaryDirectory() as folder:
        header, ids, found = read_all(write(Path(folder) / "x", above + text))
    order = [case["samples"].index(name) for name in header.samples]
    assert sorted(order) == list(range(len(case["samples"])))
    assert ids == case["probes"]
    np.testing.assert_array_equal(found["values"], values[:, order])
    np.testing.assert_array_equal(found["detection_p"], p[:, order])
    if with_beads:
        np.testing.assert_array_equal(found["bead_count"], np.fmin(beads, beads[::-1])[:, order])
    assert ("bead_count" in found) == with_beads


@given(tables(["value", "p"]), st.data())
def test_the_processed_tables_of_geo(case: dict[str, Any], data: st.DataObject) -> None:
    values, p = case["given"]["value"], case["given"]["p"]
    style = data.draw(st.sampled_from(["bare", "numbered", "prefixed"]))
    bare, prefixed = data.draw(st.sampled_from(BARE)), data.draw(st.sampled_from(P_NAMES))
    columns = []
    for j, sample in enumerate(case["samples"]):
        name = bare if style == "bare" or (style == "numbered" and j == 0) else f"{bare}.{j}"
        if style == "prefixed":
            name = prefixed.format(sample)
        columns += [(sample, values[:, j]), (name, p[:, j])]
    delimiter = data.draw(st.sampled_from([",", "\t"]))
    text = text_table(
        case["probes"],
        columns,
        id_name=data.draw(st.sampled_from(["ID_REF", "TargetID", "", None])),
        after=data.draw(st.sampled_from([{}, ANNOTATION])),
        delimiter=delimiter,
    )
    above = data.draw(st.sampled_from(["", "#Quantile normalized, Average Beta\n"]))
    with TemporaryDirectory() as folder:
        header, ids, found = read_all(write(Path(folder) / "x", above + text))
    assert header.format_name == "genomestudio"
    assert header.samples == tuple(case["samples"])
    assert ids == case["probes"]
    np.testing.assert_array_equal(found["values"], values)
    np.testing.assert_array_equal(found["detection_p"], p)


def test_beads_of_one_number_and_a_bare_detection_p(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x",
        "TargetID\tS1.AVG_Beta\tDetection Pval\tS1.NBEADS\tS2.AVG_Beta\tDetection Pval\tS2.NBEADS\n"
        "cg00000029\t0.5\t0\t9\t0.25\t0.01\t3\n",
    )
    header, _, found = read_all(path)
    assert header.samples == ("S1", "S2")
    assert {k: v.tolist() for k, v in found.items()} == {
        "values": [[0.5, 0.25]],
        "detection_p": [[0.0, 0.01]],
        "bead_count": [[9.0, 3.0]],
    }


def test_a_column_named_as_the_sample_is_not_its_beta_where_avg_beta_is(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "ID_REF,S1,S1.AVG_Beta,S1.Detection Pval\ncg00000029,0.9,0.5,0\n")
    header, _, found = read_all(path)
    assert (header.samples, found["values"].tolist()) == (("S1",), [[0.5]])


def test_betas_alone_and_betas_beside_signals(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "TargetID,S1.AVG_Beta,S2.AVG_Beta\ncg00000029,0.5,1\n")
    assert read_header(path, BETA).samples == ("S1", "S2")
    # Who strips the suffix that is gone already means the same.
    assert read_header(path, assay("beta", strip_suffix=".AVG_Beta")).samples == ("S1", "S2")
    path = write(tmp_path / "x", "TargetID,S1,S1.Signal_A,S1.Signal_B\ncg00000029,0.5,9,1\n")
    header, _, found = read_all(path)
    assert (header.format_name, found["values"].tolist()) == ("genomestudio", [[0.5]])


def test_a_suffix_of_the_samples_is_stripped(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x", "ID_REF,S1_x,Detection Pval,S2_x,Detection Pval\ncg00000029,0,0,1,0\n"
    )
    assert read_header(path, assay("beta", strip_suffix="_x")).samples == ("S1", "S2")


@pytest.mark.parametrize("before", ["", "Index\t", "Index\tAddressA_ID\t"])
def test_a_bare_pval_tells_where_probes_stand_in_a_further_column(
    tmp_path: Path, before: str
) -> None:
    """`pval` alone stands in tables of results, too: only probes make it detection p."""
    n = before.count("\t")
    text = f"{before}ID_REF\tS1\tpval\tS2\tpval\n" + "1\t" * n
    path = write(tmp_path / "x", text + "cg00000029\t0.5\t0.25\t1\t0\n")
    header, ids, found = read_all(path)
    assert (header.format_name, header.samples) == ("genomestudio", ("S1", "S2"))
    assert (header.id_field, ids) == (n + 1, ["cg00000029"])
    assert found["detection_p"].tolist() == [[0.25, 0.0]]
    genes = write(tmp_path / "y", text + "TP53\t5\t2\t1\t0\n")
    assert read_header(genes, assay("counts")).format_name == "tsv"


@pytest.mark.parametrize("blank", ["", "\n", "\n\n"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_report_goes_on_with_another_section(tmp_path: Path, line_end: str, blank: str) -> None:
    table = "Index\tTargetID\tS1.AVG_Beta\tS1.Detection Pval\n1\tcg00000029\t0.5\t0.25\n"
    controls = "[Control Probe Profile]\nIndex\tTargetID\tS1.Signal_Grn\n1\tBISULFITE\t7\n"
    for rest in (blank + controls, blank):
        text = (REPORT + table + rest).replace("\n", line_end)
        header, ids, found = read_all(write(tmp_path / "x", text))
        assert (header.header_line, ids, found["values"].tolist()) == (5, ["cg00000029"], [[0.5]])


@pytest.mark.parametrize(
    ("head", "sample", "word", "column"),
    [
        ("ID_REF,S1,Detection Pval,S2", "S2", "detection p", 4),
        ("ID_REF,S1,S2,Detection Pval", "S1", "detection p", 2),
        ("S1,Detection Pval,S2", "S2", "detection p", 3),  # R's missing corner
        ("ID_REF,S1,S1 Detection Pval,S2", "S2", "detection p", 4),
        ("ID_REF,S1.AVG_Beta,S1.Detection Pval,S2.AVG_Beta", "S2", "detection p", 4),
        ("ID_REF,S1.AVG_Beta,S1.Detection Pval,S2.Detection Pval", "S2", "beta", 4),
        ("ID_REF,S1.AVG_Beta,S1.Avg_NBEADS_A,S1.Avg_NBEADS_X", "S1", "beads B", 2),
    ],
)
def test_a_sample_that_lacks_a_column(
    tmp_path: Path, head: str, sample: str, word: str, column: int
) -> None:
    path = write(tmp_path / "x", f"{head}\ncg00000029,0.5,0.25,0.75\n")
    with pytest.raises(IngestError, match=f"`{sample}` has no column of .*{word}") as caught:
        read_header(path, BETA)
    assert (caught.value.file, caught.value.line, caught.value.column) == (path, 1, column)


def test_a_column_of_no_sample(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "ID_REF,Detection Pval,S1,Detection Pval\ncg00000029,0,1,0\n")
    with pytest.raises(IngestError, match="belongs to no sample") as caught:
        read_header(path, BETA)
    assert caught.value.column == 2


def test_a_sample_that_stands_twice(tmp_path: Path) -> None:
    for head in (
        "ID_REF,S1,Detection Pval,S1,Detection Pval",
        "ID_REF,S1.AVG_Beta,S1.Detection Pval,S1.AVG_Beta,S1.Detection Pval",
    ):
        header = read_header(write(tmp_path / "x", f"{head}\ncg00000029,0,0,1,0\n"), BETA)
        with pytest.raises(IngestError, match="`S1` stands twice") as caught:
            check_header(header)
        assert caught.value.column == 4


def test_counts_are_not_methylation(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "#note\nID_REF,S1,Detection Pval\ncg00000029,0,0\n")
    with pytest.raises(IngestError, match="methylation, not of counts") as caught:
        read_header(path, assay("counts"))
    assert caught.value.line == 2
    assert "kind: beta" in str(caught.value.hint)


def test_bad_cells_are_named_by_sample_and_quantity(tmp_path: Path) -> None:
    head = "#note\nID_REF;S1;Detection Pval\n"
    with pytest.raises(IngestError, match="not a number") as caught:
        read_all(write(tmp_path / "x", head + "cg00000029;0;0\ncg00000108;0;0,5\n"))
    assert (caught.value.line, caught.value.column) == (4, "S1 detection_p (field 3)")
    assert "decimal comma" in str(caught.value.hint)
    with pytest.raises(IngestError, match="detection p lies outside") as caught:
        ingested(write(tmp_path / "x", head + "cg00000029;0;0\ncg00000108;0;1.5\n"), BETA)
    assert (caught.value.line, caught.value.column) == (4, "S1 detection_p (field 3)")


def test_which_column_holds_the_probes(tmp_path: Path) -> None:
    columns = "S1.AVG_Beta\tS1.Detection Pval\n"
    for head, row in (
        ("ProbeID\tTargetID", "12345\tcg00000029"),
        ("ProbeID\tCHR", "cg00000029\t7"),
        ("Index\tName", "1\tcg00000029"),
        ("Index\tprobe.name", "1\tcg00000029"),
        ("Probe_SNPs\tIlmnID", "rs12345\tcg00000029"),
    ):
        path = write(tmp_path / "x", f"{head}\t{columns}{row}\t0.5\t0\n")
        assert read_all(path)[1] == ["cg00000029"], head


def test_a_suffix_that_is_the_name_of_the_detection_p_is_gone(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "ID_REF\tS1\tS1_detP\ncg00000029\t0.5\t0.01\n")
    for suffix in ({}, {"strip_suffix": "_detP"}):
        header, _, found = read_all(path, assay("beta", **suffix))
        assert header.samples == ("S1",)
        assert (found["values"].tolist(), found["detection_p"].tolist()) == ([[0.5]], [[0.01]])
    with pytest.raises(IngestError, match="no sample name ends in `_x`"):
        read_header(path, assay("beta", strip_suffix="_x"))
