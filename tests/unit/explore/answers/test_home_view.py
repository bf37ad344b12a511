"""The first page: who was measured, names to try, what is strongest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from cohortmart.explore.answers.home import home_view
from cohortmart.explore.answers.view import View
from cohortmart.report.blocks import Figure, Table, all_blocks
from tests.support.explored_source import explored_source
from tests.support.report_overview_rows import GENES, SAMPLES, contrast, study
from tests.support.report_source import small_source


def home(root: Path = Path("nowhere"), *, pseudonymised: bool = False, **changed: Any) -> View:
    """The first page of a study, most of whose rows are those of the report's own."""
    tables = {**study(), "analysis_run": [{"analysis": "a", "assay": "rna"}], **changed}
    for row in tables["rebound"]:
        row |= {"log_fc_first": 1.0, "log_fc_second": -1.0}
    source = small_source(tables, SAMPLES, root, analyses=("a",), pseudonymised=pseudonymised)
    source.con.execute("create schema staging; create schema intermediate")
    source.con.execute("create view staging.stg_results__rebounds as from rebound")
    # what is stored has no t: it is made where it is shown
    source.con.execute(
        "create view staging.stg_results__contrast_results as "
        "select * exclude (t), 0.1 as se from fct_contrast_result"
    )
    source.con.execute(
        "create view intermediate.int_rebound__found as "
        "select *, feature_id = 'g1' as is_found from rebound"
    )
    return home_view(explored_source(source), {})


def block(view: View, name: str) -> Any:
    return next(
        b for b in all_blocks(view.page) if isinstance(b, Figure | Table) and b.name == name
    )


def test_a_newcomer_reads_what_the_study_is_and_what_to_type() -> None:
    view = home()
    assert view.page.lead == "5 people (3 MS, 2 HP), 2 timepoints, 10 samples: rna."
    assert [(k.about, k.title, k.address) for k in view.links] == [
        ("a gene", "IL7R", "/gene?name=IL7R"),
        ("a sample", "S0_1st", "/sample?name=S0_1st"),
    ]


def test_of_each_analysis_the_contrast_with_most_is_shown() -> None:
    rows = block(home(), "home-contrasts").rows.to_pylist()
    assert [(r["contrast"], r["n_found"], r["n_contrasts"]) for r in rows] == [("most", 9, 6)]
    assert rows[0]["address"] == "/contrast?analysis=a&contrast=most"


def test_what_swings_back_most_clearly_is_drawn_and_leads_to_its_gene() -> None:
    weak = [
        {"analysis": "a", "pair": "p", "study_group": "MS", "feature_id": f"z{i}",
         "class": "up-down", "adj_p_rebound": 0.9, "p_first": 0.5, "p_second": 0.5}
        for i in range(20)
    ]  # fmt: skip
    courses = block(home(rebound=[*weak, *study()["rebound"]]), "home-courses").data["courses"]
    assert isinstance(courses, pa.Table)
    first = {r["panel"]: (r["feature"], r["address"]) for r in courses.to_pylist()}
    by_p = [gene for gene, _, _ in sorted(GENES, key=lambda g: g[2])]
    assert by_p[:2] == ["g2", "g1"]
    assert first[1][1] == "/gene?name=g2"
    assert first[2][1] == "/gene?name=IL7R"


def test_without_rebound_what_changes_most_is_drawn() -> None:
    nothing = {
        "rebound_summary": pa.table({"analysis": pa.array([], pa.string())}),
    }
    courses = block(home(**nothing), "home-courses")
    assert courses.title == "Genes that change most clearly"
    assert courses.data["courses"]["address"][0].as_py() == "/gene?name=g2"


def test_pseudonymised_no_course_of_one_person_and_no_contrast_of_one(tmp_path: Path) -> None:
    alone = [contrast("most", "within", 9) | {"n_subjects": 1}, contrast("other", "between", 3)]
    rows = {"contrast_summary": alone, "dim_contrast": alone}
    view = home(tmp_path, pseudonymised=True, **rows)
    assert [r["contrast"] for r in block(view, "home-contrasts").rows.to_pylist()] == ["other"]
    assert not any(word in str(view.links) for word in ("S0_1st", "P0"))
    drawn = [b for b in all_blocks(view.page) if isinstance(b, Figure)]
    kinds = {k for f in drawn for k in f.data["courses"]["kind"].to_pylist()}
    assert "person" not in kinds
