"""Inputs, parameters, versions and samples that differ between two runs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from cohortmart.app.diff.causes import Causes, find_causes
from cohortmart.app.diff.flat import comparable_study, differences
from cohortmart.app.diff.runs import opened
from tests.support.diff_warehouse import FILE, Content, write_run

RESULTS = {("main", "x"): [], ("other", "x"): []}


@pytest.fixture
def causes(tmp_path: Path) -> Callable[..., Causes]:
    """Compare a run with a copy of it that a function changed."""

    def compare(change: Callable[[Content], object], only: str | None = None) -> Causes:
        content = Content(RESULTS)
        changed = copy.deepcopy(content)
        change(changed)
        write_run(tmp_path / "a", content)
        write_run(tmp_path / "b", changed)
        with opened(tmp_path / "a", tmp_path / "b") as (a, b):
            return find_causes(a, b, only)

    return compare


def said(section: tuple) -> list[tuple]:
    return [(d.where, d.what, d.a, d.b) for d in section]


def test_nothing_differs_between_copies(causes):
    assert causes(lambda _: None).none


def test_a_file_of_other_content_is_matched_by_path(causes):
    found = causes(lambda c: c.files[0].update(sha256="2" * 64, rows=4))
    assert said(found.inputs) == [
        ("rna: counts.tsv", "rows", "3", "4"),
        ("rna: counts.tsv", "sha256", "1" * 64, "2" * 64),
    ]
    assert (found.parameters, found.versions, found.samples) == ((), (), ())


def test_a_file_that_only_lies_elsewhere_is_no_difference(causes):
    assert causes(lambda c: c.files[0].update(file="/elsewhere/counts.tsv")).none


def test_a_renamed_file_is_matched_by_content(causes):
    found = causes(lambda c: c.files[0].update(file="b/renamed.tsv", reader_version="matrix-2"))
    assert said(found.inputs) == [
        ("rna: counts.tsv", "file", "counts.tsv", "renamed.tsv"),
        ("rna: counts.tsv", "reader_version", "matrix-1", "matrix-2"),
    ]


def test_a_file_elsewhere_and_changed_is_matched_by_name(causes):
    found = causes(lambda c: c.files[0].update(file="b/counts.tsv", sha256="2" * 64))
    assert [d.what for d in found.inputs] == ["sha256"]


def test_reading_options_are_told_one_by_one(causes):
    found = causes(lambda c: c.files[0].update(options='{"sum_by":"gene_name"}'))
    assert said(found.inputs) == [("rna: counts.tsv", "options.sum_by", None, "gene_name")]


def test_files_added_and_forgotten(causes):
    more = {**FILE, "file": "masks.txt", "role": "mask", "sha256": "3" * 64}
    gone = {**FILE, "file": None, "role": "forgotten_subject", "sha256": "4" * 64,
            "status": "forgotten"}  # fmt: skip
    old = {**FILE, "sha256": "5" * 64, "status": "replaced"}
    found = causes(lambda c: c.files.extend([more, gone, old]))
    assert said(found.inputs) == [
        ("SHA-256 444444444444", "forgotten subject", None, "present"),
        ("mask: masks.txt", "file (SHA-256 333333333333)", None, "present"),
    ]


def test_a_parameter_of_several_analyses_is_told_once(causes):
    found = causes(lambda c: c.parameters["model"].update(block=None, covariates=["age"]))
    assert said(found.parameters) == [
        ("all 2 analyses", "model.block", "subject", None),
        ("all 2 analyses", "model.covariates", None, '["age"]'),
    ]


def test_parameters_of_one_analysis_alone(causes):
    found = causes(lambda c: c.parameters.update(values="voom"), only="other")
    assert said(found.parameters) == [("other", "values", None, "voom")]


def test_study_files_are_compared_without_folders_and_analyses(causes):
    text = "study: small\nanalyses: {x: 1}\nsamples: {file: b/samples.csv, factors: [s]}\n"
    found = causes(lambda c: setattr(c, "study", text))
    assert said(found.parameters) == [("study.yml", "samples.1.factors", None, '["s"]')]


def test_a_run_without_a_copy_of_its_study_file(causes):
    assert causes(lambda c: setattr(c, "study", None)).none


def test_versions(causes):
    found = causes(lambda c: c.libraries.update(numpy="2.1", scipy="1.17"))
    assert said(found.versions) == [
        ("all 2 analyses", "numpy", "2.0", "2.1"),
        ("all 2 analyses", "scipy", None, "1.17"),
    ]


def test_samples_gone_described_otherwise_and_filtered(causes):
    def change(content: Content) -> None:
        del content.samples[0]
        content.samples[0]["age"] = 40.0
        content.dropped.append({"assay": "rna", "sample_id": "S2", "filter_reason": "too few"})

    assert said(causes(change).samples) == [
        ("S0", "sample", "present", None),
        ("S1", "age", "31.0", "40.0"),
        ("S2", "rna dropped", None, "too few"),
    ]


def test_what_asks_for_nothing_makes_no_difference():
    a = {"x": None, "y": [], "z": {"u": None, "v": []}, "kept": 0}
    assert differences(a, {"kept": 0}) == []
    assert differences(a, {"kept": False}) == [("kept", "0", "false")]


def test_a_block_that_one_side_lacks_is_one_difference():
    assert differences({}, {"voom": {"rounds": 1, "x": {"y": "z"}}}) == [
        ("voom", None, '{"rounds": 1, "x": {"y": "z"}}')
    ]


def test_sheets_and_paths_of_study_files():
    lone = {"samples": {"file": "a/s.csv"}, "assays": {"rna": {"files": ["a/b/c.tsv"]}}}
    listed = {"samples": [{"file": "s.csv"}], "assays": {"rna": {"files": ["c.tsv"]}}}
    assert differences(comparable_study(lone), comparable_study(listed)) == []
    moved = {**lone, "groups": ["a/x"]}
    assert differences(comparable_study(lone), comparable_study(moved)) == [
        ("groups", None, '["a/x"]')
    ]
