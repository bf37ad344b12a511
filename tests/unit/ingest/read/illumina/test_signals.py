"""Betas made from methylated and unmethylated signals."""

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
from ingest.read.formats import read_header
from tests.support.array_tables import BETA, read_all, tables, text_table
from tests.support.matrix_files import assay, write

#: Unmethylated, methylated and detection p as files at GEO spell them.
SPELLINGS = [
    ("{} Unmethylated Signal", "{} Methylated Signal", "{} Detection Pval"),
    ("{} Unmethylated signal", "{} Methylated signal", "{} Detection Pval"),
    ("{}.Unmethylated.Signal", "{}.Methylated.signal", "{}.Detection.Pval"),
    ("{}_Unmethylated_Signal", "{}_Methylated_Signal", "{}_DetectionPval"),
    ("{}_unmethylated_signal", "{}_methylated_signal", "{}_Detection PVal"),
    ("{}.Signal_A", "{}.Signal_B", "{}.Detection Pval"),
    ("{} Unmethylated", "{} Methylated", "Detection Pval"),
    ("{}.unmeth", "{}.meth", "{}.detection.p"),
    ("{}_Unmethylated Signal Intensity", "{}_Methylated Signal Intensity", "{}_Det_Pval"),
]


@given(tables(["unmethylated", "methylated", "p"]), st.sampled_from(SPELLINGS), st.data())
def test_every_spelling(
    case: dict[str, Any], spelling: tuple[str, str, str], data: st.DataObject
) -> None:
    u, m, p = (case["given"][name] for name in ("unmethylated", "methylated", "p"))
    with_p = data.draw(st.booleans())
    p_first = with_p and data.draw(st.booleans()) and "{}" in spelling[2]
    columns = []
    for j, sample in enumerate(case["samples"]):
        own = [(spelling[0].format(sample), u[:, j]), (spelling[1].format(sample), m[:, j])]
        detection = [(spelling[2].format(sample), p[:, j])] if with_p else []
        columns += [*detection, *own] if p_first else [*own, *detection]
    text = text_table(
        case["probes"],
        columns,
        id_name=data.draw(st.sampled_from(["ID_REF", "TargetID", "", None])),
        delimiter=data.draw(st.sampled_from([",", "\t"])),
    )
    with TemporaryDirectory() as folder:
        header, ids, found = read_all(write(Path(folder) / "x", text))
    assert header.format_name == "signals"
    assert (header.samples, ids) == (tuple(case["samples"]), case["probes"])
    below_zero = np.where(m < 0, 0, m), np.where(u < 0, 0, u)
    np.testing.assert_array_equal(
        found["values"], below_zero[0] / (below_zero[0] + below_zero[1] + 100)
    )
    assert ("detection_p" in found) == with_p
    if with_p:
        np.testing.assert_array_equal(found["detection_p"], p)


def test_real_signals_give_the_real_betas(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "hm450_genomestudio" / "TableControl_SampleMethylationProfile.txt.gz"
    expected = read_all(source)[2]
    table = pl.read_csv(source, separator="\t", infer_schema_length=0)
    kept = [n for n in table.columns if not n.endswith(("AVG_Beta", "Intensity"))]
    path = tmp_path / "x.txt"
    table.select(kept).write_csv(path, separator="\t")
    header, _, found = read_all(path)
    assert (header.format_name, len(header.samples)) == ("signals", 12)
    np.testing.assert_array_equal(found["detection_p"], expected["detection_p"])
    np.testing.assert_array_equal(found["bead_count"], expected["bead_count"])
    # AVG_Beta is the same formula, written with five decimals.
    there = ~np.isnan(expected["values"])
    assert np.abs(found["values"] - expected["values"])[there].max() < 6e-6


@pytest.mark.parametrize(
    ("head", "sample", "word"),
    [
        (
            "ID_REF,A Unmethylated Signal,A Methylated Signal,B Methylated Signal",
            "B",
            "unmethylated",
        ),
        ("ID_REF,A.Signal_A,A.Signal_B,B.Signal_A", "B", "methylated"),
        ("ID_REF,A.Signal_A,A.Signal_B,A.Detection Pval,B.Signal_A,B.Signal_B", "B", "detection p"),
    ],
)
def test_a_sample_that_lacks_a_column(tmp_path: Path, head: str, sample: str, word: str) -> None:
    cells = ",1" * head.count(",")
    path = write(tmp_path / "x", f"{head}\ncg00000029{cells}\n")
    with pytest.raises(IngestError, match=f"`{sample}` has no column of {word}") as caught:
        read_header(path, BETA)
    assert caught.value.line == 1


def test_counts_are_not_signals(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "ID_REF,A.Signal_A,A.Signal_B\ncg00000029,1,2\n")
    with pytest.raises(IngestError, match="methylation, not of counts"):
        read_header(path, assay("counts"))
