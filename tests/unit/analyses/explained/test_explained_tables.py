"""Explained changes of an analysis: rows, left-out samples and contrasts, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from analyses.explained.tables import EXPLAINED_CHANGES, explained_tables
from analyses.fit.prepare import Preparation
from analyses.fit.response import SampleWeightedValues
from analyses.stats.explained.change_fit import fit_changes
from analyses.stats.explained.change_parts import ChangeTests, variances_of
from analyses.stats.explained.within_people import within_people
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from cohortmart.core.errors import AnalysisError
from cohortmart.core.study.records import Study
from tests.support import sensitivity_study as small
from tests.support.sensitivity_study import GENES, InBlocks, warehouse

FOLLOWS = "G050"


def sheet() -> pl.DataFrame:
    """Samples with a third visit of some, and a variable that rises with the visit."""
    rows = small.samples()
    rng = np.random.default_rng(8)
    late = (rows["timepoint"] == "3rd").to_numpy()
    # several samples a visit leave degrees of freedom beside the people
    again = rows.with_columns(pl.col("sample_id").str.replace("S", "T"))
    both = pl.concat([rows, again])
    viability = 70.0 + 8.0 * np.tile(late, 2) + rng.normal(0, 3, both.height)
    return both.with_columns(viability=pl.Series(viability))


def values_of(rows: pl.DataFrame) -> np.ndarray:
    y = small.values(rows)
    y[GENES.index(FOLLOWS)] += 0.4 * rows["viability"].to_numpy()
    return y


def study(variables: list[str], named: tuple[str, ...] = (), **changes: Any) -> Study:
    of = {"variables": variables, "contrasts": list(named)}
    return small.study({"explained_by": of, "sensitivity": None, **changes})


def run(
    monkeypatch: pytest.MonkeyPatch, of: Study, rows: pl.DataFrame | None = None, given: Any = None
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    rows = sheet() if rows is None else rows
    con = warehouse(monkeypatch, rows, InBlocks(values_of(rows)) if given is None else given)
    said: list[str] = []
    made = explained_tables(Preparation(con, of, "main"), said.append)
    parts, variables = (
        pl.concat([pl.from_arrow(piece) for piece in made[name]])
        for name in ("explained", "explained_variable")
    )
    return parts, variables, said


def test_rows_are_those_of_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = sheet()
    parts, variables, said = run(monkeypatch, study(["viability"]), rows)
    assert parts["contrast"].unique().to_list() == ["3rd-1st"]
    assert parts["part"].unique(maintain_order=True).to_list() == [
        "total", "remaining", "explained", "viability",
    ]  # fmt: skip
    assert parts.height == 4 * len(GENES)
    means = rows["study_group"] + "." + rows["timepoint"]
    names = ["HP.1st", "HP.3rd", "MS.1st", "MS.3rd"]
    design = np.array([[float(m == n) for n in names] for m in means])
    within = within_people(
        design, make_blocks(rows["subject_id"].to_list()), rows.select("viability").to_numpy()
    )
    fit = fit_changes(values_of(rows), within)
    spread = [variances_of(fit, remaining=r) for r in (False, True)]
    tests = ChangeTests(fit, within, *(fit_f_dist(v.sigma2, v.df_residual) for v in spread))
    expected = tests.of_contrast(within.contrasts(np.array([[-0.5, 0.5, -0.5, 0.5]]).T)[:, 0])
    for part, j in (("total", 0), ("remaining", 1), ("explained", 2), ("viability", 2)):
        found = parts.filter(pl.col("part") == part).sort("feature_id")
        assert found["feature_id"].to_list() == GENES
        for name in ("estimate", "se", "ci_low", "ci_high", "p_value"):
            wanted = getattr(expected, name)[:, j]
            assert found[name].to_numpy() == pytest.approx(wanted, rel=1e-6, abs=1e-12), name
    of_variable = parts.filter(pl.col("part") == "viability").sort("feature_id")
    assert of_variable["slope"].to_numpy() == pytest.approx(tests.slopes[:, 0], rel=1e-8)
    assert parts.filter(pl.col("part") != "viability")["slope"].null_count() == 3 * len(GENES)
    (row,) = variables.to_dicts()
    assert row["change"] == pytest.approx(of_variable["variable_change"][0])
    assert row["p_value"] == pytest.approx(expected.change_p_value[0, 0])
    assert row["ci_low"] < row["change"] < row["ci_high"]
    assert (row["n_samples"], row["n_subjects"]) == (64, 16)
    assert said == [
        "not within people, so not parted: MSvsHP_1st",
        "300 features, 1 contrast within people, 1 variable",
    ]


def test_a_gene_that_follows_the_variable_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, _, _ = run(monkeypatch, study(["viability"]))

    def p(gene: str, part: str) -> float:
        at = (pl.col("feature_id") == gene) & (pl.col("part") == part)
        return parts.filter(at)["adj_p_value"].item()

    assert max(p(FOLLOWS, "total"), p(FOLLOWS, "explained")) < 1e-3 < 0.05 < p(FOLLOWS, "remaining")
    assert p(small.TRUE, "remaining") < 1e-3 < 0.05 < p(small.TRUE, "explained")


@pytest.mark.parametrize("model", [{"within": "subject"}, {"block": "subject"}, {}])
def test_people_have_their_own_levels_whatever_the_model_says(
    monkeypatch: pytest.MonkeyPatch, model: dict[str, str]
) -> None:
    whole = {"means": ["group", "timepoint"], **model}
    contrasts = {"3rd-1st": small.CONTRASTS["3rd-1st"]}
    parts, _, _ = run(monkeypatch, study(["viability"], model=whole, contrasts=contrasts))
    block, _, _ = run(monkeypatch, study(["viability"]))
    for name in ("estimate", "se", "p_value"):
        assert parts[name].to_numpy() == pytest.approx(block[name].to_numpy(), rel=1e-6, abs=1e-9)


def test_samples_without_a_value_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = sheet()
    lacking = rows.with_columns(
        viability=pl.when(pl.col("subject_id") == "W03").then(None).otherwise(pl.col("viability"))
    )
    found, variables, said = run(
        monkeypatch, study(["viability"]), lacking, InBlocks(values_of(rows))
    )
    kept = (rows["subject_id"] != "W03").to_numpy()
    fewer, _, _ = run(
        monkeypatch, study(["viability"]), rows.filter(kept), InBlocks(values_of(rows)[:, kept])
    )
    assert found["estimate"].to_numpy() == pytest.approx(fewer["estimate"].to_numpy(), abs=1e-9)
    assert said[0] == "4 samples left out, without a value of `viability`: S06, S07, T06, T07"
    assert variables["n_samples"].to_list() == [60]


def test_weights_of_samples_and_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = sheet().with_columns(
        viability=pl.when(pl.int_range(pl.len()) == 5).then(None).otherwise(pl.col("viability"))
    )
    y, rng = values_of(sheet()), np.random.default_rng(3)
    row = np.exp(rng.normal(0, 0.5, rows.height))
    shared, _, _ = run(
        monkeypatch, study(["viability"]), rows, SampleWeightedValues(InBlocks(y), row)
    )
    weights = np.tile(row, (len(GENES), 1))
    each, _, _ = run(monkeypatch, study(["viability"]), rows, InBlocks(y, weights=weights))
    plain, _, _ = run(monkeypatch, study(["viability"]), rows, InBlocks(y))
    for name in ("estimate", "ci_low", "p_value"):
        assert shared[name].to_numpy() == pytest.approx(each[name].to_numpy(), rel=1e-7, abs=1e-9)
    assert np.abs(shared["estimate"].to_numpy() - plain["estimate"].to_numpy()).max() > 0.01


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (["age"], "`age` explains nothing: it is the same at every timepoint of a person"),
        (["viability", "double"], "`double` explains nothing: it follows from the variables"),
        (["visit"], "`visit` explains nothing: it follows from the model within people"),
        (["nothing"], "no sample has a value of `nothing`"),
        (["room"], "`room` is a category"),
        (["vaibility"], "did you mean `viability`?"),
    ],
)
def test_variables_that_cannot_explain(
    monkeypatch: pytest.MonkeyPatch, variables: list[str], message: str
) -> None:
    rows = sheet().with_columns(
        double=2 * pl.col("viability") + 1,
        visit=(pl.col("timepoint") == "3rd").cast(pl.Float64),
        nothing=pl.lit(None, pl.Float64),
    )
    of = study(variables)
    columns = [*of.covariates, "double", "visit", "nothing"]
    samples = (of.samples[0].model_copy(update={"covariates": tuple(columns)}),)
    with pytest.raises(AnalysisError) as error:
        run(monkeypatch, of.model_copy(update={"samples": samples}), rows)
    assert message in str(error.value)


def test_contrasts_that_cannot_be_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnalysisError, match="MSvsHP_1st compares people"):
        run(monkeypatch, study(["viability"], ("MSvsHP_1st",)))
    with pytest.raises(AnalysisError, match="is no contrast of it"):
        run(monkeypatch, study(["viability"], ("3rd-2nd",)))
    between = {"MSvsHP_1st": small.CONTRASTS["MSvsHP_1st"]}
    with pytest.raises(AnalysisError, match="none of its 1 contrast is within people"):
        run(monkeypatch, study(["viability"], contrasts=between))
    alone = sheet().filter(pl.col("timepoint") == "1st")
    with pytest.raises(AnalysisError, match="cannot be parted: nothing of the design varies"):
        run(monkeypatch, study(["viability"], contrasts=between), alone)


def test_one_contrast_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, _, said = run(monkeypatch, study(["viability"], ("3rd-1st",)))
    assert parts["contrast"].unique().to_list() == ["3rd-1st"]
    assert len(said) == 1


def test_the_step_is_wanted_where_it_is_asked_for() -> None:
    assert EXPLAINED_CHANGES.options(study(["viability"]), "main") == {
        "variables": ["viability"], "contrasts": [],
    }  # fmt: skip
    assert EXPLAINED_CHANGES.options(small.study(), "main") is None
