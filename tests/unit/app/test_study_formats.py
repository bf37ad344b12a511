"""What is known of study.yml only beside the readers: the formats of matrix files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.app.study_file import load_study
from cohortmart.core.errors import StudyError
from cohortmart.core.study import load
from ingest.read.formats import FORMATS

STUDY = """study: small
samples: {file: s.csv, sample: s, subject: p, group: g, timepoint: t}
timepoints: [BP, 1st]
groups: [HP, MS]
assays:
  rna: {kind: counts, files: [c.tsv], format: FORMAT}
"""


def written(tmp_path: Path, form: str) -> Path:
    file = tmp_path / "study.yml"
    file.write_text(STUDY.replace("FORMAT", form))
    return file


@pytest.mark.parametrize("form", ["auto", *FORMATS])
def test_every_reader_can_be_named(tmp_path: Path, form: str) -> None:
    assert load_study(written(tmp_path, form)).assays["rna"].format == form


@pytest.mark.parametrize(
    ("form", "found", "says"),
    [
        ("idat", "idat", ["one of auto, matrix, transposed", "the content tells"]),
        ("transponed", "transponed", ["`transposed`?"]),
        ("7", "7", ["one of auto, matrix", "the content tells"]),
        ("", "nothing", ["one of auto, matrix", "the content tells"]),
    ],
)
def test_a_format_that_no_reader_has(
    tmp_path: Path, form: str, found: str, says: list[str]
) -> None:
    with pytest.raises(StudyError, match=r"`assays.rna.format` cannot be used") as caught:
        load_study(written(tmp_path, form))
    assert caught.value.line == 6
    assert caught.value.column is not None
    assert caught.value.found == found
    assert all(words in str(caught.value) for words in says)


def test_without_readers_any_word_may_be_a_format(tmp_path: Path) -> None:
    assert load.load_study(written(tmp_path, "idat")).assays["rna"].format == "idat"
