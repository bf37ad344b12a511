from __future__ import annotations

import numpy as np

from analyses.stats.methylation.m_value import m_value


def test_logit_in_base_two() -> None:
    beta = np.array([0.5, 0.2, 0.8, 1 / 3])
    np.testing.assert_allclose(m_value(beta, 1e-6), [0.0, -2.0, 2.0, -1.0], atol=1e-14)


def test_clipping_is_symmetric_and_leaves_missing_values_missing() -> None:
    beta = np.array([0.0, 1e-9, 1e-6, 1.0, np.nan])
    found = m_value(beta, 1e-6)
    end = np.log2(1e-6 / (1 - 1e-6))
    np.testing.assert_allclose(found[:4], [end, end, end, -end], rtol=1e-9)
    assert np.isnan(found[4])
    np.testing.assert_allclose(m_value(1 - beta[:3], 1e-3), -m_value(beta[:3], 1e-3), rtol=1e-12)


def test_input_is_not_changed() -> None:
    beta = np.array([[0.0, 0.4]])
    m_value(beta, 0.01)
    np.testing.assert_array_equal(beta, [[0.0, 0.4]])
