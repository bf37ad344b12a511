"""`cohortmart.run`: the command from Python, beside a study that is open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cohortmart
from tests.support.small_study import write_study

HP, BOTH = "{HP_3rd-1st: HP.3rd - HP.1st}", "{HP_3rd-1st: HP.3rd - HP.1st, MS: MS.3rd - MS.1st}"


def varied(folder: Path, contrasts: str, rng: np.random.Generator) -> Path:
    """The small study with counts that differ."""
    file = write_study(folder, contrasts=contrasts)
    header = (folder / "counts.tsv").read_text("utf-8").splitlines()[0]
    counts = rng.poisson(50, (50, header.count("\t")))
    rows = [f"G{g}\t" + "\t".join(map(str, row)) for g, row in enumerate(counts)]
    (folder / "counts.tsv").write_text("\n".join([header, *rows]) + "\n")
    return file


@pytest.mark.slow
def test_an_open_study_sees_what_a_run_changes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file, out = varied(tmp_path, HP, np.random.default_rng(1)), tmp_path / "out"
    with cohortmart.run(file, out=out) as study:
        assert capfd.readouterr() == ("", "")
        assert (out / "report" / "index.html").exists()
        assert study.contrasts()["contrast"].to_list() == ["HP_3rd-1st"]
        before = study.matrix("rna", "count").values
        varied(tmp_path, BOTH, np.random.default_rng(2))
        again = cohortmart.run(file, out=out, report=False, progress=True)
        said = capfd.readouterr()
        assert "computing the contrasts" in said.err
        assert "small" in said.out
        assert not np.array_equal(study.matrix("rna", "count").values, before)
        for one in (study, again):
            assert one.contrasts()["contrast"].to_list() == ["HP_3rd-1st", "MS"]
            assert one.contrast("main", "MS").pl().height == 50
        again.close()


def test_faults_are_exceptions_and_nothing_is_written(tmp_path: Path) -> None:
    file = write_study(tmp_path)
    file.write_text(file.read_text("utf-8").replace("kind: counts", "kind: count"))
    with pytest.raises(cohortmart.InputError, match="kind"):
        cohortmart.run(file, out=tmp_path / "out")
    with pytest.raises(cohortmart.InputError, match=r"other\.yml"):
        cohortmart.run(str(tmp_path / "other.yml"), out=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
