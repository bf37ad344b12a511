"""Counter rows are no genes: they go with a note, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cohortmart.core.errors import IngestError
from ingest.read.matrix.counter_rows import is_counter
from tests.support.matrix_files import assay, ingested, write

COUNTERS = (
    *("__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned", "__alignment_not_unique"),
    *("no_feature", "N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous", "Assigned"),
    *("Unassigned_NoFeatures", "Unassigned_Ambiguity", "__unassigned", "*"),
    *("X__no_feature", "x__ambiguous", "Unmapped", "unmapped_reads", "multimapped", "MultiMapping"),
)
GENES = ("TP53", "NAT1", "ENSG00000100000", "ATP1A1", "N4BP1", "ambiguous1", "_1", "AMBP", "SUMO1")


def test_counters_are_known_and_genes_are_not() -> None:
    assert is_counter(pa.array(COUNTERS)).all()
    assert not is_counter(pa.array(GENES)).any()


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("names", [("__no_feature", "__ambiguous"), ("N_unmapped",)])
def test_they_are_left_out_wherever_they_stand(
    tmp_path: Path, place: int, names: tuple[str, ...]
) -> None:
    rows = ["g1,3,0", "g2,5,6", "g3,0,9"]
    rows[place:place] = [f"{name},100,200" for name in names]
    text = "id,A,B\n" + "\n".join(rows) + "\n"
    report, ids, values = ingested(write(tmp_path / "x.csv", text), assay())
    assert ids == ["g1", "g2", "g3"]
    np.testing.assert_array_equal(values, [[3, 0], [5, 6], [0, 9]])
    n = "1 row" if len(names) == 1 else "2 rows"
    assert report.notes == (f"x.csv: left out {n} of no gene: {', '.join(names)}",)
    assert report.files[0].rows == 3


@pytest.mark.parametrize("name", ["Total", "SUM", "total_counts", "Grand total"])
@pytest.mark.parametrize("first", [True, False])
def test_a_row_of_sums_goes(tmp_path: Path, name: str, first: bool) -> None:
    rows = ["g1,3,0", "g2,5,6", "__no_feature,7,8"]
    for sums in ("8,6", "15,14"):  # without the counters, and with them
        lines = [f"{name},{sums}", *rows] if first else [*rows, f"{name},{sums}"]
        text = "id,A,B\n" + "\n".join(lines) + "\n"
        report, ids, _ = ingested(write(tmp_path / "x.csv", text), assay())
        assert ids == ["g1", "g2"]
        assert report.notes[0].endswith(f"__no_feature, {name}")


def test_a_total_of_something_else_stays_and_is_named(tmp_path: Path) -> None:
    text = "id,A,B\nSUM,9,5\ng1,3,0\ng2,5,6\n"
    report, ids, values = ingested(write(tmp_path / "x.csv", text), assay())
    assert ids == ["SUM", "g1", "g2"]
    np.testing.assert_array_equal(values[0], [9, 5])
    assert report.notes == ("x.csv: SUM is not the sum of the other rows and counts as a gene",)


def test_the_total_of_more_genes_than_are_left_goes(tmp_path: Path) -> None:
    text = "id,A,B\ng1,3,0\ng2,5,6\ntotal_reads,90,70\n"
    report, ids, _ = ingested(write(tmp_path / "x.csv", text), assay())
    assert ids == ["g1", "g2"]
    assert report.notes == ("x.csv: left out 1 row of no gene: total_reads",)
    _, ids, _ = ingested(write(tmp_path / "y.csv", "id,A,B\nSUM,9,5\n"), assay())
    assert ids == ["SUM"]


def test_lines_behind_a_counter_are_still_right(tmp_path: Path) -> None:
    text = "id,A,B\ng1,1,2\n__no_feature,7,8\ng2,5,6\ng1,3,4\n"
    with pytest.raises(IngestError, match="stands twice") as caught:
        ingested(write(tmp_path / "x.csv", text), assay())
    assert caught.value.line == 5
    assert "lines 2 and 5" in str(caught.value.found)
    text = "id,A,B\ng1,1,2\n__no_feature,7,8\ng2,5,-6\n"
    with pytest.raises(IngestError, match="negative") as caught:
        ingested(write(tmp_path / "x.csv", text), assay())
    assert caught.value.line == 4


def test_betas_have_no_counters(tmp_path: Path) -> None:
    text = "id,A\n__no_feature,0.5\ncg00000029,0.25\n"
    assert ingested(write(tmp_path / "x.csv", text), assay("beta"))[1][0] == "__no_feature"
