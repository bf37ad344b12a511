"""The tables of permuted visits: against the engine, planted truths, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from analyses.design.contrasts import build_contrasts
from analyses.design.model_matrix import build_design
from analyses.design.subject_pairs import describe_contrast
from analyses.fit.prepare import ModelInputs
from analyses.fit.response import ValueBlock
from analyses.permutations.tables import permutation_tables
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.mixed.block_correlation import consensus, correlation_of_rows
from analyses.stats.mixed.blocks import make_blocks
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.permutation.permutation import PermutationSums
from cohortmart.core.errors import AnalysisError
from cohortmart.core.schemas.finding_tables import PERMUTATION_CHECK, PERMUTATION_RESULT
from cohortmart.core.study.records import Analysis, Study

GENES = [f"G{i:03d}" for i in range(150)]
#: The 3rd against the 1st: planted in the first 20 genes of MS.
CHANGE, OF_HP, GROUP = "MS_3rd-1st", "HP_3rd-1st", "MSvsHP_1st"
CONTRASTS = {
    GROUP: "MS.1st - HP.1st",
    CHANGE: "MS.3rd - MS.1st",
    OF_HP: "HP.3rd - HP.1st",
    "MSvsHP_3rd-1st": "(MS.3rd - MS.1st) - (HP.3rd - HP.1st)",
}
WITHIN = [name for name in CONTRASTS if name != GROUP]


def sheet() -> pl.DataFrame:
    """Twenty women of two groups at three visits, a tenth of them missing."""
    rows = [
        {
            "sample_id": f"S{woman:02d}_{time}", "subject_id": f"W{woman:02d}",
            "study_group": "HP" if woman < 10 else "MS", "timepoint": time, "cell_type": None,
            "age": 25.0 + woman, "week": None,
        }
        for woman in range(20) for time in ("1st", "2nd", "3rd")
    ]  # fmt: skip
    return pl.DataFrame(
        [r for i, r in enumerate(rows) if i % 11 != 5], schema_overrides={"week": pl.Float64}
    )


def values() -> np.ndarray:
    rng, of = np.random.default_rng(8), sheet()
    women = of["subject_id"].cast(pl.Categorical).to_physical().to_numpy()
    y = 6.0 + rng.normal(size=(len(GENES), 20))[:, women] + rng.normal(size=(len(GENES), len(of)))
    y[:20] += 2.0 * ((of["timepoint"] == "3rd") & (of["study_group"] == "MS")).to_numpy()
    return y


@dataclass
class InBlocks:
    y: np.ndarray
    size: int = 40
    weights: np.ndarray | None = None

    def blocks(self) -> Iterator[ValueBlock]:
        for start in range(0, len(self.y), self.size):
            rows = slice(start, start + self.size)
            weights = None if self.weights is None else self.weights[rows]
            yield ValueBlock(pa.array(GENES[rows]), self.y[rows], weights)


def analysis_of(**changes: Any) -> tuple[Study, Analysis]:
    analysis = {
        "assay": "rna", "values": "log_cpm",
        "model": {"means": ["group", "timepoint"], "block": "subject"},
        "contrasts": CONTRASTS, "permutations": {"n": 199, "seed": 3}, **changes,
    }  # fmt: skip
    study = Study.model_validate(
        {
            "study": "small",
            "samples": [{"file": "s.csv", "subject": "subject", "covariates": ["age"]}],
            "timepoints": ["1st", "2nd", "3rd"], "groups": ["HP", "MS"],
            "assays": {"rna": {"kind": "counts", "files": ["c.tsv"]}},
            "analyses": {"main": analysis},
        }
    )  # fmt: skip
    return study, study.analyses["main"]


def prepared_of(
    study: Study, analysis: Analysis, given: InBlocks, samples: pl.DataFrame
) -> ModelInputs:
    design = build_design(samples, analysis.model, study, "analysis main")
    contrasts = build_contrasts(design, analysis.contrasts, analysis.model, study)
    basis = design_basis(design.matrix)
    blocks = None if design.blocks is None else make_blocks(design.blocks.tolist())
    correlation = None
    if blocks is not None:
        correlation = consensus(correlation_of_rows(given.y, basis, blocks, given.weights))
    return ModelInputs(
        samples=samples,
        design=design,
        contrasts=contrasts,
        pairs=tuple(describe_contrast(design, c, samples) for c in contrasts.matrix.T),
        sets={},
        basis=basis,
        values=given,
        blocks=blocks,
        correlation=correlation,
        notes=(),
    )


@dataclass
class Run:
    check: pl.DataFrame
    result: pl.DataFrame
    said: list[str]
    prepared: ModelInputs


def run(given: InBlocks | None = None, samples: pl.DataFrame | None = None, **changes: Any) -> Run:
    study, analysis = analysis_of(**changes)
    samples = sheet() if samples is None else samples
    prepared = prepared_of(study, analysis, given or InBlocks(values()), samples)
    said: list[str] = []
    made = permutation_tables("main", analysis, prepared, said.append)
    check, result = list(made["permutation_check"]), list(made["permutation_result"])
    assert all(t.schema == PERMUTATION_CHECK for t in check)
    assert all(t.schema == PERMUTATION_RESULT for t in result)
    return Run(
        cast(pl.DataFrame, pl.from_arrow(pa.concat_tables(check))),
        cast(pl.DataFrame, pl.from_arrow(pa.concat_tables(result))),
        said,
        prepared,
    )


def test_rows_are_what_the_engine_says() -> None:
    found = run()
    assert found.check["contrast"].to_list() == WITHIN
    assert found.result["contrast"].to_list() == [c for c in WITHIN for _ in GENES]
    assert found.result["feature_id"].to_list() == GENES * len(WITHIN)
    p, y = found.prepared, values()
    fit = fit_contrasts(y, p.basis, p.contrasts.matrix, p.blocks, p.correlation)
    prior = fit_f_dist(fit.sigma2, fit.df_residual)
    moderated = ebayes(fit, prior)
    for name in WITHIN:
        j = p.contrasts.names.index(name)
        sums = PermutationSums(
            p.basis, p.contrasts.matrix[:, j], p.blocks, p.blocks, p.correlation,
            n_permutations=199, seed=3,
        )  # fmt: skip
        sums.add(y, prior.s2_prior, prior.df_prior, moderated.df_total[:, j])
        check, expected = sums.check(), sums.p_values()
        (row,) = found.check.filter(pl.col("contrast") == name).to_dicts()
        assert {k: row[k] for k in row if k not in ("analysis", "contrast")} == {
            k: getattr(check, k) for k in row if k not in ("analysis", "contrast")
        }
        assert row["n_found"] == (moderated.p_value[:, j] < 0.05).sum()
        rows = found.result.filter(pl.col("contrast") == name)
        for column in ("own", "pooled", "family_wise"):
            np.testing.assert_array_equal(rows[f"p_{column}"], getattr(expected, column))


def test_the_planted_change_stands_out() -> None:
    found = run()
    checks = {row["contrast"]: row for row in found.check.to_dicts()}
    assert checks[CHANGE]["n_found"] > checks[CHANGE]["n_high"]
    assert checks[CHANGE]["p_value"] == 1 / 200
    assert checks[OF_HP]["n_low"] <= checks[OF_HP]["n_found"] <= checks[OF_HP]["n_high"]
    assert f"{len(CONTRASTS) - len(WITHIN)} contrast between people" in found.said[0]
    assert any(line.startswith(f"{CHANGE}: ") and "expected" in line for line in found.said)
    assert any("of its variance is between people" in line for line in found.said)


def test_named_contrasts_alone() -> None:
    permutations = {"n": 99, "contrasts": [OF_HP, CHANGE, OF_HP]}
    found = run(permutations=permutations)
    assert found.check["contrast"].to_list() == [OF_HP, CHANGE]
    assert found.check["n_permutations"].to_list() == [99, 99]


def test_women_in_the_model_are_what_is_permuted_within() -> None:
    model = {"means": ["group", "timepoint"], "within": "subject"}
    contrasts = {name: CONTRASTS[name] for name in WITHIN}
    found = run(model=model, contrasts=contrasts)
    assert found.prepared.blocks is None
    checks = {row["contrast"]: row for row in found.check.to_dicts()}
    assert checks[CHANGE]["p_value"] == 1 / 200
    assert not any("between people" in line for line in found.said)


def test_features_with_missing_values_have_no_p() -> None:
    y = values()
    y[[4, 77], 3] = np.nan
    found = run(InBlocks(y))
    missing = found.result.filter(pl.col("p_own").is_null())
    assert missing["feature_id"].to_list() == ["G004", "G077"] * len(WITHIN)
    assert missing["p_pooled"].is_null().all()
    assert found.check["n_features"].to_list() == [148] * len(WITHIN)
    assert "permuted timepoints: 2 features with missing values left out" in found.said


def test_weights_moderation_and_what_differs_is_said() -> None:
    w = np.exp(np.random.default_rng(2).normal(0, 0.3, values().shape))
    found = run(
        InBlocks(values(), weights=w),
        moderation={"trend": True, "robust": True, "minimum_log_fc": 0.5},
        model={"means": ["group", "timepoint"], "block": "subject", "correlation": "per_feature"},
        contrast_errors="limma",
        permutations={"n": 50, "contrasts": [CHANGE]},
    )
    for part in ("the consensus correlation", "not limma's", "not of minimum_log_fc"):
        assert sum(part in line for line in found.said) == 1
    assert (found.result["p_own"][:20] < 0.05).mean() > 0.5
    plain = run(InBlocks(values()), permutations={"n": 50, "contrasts": [CHANGE]})
    assert (plain.result["p_own"] != found.result["p_own"]).any()


def test_block_size_plays_no_part() -> None:
    trend = {"moderation": {"trend": True}}  # a prior of its own for every gene
    one, other = run(InBlocks(values(), 150), **trend), run(InBlocks(values(), 7), **trend)
    assert one.check.equals(other.check)
    assert one.result.equals(other.result)


def test_a_change_without_a_pair_is_one_between_people() -> None:
    """1st and 3rd of different women, although both have a 2nd in common with someone."""
    number = pl.col("subject_id").str.slice(1).cast(pl.Int64) % 2
    gone = pl.when(number == 0).then(pl.lit("3rd")).otherwise(pl.lit("1st"))
    there = sheet().with_row_index().filter(pl.col("timepoint") != gone)
    given = InBlocks(values()[:, there["index"].to_numpy()])
    changes = {"contrasts": {"x": CONTRASTS[OF_HP]}}
    with pytest.raises(AnalysisError, match="can test none of its 1 contrast"):
        run(given, there.drop("index"), **changes)


@pytest.mark.parametrize(
    ("changes", "problem", "hint"),
    [
        (
            {"permutations": {"contrasts": [GROUP]}},
            "analysis main: MSvsHP_1st compares people, which permuting the timepoints of each "
            "cannot",
            "take it out",
        ),
        (
            {"permutations": {"contrasts": ["MS_3rd-1th"]}},
            "permutations name `MS_3rd-1th`, which is no contrast",
            "did you mean `MS_3rd-1st`?",
        ),
        (
            {"contrasts": {GROUP: CONTRASTS[GROUP]}},
            "can test none of its 1 contrast",
            "add such contrasts",
        ),
        (
            {"model": {"means": ["group", "timepoint"]}},
            "there is nothing to permute within",
            "block: subject",
        ),
        ({"permutations": None}, "asks for no permutations", ""),
    ],
)
def test_what_cannot_be_tested_is_refused(changes: dict[str, Any], problem: str, hint: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        run(**changes)
    assert problem in caught.value.problem
    assert hint in (caught.value.hint or "")
    assert caught.value.expected is not None
