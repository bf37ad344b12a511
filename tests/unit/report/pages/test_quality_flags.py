"""Flags of quality ask only for what was not done: in the model, by normalise, by weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.warehouse.home import Home
from cohortmart.report.blocks import all_blocks
from cohortmart.report.pages.quality import quality_page
from cohortmart.report.pages.quality.assays import assays
from cohortmart.report.pages.quality.flags import quality_flags
from tests.support.report_quality_rows import SAMPLES, study
from tests.support.report_source import small_source


def _flags(**tables: Any) -> str:
    source = small_source({**study(), **tables}, SAMPLES, analyses=("one", "two"))
    return "\n".join(words for assay in assays(source) for words in quality_flags(source, assay))


def test_a_batch_of_all_samples_is_none_of_an_analysis_that_does_not_see_it() -> None:
    of_all = [r for r in study()["qc_pca_covariate"] if r["sample_set"] == "all samples"]
    assert "goes with component" not in _flags(qc_pca_covariate=of_all)


@pytest.mark.parametrize(
    "written",
    [
        "assays: {rna: {normalise: [{combat_seq: {batch: batch}}]}}",
        "assays: {rna: {normalise: {combat: {batch: batch, keep: [group]}}}}",
        "assays: {raw: {normalise: [bmiq, {combat: {batch: batch}}]}}\n"
        "derive: {rna: {from: raw, method: cell_fractions}}",
    ],
)
def test_what_normalise_took_out_is_no_caution(tmp_path: Path, written: str) -> None:
    def said(text: str) -> str:
        (tmp_path / "study.yml").write_text(text)
        source = replace(
            small_source(study(), SAMPLES, analyses=("one", "two")), home=Home(tmp_path)
        )
        return "\n".join(
            words for assay in assays(source) for words in quality_flags(source, assay)
        )

    assert "goes with component" not in said(written)
    assert "batch goes with component 1" in said(written.replace("batch: batch", "batch: slide"))
    assert "batch goes with component 1" in said("study: s\n")


def test_samples_of_few_reads_that_count_less_already_are_no_caution() -> None:
    runs = [
        r | {"parameters": json.dumps({"model": {}, "array_weights": True})}
        for r in study()["analysis_run"]
    ]
    assert "fewer than a quarter" not in _flags(analysis_run=runs)


def test_samples_that_are_all_the_same_have_maps_without_shares() -> None:
    components = [r | {"variance_share": None} for r in study()["qc_pca_component"]]
    tables = {**study(), "qc_pca_component": components}
    page = quality_page(small_source(tables, SAMPLES, analyses=("one", "two")))
    maps = [b for b in all_blocks(page) if getattr(b, "name", "").startswith("quality-map-rna")]
    assert maps
    assert any("Share of all differences: not known." in getattr(b, "alt", "") for b in maps)
