"""Commas and thousands in measurements: read where the file leaves no doubt, else an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.errors import IngestError
from tests.support.matrix_files import write
from tests.unit.ingest.read.continuous.test_measurements import read


def table(e2: tuple[str, str, str], p4: tuple[str, str, str], sep: str) -> str:
    rows = zip(("s1", "s2", "s3"), e2, p4, strict=True)
    return "".join(sep.join(r) + "\n" for r in [("sample", "e2", "p4"), *rows])


@pytest.mark.parametrize(
    ("e2", "p4", "values"),
    [
        (("1,5", "950", "2,25"), ("5,1", "6", "7"), [1.5, 950, 2.25]),
        (("<1,5", "950", "2,25"), ("5", "6", "7"), [1.5, 950, 2.25]),
        (("1,234", "950", "2,345"), ("5.1", "6", "7"), [1234, 950, 2345]),
        (("1,234.5", "950", "<2,345"), ("5", "6", "7"), [1234.5, 950, 2345]),
        (("1,234", "950", "2,345"), ("5,1", "6", "7"), [1.234, 950, 2.345]),
    ],
)
@pytest.mark.parametrize("sep", ["\t", ";"])
def test_what_the_file_leaves_no_doubt_of(
    tmp_path: Path,
    e2: tuple[str, str, str],
    p4: tuple[str, str, str],
    values: list[float],
    sep: str,
) -> None:
    _, rows = read(write(tmp_path / "x", table(e2, p4, sep)))
    assert rows["e2"][0].tolist() == values


@pytest.mark.parametrize(
    ("e2", "p4", "line", "column"),
    [
        (("1,234", "950", "2,345"), ("5", "6", "7"), 2, "e2"),  # 1234, or 1 and 234 thousandths
        (("70,66", "950", "42,3"), ("5.1", "6", "7"), 2, "e2"),
        (("950", "951", "952"), ("5", "1.234,5", "7,5"), 3, "p4"),
    ],
)
def test_what_stays_open_is_an_error(
    tmp_path: Path, e2: tuple[str, str, str], p4: tuple[str, str, str], line: int, column: str
) -> None:
    with pytest.raises(IngestError, match="not a number") as caught:
        read(write(tmp_path / "x", table(e2, p4, ";")))
    assert (caught.value.line, caught.value.column) == (line, column)
    assert "thousands" in (caught.value.hint or "")


@pytest.mark.parametrize("cell", ["12.5%", '"1,234"', "\u22121.5"])
def test_numbers_that_cannot_be_read_are_no_column_of_words(tmp_path: Path, cell: str) -> None:
    text = f"sample,e2,p4\ns1,{cell},1\ns2,{cell},2\ns3,{cell},3\n"
    with pytest.raises(IngestError, match="not a number") as caught:
        read(write(tmp_path / "x.csv", text))
    assert (caught.value.line, caught.value.column) == (2, "e2")
