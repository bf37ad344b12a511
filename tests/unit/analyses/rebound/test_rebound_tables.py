"""Rows of the rebound tables: every number from the column it is named after."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from analyses.rebound.pairs import differences, resolve_pairs
from analyses.rebound.rebound import amplitude_contrasts, difference_contrasts, rebound_p
from analyses.rebound.tables import difference_rows, pair_rows, rebound_rows
from analyses.stats.linear.basis import design_basis
from analyses.stats.linear.contrast_fit import fit_contrasts
from analyses.stats.moderation.ebayes import ebayes
from analyses.stats.moderation.fit_f_dist import fit_f_dist
from analyses.stats.moderation.multiple_testing import benjamini_hochberg
from cohortmart.core.schemas.finding_tables import REBOUND, REBOUND_DIFFERENCE, REBOUND_PAIR
from tests.support.pregnancies import (
    GROUPS,
    NAMES,
    WITHIN_WOMAN,
    contrasts,
    design,
    simulate,
)

N = 30
ENTRIES = [("3rd-1st", "PP-3rd"), ("HP_3rd-1st", "MS_3rd-1st")]
PAIRS = resolve_pairs(NAMES, ENTRIES, GROUPS)
DIFFERENCES = differences(PAIRS, GROUPS)


@pytest.fixture(scope="module")
def study():
    """Two fits: contrasts, and amplitudes with differences; feature 0 has no value in MS."""
    x, blocks = design()
    means = np.zeros((N, 8))
    means[:5, [2, 6]], means[5:10] = 4.0, 3.0 * np.tile([0, 0, 1, 2], 2)
    y = simulate(3, means)
    y[0, 28:] = np.nan  # no sample of MS
    joint = np.column_stack(
        [
            amplitude_contrasts(contrasts(), PAIRS),
            difference_contrasts(contrasts(), PAIRS, DIFFERENCES),
        ]
    )
    fits = [
        fit_contrasts(y, design_basis(x), c, blocks, WITHIN_WOMAN) for c in (contrasts(), joint)
    ]
    prior = fit_f_dist(fits[0].sigma2, fits[0].df_residual)
    return [(f, ebayes(f, prior)) for f in fits]


@pytest.fixture(scope="module")
def ids() -> pa.Array:
    return pa.array([f"g{i:03}" for i in range(N)])


def column(table: pa.Table, name: str) -> np.ndarray:
    return table.column(name).to_numpy()


def test_pairs():
    (table,) = pair_rows("a", PAIRS, NAMES, "CD8", "paper")
    assert table.schema == REBOUND_PAIR
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("a", "3rd-1st/PP-3rd", "HP", "CD8", "HP_3rd-1st", "HP_PP-3rd", "paper"),
        ("a", "3rd-1st/PP-3rd", "MS", "CD8", "MS_3rd-1st", "MS_PP-3rd", "paper"),
        ("a", "HP_3rd-1st/MS_3rd-1st", None, "CD8", "HP_3rd-1st", "MS_3rd-1st", "paper"),
    ]
    (table,) = pair_rows("a", PAIRS[:1], NAMES, None, "default")
    assert table.column("cell_type").to_pylist() == [None]


def test_rebound_rows(study, ids):
    (fit, moderated), (joint, moderated_joint) = study
    delta_beta = np.arange(N * 4.0).reshape(N, 4)
    tables = list(
        rebound_rows("a", PAIRS, NAMES, ids, fit, moderated, delta_beta, joint, moderated_joint)
    )
    adjusted = benjamini_hochberg(moderated.p_value)
    assert len(tables) == 3
    for i, (table, pair) in enumerate(zip(tables, PAIRS, strict=True)):
        assert table.schema == REBOUND
        assert table.column("feature_id").combine_chunks() == ids
        a, b = pair.first, pair.second
        for name, value in {
            "analysis": "a",
            "pair": pair.pair,
            "study_group": pair.study_group,
            "first_contrast": NAMES[a],
            "second_contrast": NAMES[b],
        }.items():
            assert set(table.column(name).to_pylist()) == {value}
        p_rebound, p_same = rebound_p(
            fit.estimate[:, a], fit.estimate[:, b], moderated.p_value[:, a], moderated.p_value[:, b]
        )
        assert (p_rebound < 0.01).any() or pair.study_group is None
        assert (p_same < 0.01).any()
        for name, values in {
            "log_fc_first": fit.estimate[:, a],
            "log_fc_second": fit.estimate[:, b],
            "p_first": moderated.p_value[:, a],
            "p_second": moderated.p_value[:, b],
            "adj_p_first": adjusted[:, a],
            "adj_p_second": adjusted[:, b],
            "delta_beta_first": delta_beta[:, a],
            "delta_beta_second": delta_beta[:, b],
            "adj_p_rebound": benjamini_hochberg(p_rebound),
            "adj_p_same": benjamini_hochberg(p_same),
            "amplitude": joint.estimate[:, i],
            "amplitude_se": moderated_joint.se[:, i],
            "amplitude_p_value": moderated_joint.p_value[:, i],
        }.items():
            np.testing.assert_array_equal(column(table, name), values)


def test_what_is_missing_is_null(study, ids):
    (fit, moderated), (joint, moderated_joint) = study
    _, of_ms, _ = rebound_rows("a", PAIRS, NAMES, ids, fit, moderated, None, joint, moderated_joint)
    assert of_ms.column("delta_beta_first").null_count == N
    for name in ("log_fc_first", "p_second", "adj_p_rebound", "adj_p_same", "amplitude_se"):
        assert of_ms.column(name).is_null().to_pylist() == [True] + [False] * (N - 1)


def test_difference_rows(study, ids):
    joint, moderated = study[1]
    (table,) = difference_rows("a", DIFFERENCES, ids, joint, moderated, first_column=len(PAIRS))
    assert table.schema == REBOUND_DIFFERENCE
    first = {name: table.column(name)[1].as_py() for name in table.schema.names[:5]}
    assert first == {
        "analysis": "a",
        "pair": "3rd-1st/PP-3rd",
        "study_group": "MS",
        "reference_group": "HP",
        "feature_id": "g001",
    }
    for name, values in {
        "amplitude_difference": joint.estimate[:, 1] - joint.estimate[:, 0],
        "se": moderated.se[:, 3],
        "p_value": moderated.p_value[:, 3],
        "adj_p_value": benjamini_hochberg(moderated.p_value[:, 3]),
    }.items():
        np.testing.assert_allclose(column(table, name), values, rtol=1e-12, atol=1e-14)
