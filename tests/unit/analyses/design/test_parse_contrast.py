from __future__ import annotations

import pytest

from analyses.design.contrast_expression import parse_contrast, quoted
from cohortmart.core.errors import AnalysisError

NAMES = ["MS.3rd", "MS.1st", "HP.3rd", "HP.1st", "Intercept", "proportion_memory", "3rd", "1st"]


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("MS.3rd", {"MS.3rd": 1}),
        ("MS.3rd-HP.3rd", {"MS.3rd": 1, "HP.3rd": -1}),
        ("(MS.3rd - MS.1st) - (HP.3rd - HP.1st)",
         {"MS.3rd": 1, "MS.1st": -1, "HP.3rd": -1, "HP.1st": 1}),
        ("3rd-1st", {"3rd": 1, "1st": -1}),
        ("-3rd", {"3rd": -1}),
        ("--3rd + -+1st", {"3rd": 1, "1st": -1}),
        ("2*3rd", {"3rd": 2}),
        ("3rd*2/4", {"3rd": 0.5}),
        ("1/2*(MS.3rd + MS.1st) - HP.1st", {"MS.3rd": 0.5, "MS.1st": 0.5, "HP.1st": -1}),
        ("(MS.3rd+MS.1st)/2", {"MS.3rd": 0.5, "MS.1st": 0.5}),
        ("((MS.3rd)) * (1 + 2) / (4 - 1)", {"MS.3rd": 1}),
        ("1e-2*MS.3rd + .5*HP.3rd + 2.*HP.1st", {"MS.3rd": 0.01, "HP.3rd": 0.5, "HP.1st": 2}),
        ("-(MS.3rd - 2*MS.1st)", {"MS.3rd": -1, "MS.1st": 2}),
        ("`MS.3rd` - `1st`", {"MS.3rd": 1, "1st": -1}),
        ("6/2/3*MS.1st", {"MS.1st": 1}),
        ("MS.3rd - 2*MS.1st - HP.1st - HP.1st", {"MS.3rd": 1, "MS.1st": -2, "HP.1st": -2}),
        ("MS.3rd + HP.1st - HP.1st", {"MS.3rd": 1}),
    ],
)  # fmt: skip
def test_reads_weights(text: str, weights: dict[str, float]) -> None:
    assert parse_contrast(text, NAMES) == weights


def test_reads_odd_names() -> None:
    names = ["group[HP]:timepoint[1st]", "T-ALL.1st", "a b", "2", "1e", "β", "x(1)"]
    text = "`group[HP]:timepoint[1st]` - group[HP]:timepoint[1st]*3 + `T-ALL.1st`/2 - 2*`2`"
    assert parse_contrast(text, names) == {
        "group[HP]:timepoint[1st]": -2,
        "T-ALL.1st": 0.5,
        "2": -2,
    }
    assert parse_contrast("1e-2*β - 1e", names) == {"β": 0.01, "1e": -1}
    assert parse_contrast("`a b`-β+1e - `x(1)`", names) == {"a b": 1, "β": -1, "1e": 1, "x(1)": -1}


def test_cancels_exactly() -> None:
    # 0.1 + 0.2 - 0.3 is not 0 in floating point
    assert parse_contrast("0.1*3rd + 0.2*3rd - 0.3*3rd + 1st", NAMES) == {"1st": 1}
    third = parse_contrast("(MS.1st + MS.3rd + HP.1st)/3 - HP.3rd", NAMES)
    assert third["MS.1st"] == 1 / 3


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "empty"),
        ("   ", 4, "empty"),
        ("MS.3rd - MS.4th", 10, "`MS.4th` is not a coefficient"),
        ("MS.3rd * HP.3rd", 8, "product"),
        ("MS.3rd*(HP.3rd - HP.1st)", 7, "product"),
        ("1/MS.3rd", 2, "divided by a coefficient"),
        ("MS.3rd/MS.3rd", 7, "divided by a coefficient"),
        ("MS.3rd/0", 7, "division by zero"),
        ("MS.3rd/(1-1)", 7, "division by zero"),
        ("MS.3rd - 1", 8, "number cannot be added"),
        ("2 + MS.3rd", 3, "number cannot be added"),
        ("1/2", 1, "plain number"),
        ("(MS.3rd", 1, "never closed"),
        ("MS.3rd)", 7, "closes nothing"),
        ("MS.3rd - (HP.3rd - (HP.1st)", 10, "never closed"),
        ("()", 2, "missing before `)`"),
        ("MS.3rd -", 9, "missing before the end"),
        ("* MS.3rd", 1, "missing before `*`"),
        ("MS.3rd HP.3rd", 8, "without an operator"),
        ("2 MS.3rd", 3, "without an operator"),
        ("(MS.3rd 2)", 9, "without an operator"),
        ("`MS.3rd", 1, "backtick is never closed"),
        ("MS.3rd - MS.3rd", None, "cancel to zero"),
        ("0*MS.3rd", None, "cancel to zero"),
        ("1e999*MS.3rd", 1, "out of range"),
        ("1e999999999999*MS.3rd", 1, "out of range"),
        ("1e300*1e300*MS.3rd", None, "too large or too small"),
        ("1e-300*1e-300*MS.3rd", None, "too large or too small"),
        ("(" * 5000 + "MS.3rd" + ")" * 5000, 51, "nested"),
        ("MS.3rd ** 2", 9, "missing before `*`"),
        ("__import__('os')", 1, "is not a coefficient"),
    ],
)
def test_refuses(text: str, column: int | None, words: str) -> None:
    with pytest.raises(AnalysisError, match=words.replace("*", r"\*").replace(")", r"\)")) as e:
        parse_contrast(text, NAMES)
    assert e.value.column == column


@pytest.mark.parametrize(
    ("text", "known", "hint"),
    [
        ("MS.3th", ["HP.3rd", "MS.3rd"], "did you mean `MS.3rd`?"),
        ("ms.3RD", ["HP.3rd", "MS.3rd"], "did you mean `MS.3rd`?"),
        ("T-ALL.1st - HP", ["T-ALL.1st", "HP"], "backticks: `T-ALL.1st`"),
        ("a b - c", ["a", "a b", "c"], "backticks: `a b`"),
        ("0.5a - b", ["a", "b"], "write `0.5*a`"),
        ("a \N{MINUS SIGN}b", ["a", "b"], "follows without an operator"),
        ("a \N{MINUS SIGN} b", ["a", "b"], "plain `-`"),
        ("a \N{MINUS SIGN}b", ["a", "b"], "plain `-`"),
        ("(a \N{EN DASH} b)", ["a", "b"], "plain `-`"),
        ("2 \N{MULTIPLICATION SIGN} a", ["a"], "plain `*`"),
        ("2\N{MULTIPLICATION SIGN}a", ["a"], "plain `*`"),
        ("a \N{DIVISION SIGN} 2", ["a"], "plain `/`"),
        ("a\N{MINUS SIGN}b", ["aaaaa", "bbbbb"], "plain `-`"),
        ("2 - a", ["2", "a"], "backticks"),
    ],
)
def test_says_what_to_do(text: str, known: list[str], hint: str) -> None:
    with pytest.raises(AnalysisError) as e:
        parse_contrast(text, known)
    assert hint in str(e.value)


@pytest.mark.parametrize(
    ("name", "written"),
    [("MS.3rd", "MS.3rd"), ("1st", "1st"), ("1", "`1`"), ("1e5", "`1e5`"), ("1e", "`1e`"),
     ("T-ALL", "`T-ALL`"), ("a b", "`a b`"), ("x(1)", "`x(1)`"), ("a[b]:c", "a[b]:c")],
)  # fmt: skip
def test_quotes_what_needs_it(name: str, written: str) -> None:
    assert quoted(name) == written
    assert parse_contrast(f"2*{written} - x", [name, "x", "5"]) == {name: 2, "x": -1}
