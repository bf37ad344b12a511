"""Returns of an analysis: which differences are compared, the rows, and the refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from analyses.fit.prepare import Preparation
from analyses.returns.tables import RETURNS, return_tables
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from analyses.stats.returns.return_share import Returning
from analyses.stats.returns.return_test import return_test
from cohortmart.core.errors import AnalysisError
from tests.support import sensitivity_study as small
from tests.support.sensitivity_study import GENES, InBlocks, warehouse

RHO = 0.59080  # of this study
BACK, GROWS = "G100", "G101"
RETURN = {"reference": "HP", "from": "MS.1st", "to": ["MS.3rd"]}


def values() -> np.ndarray:
    sheet = small.samples()
    y = small.values(sheet)
    ms = (sheet["study_group"] == "MS").to_numpy()
    late = (sheet["timepoint"] == "3rd").to_numpy()
    y[GENES.index(BACK)] += 4.0 * (ms & ~late)
    y[GENES.index(GROWS)] += 2.0 * ms + 3.0 * (ms & late)
    return y


def run(
    monkeypatch: pytest.MonkeyPatch, given: Any = None, y: np.ndarray | None = None, **changes: Any
) -> tuple[pl.DataFrame, list[dict[str, Any]], list[str]]:
    of = {"return_to": [given or RETURN], "sensitivity": None, **changes}
    con = warehouse(monkeypatch, small.samples(), InBlocks(values() if y is None else y))
    said: list[str] = []
    made = return_tables(Preparation(con, small.study(of), "main"), said.append)
    rows, visits = (
        pl.concat([pl.from_arrow(piece) for piece in made[name]])
        for name in ("feature_return", "return_visit")
    )
    return rows, visits.to_dicts(), said


def fitted(matrix: list[list[float]]) -> tuple[Any, Any]:
    """Columns HP.1st, HP.3rd, MS.1st, MS.3rd, with a plain call of each kernel."""
    sheet, y = small.samples(), values()
    means = (sheet["study_group"] + "." + sheet["timepoint"]).to_numpy()
    design = (means[:, None] == ["HP.1st", "HP.3rd", "MS.1st", "MS.3rd"]).astype(float)
    basis, blocks = design_basis(design), make_blocks(sheet["subject_id"].to_list())
    rho = block_correlation(y, basis, blocks).consensus
    assert rho == pytest.approx(RHO, abs=1e-4)
    fit = fit_contrasts(y, basis, np.array(matrix).T, blocks, rho)
    return fit, ebayes(fit, fit_f_dist(fit.sigma2, fit.df_residual))


def test_rows_are_those_of_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, (visit,), said = run(monkeypatch)
    fit, moderated = fitted([[-1, 0, 1, 0], [1, -1, -1, 1], [0, -1, 0, 1]])
    variance = moderated.se**2
    covariance = (variance[:, 2] - variance[:, 0] - variance[:, 1]) / 2
    df = moderated.df_total[:, 0]
    test = return_test(
        Returning(fit.estimate[:, 0], fit.estimate[:, 1], variance[:, 0], variance[:, 1],
                  covariance, df)
    )  # fmt: skip
    assert rows["feature_id"].to_list() == GENES
    expected = {
        "baseline_difference": fit.estimate[:, 0], "baseline_se": moderated.se[:, 0],
        "change": fit.estimate[:, 1], "change_se": moderated.se[:, 1],
        "difference": fit.estimate[:, 2], "difference_se": moderated.se[:, 2],
        "p_baseline": moderated.p_value[:, 0], "return_share": test.found.share,
        "ci_low": test.found.ci_low, "ci_high": test.found.ci_high, "p_value": test.p_value,
        "adj_p_value": benjamini_hochberg(test.p_value), "p_away": test.p_away,
        "adj_p_away": benjamini_hochberg(test.p_away),
    }  # fmt: skip
    for name, wanted in expected.items():
        found = rows[name].cast(pl.Float64).to_numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-9, err_msg=name)
    assert rows["is_bounded"].to_list() == test.found.is_bounded.tolist()
    r = np.corrcoef(fit.estimate[:, 0], fit.estimate[:, 1])[0, 1]
    assert visit["r"] == pytest.approx(r, abs=1e-6)
    assert visit["share_by_chance"] == pytest.approx(
        np.nanmean(test.chance_towards[test.found.is_bounded]), abs=1e-6
    )
    # both differences have the same variance, and correlate as the visits of a person do
    assert visit["r_no_effect"] == pytest.approx(-np.sqrt((1 - RHO) / 2), abs=1e-4)
    assert visit["no_change_low"] < visit["r_no_change"] < visit["no_change_high"]
    assert 0 < visit["p_value"] <= 1
    assert (visit["n_features"], visit["n_rotations"]) == (300, 9999)
    assert (visit["n_samples"], visit["n_subjects"]) == (32, 16)
    assert (visit["baseline_expression"], visit["to_expression"]) == (
        "MS.1st - HP.1st", "MS.3rd - HP.3rd",
    )  # fmt: skip
    n = int(test.found.is_bounded.sum())
    found = int((benjamini_hochberg(test.p_value) < 0.05).sum())
    assert said == [f"MS.1st to HP, MS.3rd: {found} of {n} differences return"]


def test_planted_genes_have_their_state(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _, _ = run(monkeypatch)
    state = dict(zip(rows["feature_id"], rows["state"], strict=True))
    assert state[BACK] == "back"
    assert state[GROWS] == "away"
    assert state[small.TRUE] == "stays"  # 6 above the reference at both visits


@pytest.mark.parametrize("model", [
    {"means": ["group", "timepoint"], "block": "subject", "correlation": "per_feature"},
    {"means": ["group", "timepoint"], "block": "subject", "baseline": "HP.1st"},
    {"formula": "0 + group:timepoint", "block": "subject"},
    {"means": ["timepoint", "group"], "block": "subject"},
])  # fmt: skip
def test_however_the_design_is_written(
    monkeypatch: pytest.MonkeyPatch, model: dict[str, Any]
) -> None:
    plain, _, _ = run(monkeypatch)
    of, contrasts = RETURN, small.CONTRASTS
    if model.get("means") == ["timepoint", "group"]:
        of = {"reference": "HP", "from": "1st.MS", "to": ["3rd.MS"]}
        contrasts = {"MSvsHP_1st": "1st.MS - 1st.HP"}
    if "baseline" in model:
        contrasts = {"c": "MS.3rd - MS.1st"}
    rows, _, _ = run(monkeypatch, of, model=model, contrasts=contrasts)
    exact = model.get("correlation") is None
    for name in ("baseline_difference", "return_share", "p_value"):
        found, wanted = (f[name].cast(pl.Float64).to_numpy() for f in (rows, plain))
        if exact:
            np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)
    assert rows.filter(pl.col("feature_id") == BACK)["state"].item() in ("back", "towards")


def test_a_reference_that_stays_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, (visit,), _ = run(monkeypatch, {**RETURN, "reference": "HP.1st"})
    assert visit["to_expression"] == "MS.3rd - (HP.1st)"
    fit, _ = fitted([[-1, 0, 1, 0], [0, 0, -1, 1], [-1, 0, 0, 1]])
    np.testing.assert_allclose(rows["change"], fit.estimate[:, 1], rtol=1e-5, atol=1e-9)
    mean, (visit,), _ = run(monkeypatch, {**RETURN, "reference": "(HP.1st + HP.3rd) / 2"})
    fit, _ = fitted([[-0.5, -0.5, 1, 0], [0, 0, -1, 1], [-0.5, -0.5, 0, 1]])
    np.testing.assert_allclose(mean["difference"], fit.estimate[:, 2], rtol=1e-5, atol=1e-9)


def test_errors_are_exact_and_of_any_change(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, _, _ = run(monkeypatch)
    other, _, _ = run(monkeypatch, contrast_errors="limma", moderation={"minimum_log_fc": 0.5})
    assert plain.equals(other)


def test_a_feature_whose_values_are_missing_has_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet, y = small.samples(), values()
    y[3, ((sheet["study_group"] == "MS") & (sheet["timepoint"] == "3rd")).to_numpy()] = np.nan
    rows, (visit,), _ = run(monkeypatch, y=y)
    row = rows.row(3, named=True)
    assert row["baseline_difference"] is not None
    assert [row[k] for k in ("difference", "change", "state", "p_value", "return_share")] == [
        None
    ] * 5
    assert row["is_bounded"] is False
    assert (visit["n_features"], visit["n_features_rotated"]) == (299, 299)


FAULTS = (
    ({**RETURN, "reference": "HX"}, "the reference is neither a group nor a sum of coefficients",
     "HP"),
    ({**RETURN, "from": "MS.0th"}, "MS.0th", "MS.1st"),
    ({**RETURN, "from": "HP.1st"}, "`HP.1st` would be compared with itself", "HP"),
    ({**RETURN, "from": "late"}, "`late` is of no group", "reference"),
    ({**RETURN, "reference": "HP.1st + HP.3rd"}, "the weights of the reference add up to 2",
     "divide"),
)  # fmt: skip


@pytest.mark.parametrize(("given", "problem", "hint"), FAULTS)
def test_what_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], problem: str, hint: str
) -> None:
    with pytest.raises(AnalysisError) as caught:
        run(monkeypatch, given)
    assert problem in caught.value.problem
    assert caught.value.problem.startswith("analysis main: `return_to` of ")
    assert hint in f"{caught.value.hint} {caught.value.expected}"


def test_a_level_for_every_person_takes_the_difference_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = {"means": ["group", "timepoint"], "within": "subject"}
    with pytest.raises(AnalysisError, match="between people") as caught:
        run(monkeypatch, model=model, contrasts={"c": "MS.3rd - MS.1st"})
    assert "MS.1st - HP.1st cannot be estimated" in caught.value.problem
    assert caught.value.hint == "use `block: subject` in place of `within`, or leave the entry out"


def test_without_the_key_there_is_no_step() -> None:
    assert RETURNS.options(small.study({"sensitivity": None}), "main") is None
    one = RETURNS.options(small.study({"return_to": [RETURN]}), "main")
    other = RETURNS.options(small.study({"return_to": [{**RETURN, "margin": 0.2}]}), "main")
    assert one != other
