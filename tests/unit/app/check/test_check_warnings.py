"""`cohortmart check`: warnings of samples and model that the run says as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.app.check.report import check_study
from tests.support.small_study import said

CONTRASTS = "{MS_3rd-1st: MS.3rd - MS.1st}"
MEANS = "{means: [group, timepoint], block: subject}"


def write_cells(
    folder: Path,
    model: str = MEANS,
    where: str = "true",
    contrasts: str = CONTRASTS,
    roles: str = "cell_type: cell, visit_key: [state]",
) -> Path:
    """Eight people, two timepoints, each sample twice: CD4 and CD8, or at rest and activated."""
    head = "sample,subject,group,timepoint,cell,state,parity"
    rows = [
        f"{g}{i}{t}{c},{g}{i},{g},{t},{c if 'cell_type' in roles else 'T'},"
        f"{'Resting' if 'cell_type' in roles or c == 'CD4' else 'Activated'},{i}"
        for g in ("HP", "MS") for i in range(4) for t in ("1st", "3rd") for c in ("CD4", "CD8")
    ]  # fmt: skip
    (folder / "samples.csv").write_text("\n".join([head, *rows]) + "\n")
    names = [row.partition(",")[0] for row in rows]
    genes = ["\t".join([f"G{i}", *(str(5 + i) for _ in names)]) for i in range(60)]
    (folder / "counts.tsv").write_text("\n".join(["\t".join(["gene", *names]), *genes]) + "\n")
    study = folder / "study.yml"
    study.write_text(
        f"""
study: cells
samples: {{file: samples.csv, sample: sample, subject: subject, group: group,
  timepoint: timepoint, {roles}, covariates: [parity]}}
timepoints: [1st, 3rd]
groups: [HP, MS]
assays:
  rna: {{kind: counts, files: [counts.tsv]}}
analyses:
  main: {{assay: rna, values: voom, where: "{where}", model: {model}, contrasts: {contrasts}}}
"""
    )
    return study


def test_two_cell_types_are_warned_of_and_the_verdict_says_so(tmp_path: Path) -> None:
    text = said(write_cells(tmp_path))
    assert "WARNING: the chosen samples hold 2 values of cell_type (CD4 16, CD8 16)" in text
    assert (
        """`where: "(true) and cell_type = 'CD8'"`, or put `cell_type` among the means.""" in text
    )
    assert "can be computed; read the warnings above: main" in text
    assert not check_study(tmp_path / "study.yml").faulty


def test_so_are_two_states_of_the_visit_key(tmp_path: Path) -> None:
    text = said(write_cells(tmp_path, roles="visit_key: [state]"))
    assert "hold 2 values of state (Activated 16, Resting 16)" in text
    assert "read the warnings above: main" in text


@pytest.mark.parametrize(
    ("model", "where", "contrasts"),
    [
        (MEANS, "cell_type = 'CD8'", CONTRASTS),
        (MEANS, "CELL_TYPE in ('CD8', 'CD19')", CONTRASTS),
        ("{means: [group, timepoint], covariates: [cell_type], block: subject}", "true", CONTRASTS),
        ("{means: [group, timepoint, cell_type], block: subject}", "true",
         "{x: MS.3rd.CD8 - MS.1st.CD8}"),
        ("{formula: '0 + group:timepoint + cell_type', block: subject}", "true",
         "{x: '`group[T.MS]:timepoint[3rd]` - `group[T.MS]:timepoint[1st]`'}"),
    ],
)  # fmt: skip
def test_one_cell_type_or_a_model_that_knows_it_is_fine(
    tmp_path: Path, model: str, where: str, contrasts: str
) -> None:
    text = said(write_cells(tmp_path, model, where, contrasts))
    assert "values of cell_type" not in text
    assert "nothing to warn of: main" in text


def test_the_case_of_two_cell_types(shared_data: Path) -> None:
    study = shared_data.parent / "cases" / "cell_types_mixed" / "study.yml"
    if not study.exists():
        pytest.skip(f"no {study}")
    text = said(study)
    assert "WARNING: the chosen samples hold 2 values of cell_type (CD4 27, CD8 27)" in text
    assert "read the warnings above: e" in text
