"""`cohortmart check` on `return_to`: what will be followed, and what would be refused."""

from __future__ import annotations

from pathlib import Path

from cohortmart.app.check.report import check_study
from tests.support.mediated_raw_study import write_study
from tests.support.small_study import said

RETURN = {"reference": "HP", "from": "MS.1st", "to": ["MS.3rd"]}


def test_it_says_what_it_will_follow(tmp_path: Path) -> None:
    text = " ".join(said(write_study(tmp_path, {"return_to": RETURN})).split())
    assert "return_to: how much of MS.1st - HP.1st is gone in MS.3rd - HP.3rd" in text


def test_it_refuses_what_the_analysis_would(tmp_path: Path) -> None:
    twice = {**RETURN, "reference": "HP.1st + HP.3rd"}
    report = check_study(write_study(tmp_path, {"return_to": twice}))
    assert "the weights of the reference add up to 2" in " ".join(report.text.split())
    assert report.faulty == ("cells",)
