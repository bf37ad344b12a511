"""Technical replicates: counts are added, betas averaged, and nothing of a person is left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cohortmart.core.errors import IngestError
from ingest.forget.pipeline import forget_subject
from ingest.matrix.pools import Pool, pooled, pools_of
from ingest.read.matrix.records import Block
from tests.support.raw_study import GENES, RawStudy, lake_bytes

#: sample, subject, group, timepoint, library
LANES = [
    ("S1", "anna", "MS", "BP", "L1"),
    ("S2", "berta", "HP", "BP", "L2"),
    ("S3", "anna", "MS", "BP", "L1"),
    ("S4", "clara", "HP", "BP", "NA"),
    ("S5", "anna", "MS", "1st", "L3"),
    ("S6", "anna", "MS", "1st", "L3"),
]


@pytest.fixture
def raw(tmp_path: Path) -> RawStudy:
    return RawStudy(tmp_path, sheet=LANES, block={"library": "array"}, assays=("rna",))


def added(raw: RawStudy, *names: str) -> dict[str, float]:
    return dict(zip(GENES, np.sum([raw.counts[n] for n in names], axis=0), strict=True))


def test_counts_of_a_library_are_added(raw: RawStudy) -> None:
    summary = raw.ingest()
    assert raw.values("rna") == {
        "L1": added(raw, "S1", "S3"),
        "L2": added(raw, "S2"),
        "S4": added(raw, "S4"),
        "L3": added(raw, "S5", "S6"),
    }
    assert [r["column_name"] for r in raw.table("matrix_sample")] == [
        "S1 + S3", "S2", "S4", "S5 + S6",
    ]  # fmt: skip
    assert "rna: 4 columns added up to 2 samples, as `library` says what belongs together" in (
        summary.notes
    )
    assert [r["sample_id"] for r in raw.table("sample")] == ["L1", "L2", "L3", "S4"]
    before = lake_bytes(raw.home.lake)
    assert raw.ingest().assays[0].was_in
    assert lake_bytes(raw.home.lake) == before


def test_lanes_may_lie_in_files_of_their_own(raw: RawStudy) -> None:
    files = []
    for number, names in enumerate((["S1", "S2", "S5"], ["S6", "S3", "S4"])):
        file = raw.raw / f"lane{number}.tsv"
        order = range(len(GENES)) if number else reversed(range(len(GENES)))
        rows = ["\t".join(["gene", *names])]
        rows += ["\t".join([GENES[g], *(f"{raw.counts[n][g]}" for n in names)]) for g in order]
        file.write_text("\n".join(rows) + "\n")
        files.append(file)
    raw.options = {"rna": {"files": files}}
    raw.ingest()
    assert raw.values("rna")["L1"] == added(raw, "S1", "S3")
    assert raw.values("rna")["L3"] == added(raw, "S5", "S6")


def test_a_lane_that_is_not_there_is_noted(raw: RawStudy) -> None:
    del raw.counts["S6"]
    raw.write_counts()
    notes = raw.ingest().notes
    assert raw.values("rna")["L3"] == added(raw, "S5")
    assert "rna: the matrix has only some of the columns of 1 library (L3)" in notes


def test_without_a_library_the_message_offers_it(raw: RawStudy) -> None:
    raw.block = {}
    with pytest.raises(IngestError) as caught:
        raw.ingest()
    assert "two samples of one person" in caught.value.problem
    assert "`library`" in (caught.value.hint or "")
    assert "counts are added" in (caught.value.hint or "")


def test_a_forgotten_person_takes_all_lanes_along(raw: RawStudy) -> None:
    raw.ingest()
    assert forget_subject(raw.home, "anna", raw.said.append).n_samples == 2
    assert set(raw.values("rna")) == {"L2", "S4"}
    everything = b"".join(path.read_bytes() for path in raw.home.lake.glob("*.parquet"))
    for name in (b"anna", b"S1", b"S3", b"S5", b"S6"):
        assert name not in everything
    assert raw.ingest().assays[0].was_in
    # also with a sheet that no longer names her, lane by lane
    raw.sheet = [row for row in LANES if row[1] != "anna"]
    raw.write_sheet()
    raw.ingest()
    assert raw.values("rna") == {"L2": added(raw, "S2"), "S4": added(raw, "S4")}


def test_another_library_is_read_anew(raw: RawStudy) -> None:
    raw.ingest()
    raw.sheet = [(*row[:4], f"{row[4]}x" if row[0] in ("S5", "S6") else row[4]) for row in LANES]
    raw.sheet[2] = ("S3", "berta", "HP", "1st", "L9")
    raw.write_sheet()
    assert not raw.ingest().assays[0].was_in
    assert raw.values("rna")["L1"] == added(raw, "S1")
    assert raw.values("rna")["L9"] == added(raw, "S3")


def test_betas_are_averaged_over_those_that_are_there() -> None:
    nan = np.nan
    block = Block(
        1,
        pa.array(["cg1", "cg2"]),
        None,
        np.array([[0.2, 0.9, 0.4], [nan, 0.5, nan]]),
        {
            "detection_p": np.array([[0.01, 0.0, 0.03], [nan, 0.2, 0.1]]),
            "bead_count": np.array([[3.0, 9.0, 7.0], [nan, 4.0, nan]]),
        },
    )
    pools = (Pool(("c", "a")), Pool(("b",)))
    (merged,) = pooled([block], ["a", "b", "c"], pools, "beta")
    np.testing.assert_allclose(merged.values, [[0.3, 0.9], [nan, 0.5]], rtol=1e-15)
    np.testing.assert_array_equal(merged.further["detection_p"], [[0.03, 0.0], [0.1, 0.2]])
    np.testing.assert_array_equal(merged.further["bead_count"], [[3.0, 9.0], [nan, 4.0]])


def test_a_measurement_is_below_detection_where_a_part_is() -> None:
    further = {
        "below_detection": np.array([[0.0, 1.0]]),
        "detection_limit": np.array([[np.nan, 0.5]]),
        "qc_flag": np.array([[1.0, 0.0]]),
    }
    block = Block(1, pa.array(["IL6"]), None, np.array([[1.5, 0.5]]), further)
    (merged,) = pooled([block], ["a", "b"], (Pool(("a", "b")),), "continuous")
    assert merged.values.tolist() == [[1.0]]
    assert {name: v.tolist() for name, v in merged.further.items()} == {
        "below_detection": [[1.0]], "detection_limit": [[0.5]], "qc_flag": [[1.0]],
    }  # fmt: skip


def test_nothing_to_merge_leaves_the_matrix_as_it_is() -> None:
    assert pools_of(["a", "b"], {"a": "A", "b": "B"}, {"A", "B"}) == ()
    assert pools_of(["a", "b"], {"a": "A", "b": "A"}, {"B"}) == ()
    assert pools_of(["b", "a", "c", "x"], {"a": "A", "b": "A", "c": "C"}, {"A", "C"}) == (
        Pool(("b", "a")), Pool(("c",)), Pool(("x",)),
    )  # fmt: skip
