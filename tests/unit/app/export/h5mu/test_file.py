"""The MuData file is what `mudata` reads, with the numbers of the tables."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from cohortmart.app.export.pipeline import export_study
from cohortmart.core.errors import InputError
from tests.support.export_warehouse import (
    BETAS,
    CONTRASTS,
    COUNTS,
    GENES,
    NAMES,
    PROBES,
    export_warehouse,
    features_of,
    log2_cpm,
    result,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = export_warehouse(tmp_path_factory.mktemp("study") / "out")
    export_study(home, "h5mu")
    return home.exports / "h5mu" / "small.h5mu"


@pytest.fixture(scope="module")
def data(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages, about each other
        import mudata

        with mudata.set_options(pull_on_update=False):
            return mudata.read(path)


def test_modalities_have_values_layers_and_names(data: Any) -> None:
    assert list(data.mod) == ["rna", "methylation", "proteins"]
    rna = data["rna"]
    assert (list(rna.obs_names), list(rna.var_names)) == (["S1", "S2", "S3"], GENES)
    np.testing.assert_array_equal(rna.layers["counts"], np.array(COUNTS).T)
    np.testing.assert_array_equal(rna.X, [[log2_cpm(i, j) for i in range(4)] for j in range(3)])
    assert (rna.uns["X"], data["methylation"].uns["X"]) == ("log2_cpm", "m_value")
    assert rna.var["gene_name"].tolist() == NAMES
    np.testing.assert_array_equal(rna.var["start_position"], [2.0**40, 2.0**40, np.nan, 2.0**40])
    np.testing.assert_array_equal(data["methylation"].layers["beta"], np.array(BETAS[:2], float).T)
    assert data["methylation"].var["gene_name"].tolist() == ["ABC;SEPT2", np.nan]
    assert data["proteins"].shape == (2, 1)


def test_samples_are_shared_and_keep_the_order_of_the_study(data: Any) -> None:
    assert list(data.obs_names) == ["S1", "S2", "S3"]
    assert data.obs["subject_id"].tolist() == ["anna", "anna", "béla"]
    assert data.obs["timepoint"].tolist() == ["PP", "1st", "10th"]
    assert list(data.obs["timepoint"].cat.categories) == ["1st", "PP", "10th"]
    assert list(data.obs["study_group"].cat.categories) == ["MS", "HP"]
    np.testing.assert_array_equal(data.obs["age"], [31.5, 31.0, np.nan])
    assert data.obsmap["proteins"].tolist() == [1, 2, 0]
    assert data.varmap["methylation"].tolist() == [0, 0, 0, 0, 1, 2, 0]
    assert data.obsm["proteins"].ravel().tolist() == [True, True, False]
    assert list(data.var_names) == [*GENES, *PROBES[:2], "IL-6"]


def test_contrasts_stand_beside_the_features(data: Any) -> None:
    for analysis, assay, made in CONTRASTS:
        for i, (name, _) in enumerate(made):
            found = data[assay].varm[f"{analysis}|{name.replace('/', '_')}"]
            rows = [result(i, k) for k in range(len(features_of(assay)))]
            expected = ["log_fc", "se", "t", "p_value", "adj_p_value"]
            if assay == "methylation":
                expected.insert(1, "delta_beta")
            assert list(found.columns) == expected
            for column in expected:
                given = np.array([row[column] for row in rows], float)
                np.testing.assert_array_equal(found[column][: len(rows)], given)
    not_fitted = data["rna"].varm["rna_all|MS_PP-1st"].iloc[3]
    assert not_fitted.isna().all()
    meanings = data.uns["contrasts"]
    assert meanings.loc["rna_all|MS_PP-1st", "meaning"] == "change in MS_PP-1st"
    assert meanings["n_tested"].tolist() == [3] * len(meanings)
    assert data.uns["study"] == "small"


def test_the_file_says_what_it_is_and_is_the_same_again(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with h5py.File(path) as file:  # mudata makes its own of these
        assert file["obsmap/proteins"][:].tolist() == [1, 2, 0]
        assert file["varmap/proteins"][:].tolist() == [0, 0, 0, 0, 0, 0, 1]
        assert file["obsm/proteins"][:].tolist() == [True, True, False]
    assert path.read_bytes().startswith(b"MuData (format-version=0.1.0;creator=cohortmart")
    export_study(export_warehouse(tmp_path / "out"), "h5mu", tmp_path / "again")
    assert (tmp_path / "again" / "small.h5mu").read_bytes() == path.read_bytes()
    monkeypatch.setattr("cohortmart.app.export.assays.BLOCK_VALUES", 3)
    export_study(export_warehouse(tmp_path / "out2"), "h5mu", tmp_path / "blocks")
    with h5py.File(path) as whole, h5py.File(tmp_path / "blocks" / "small.h5mu") as blocks:
        for name in ("mod/rna/X", "mod/methylation/layers/beta"):
            np.testing.assert_array_equal(whole[name][:], blocks[name][:])


def test_it_does_not_leave_the_house(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="values of single samples"):
        export_study(export_warehouse(tmp_path / "out"), "h5mu", pseudonymise=True)
    assert not (tmp_path / "out" / "export").exists()
