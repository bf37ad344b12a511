"""The contrast reader against an independent evaluation of the same expressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analyses.design.contrast_expression import parse_contrast, quoted
from cohortmart.core.errors import AnalysisError

Values = dict[str, float]
NAMES = st.lists(
    st.one_of(
        st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,3}\.[0-9]?[a-z]{1,3}", fullmatch=True),
        st.from_regex(r"[0-9]{1,2}[a-df-z][a-z]{0,2}", fullmatch=True),
        st.sampled_from(
            ["a b", "T-ALL.1st", "group[HP]:timepoint[1st]", "1", "2.5", "x(y)", "β.1"]
        ),
    ),
    min_size=2,
    max_size=5,
    unique=True,
)


@dataclass(frozen=True)
class Expression:
    """Text, and how to evaluate it without the reader."""

    text: str
    value: Callable[[Values], float]


def numbers() -> st.SearchStrategy[Expression]:
    plain = st.sampled_from(["1", "2", "3", "0.5", ".25", "4.", "1e-1", "2E+1", "10"])
    leaf = plain.map(lambda t: Expression(t, lambda _: float(t)))

    def grow(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        # sums of positive numbers and quotients only, so that no divisor is zero
        return st.tuples(inner, st.sampled_from("+*/"), inner).map(_joined)

    return st.recursive(leaf, grow, max_leaves=3)


def _joined(parts: tuple[Expression, str, Expression]) -> Expression:
    a, sign, b = parts
    apply: dict[str, Callable[[float, float], float]] = {
        "+": lambda x, y: x + y,
        "-": lambda x, y: x - y,
        "*": lambda x, y: x * y,
        "/": lambda x, y: x / y,
    }
    return Expression(f"({a.text} {sign} {b.text})", lambda v: apply[sign](a.value(v), b.value(v)))


def _bare_joined(parts: tuple[Expression, str, Expression]) -> Expression:
    """Without parentheses: the left side must not bind weaker than the operator."""
    whole = _joined(parts)
    return Expression(whole.text[1:-1], whole.value)


def sums(names: list[str]) -> st.SearchStrategy[Expression]:
    leaf = st.sampled_from(names).map(lambda n: Expression(quoted(n), lambda v: v[n]))

    def grow(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        plus_minus = st.tuples(inner, st.sampled_from("+-"), inner).map(_joined)
        return st.one_of(
            plus_minus,
            st.tuples(inner, st.sampled_from("*/"), numbers()).map(_joined),
            st.tuples(numbers(), st.just("*"), inner).map(_joined),
            inner.map(lambda e: Expression(f"-{e.text}", lambda v: -e.value(v))),
        )

    return st.recursive(leaf, grow, max_leaves=5)


@st.composite
def expressions(draw: st.DrawFn) -> tuple[list[str], Expression, Values]:
    names = draw(NAMES)
    terms = draw(st.lists(sums(names), min_size=1, max_size=3))
    whole = terms[0]
    for term in terms[1:]:  # `a - b + c` is read from the left
        whole = _bare_joined((whole, draw(st.sampled_from("+-")), term))
    values = draw(st.lists(st.integers(-50, 50), min_size=len(names), max_size=len(names)))
    return names, whole, {n: v / 8 for n, v in zip(names, values, strict=True)}


def weights_or_none(text: str, names: list[str]) -> Values:
    try:
        return parse_contrast(text, names)
    except AnalysisError as error:
        if "cancel to zero" not in error.problem:  # the only fault these expressions can have
            raise
        return {}


@given(expressions())
def test_weights_evaluate_as_the_expression(case: tuple[list[str], Expression, Values]) -> None:
    names, expression, values = case
    weights = weights_or_none(expression.text, names)
    total = sum(w * values[n] for n, w in weights.items())
    # the weights of the terms may be larger than what is left of them
    assert total == pytest.approx(expression.value(values), rel=1e-9, abs=1e-6)


@given(expressions(), st.sampled_from(["2", "0.25", "7"]))
def test_is_linear(case: tuple[list[str], Expression, Values], factor: str) -> None:
    names, expression, _ = case
    weights = weights_or_none(expression.text, names)
    assume(weights)
    scaled = parse_contrast(f"{factor}*({expression.text})", names)
    assert scaled == pytest.approx({n: float(factor) * w for n, w in weights.items()})
    turned = parse_contrast(f"-({expression.text})", names)
    assert turned == {n: -w for n, w in weights.items()}
    for name in names:
        more = weights_or_none(f"{expression.text} + {quoted(name)}", names)
        expected = {**weights, name: weights.get(name, 0.0) + 1.0}
        assert {n: more.get(n, 0.0) for n in expected} == pytest.approx(expected)
    with pytest.raises(AnalysisError, match="cancel"):
        parse_contrast(f"({expression.text}) - ({expression.text})", names)


@given(expressions(), st.lists(st.sampled_from(["", " ", "\t", "\n  "]), min_size=1, max_size=9))
def test_white_space_does_not_matter(
    case: tuple[list[str], Expression, Values], blanks: list[str]
) -> None:
    names, expression, _ = case
    plain = weights_or_none(expression.text, names)
    parts = expression.text.split("`")
    for i in range(0, len(parts), 2):  # outside of backticks
        pieces = parts[i].split(" ")
        parts[i] = "".join(
            p + (blanks[j % len(blanks)] if j < len(pieces) - 1 else "")
            for j, p in enumerate(pieces)
        )
        parts[i] = parts[i].replace("(", "( ").replace(")", " )")
    assert weights_or_none("`".join(parts), names) == plain


@given(st.text(max_size=30), NAMES)
def test_any_text_is_read_or_refused(text: str, names: list[str]) -> None:
    try:
        weights = parse_contrast(text, names)
    except AnalysisError:
        return
    assert weights
    assert set(weights) <= set(names)


@given(NAMES)
def test_every_name_reads_as_itself(names: list[str]) -> None:
    text = " - ".join(quoted(n) for n in names)
    assert parse_contrast(text, names) == {n: 1.0 if i == 0 else -1.0 for i, n in enumerate(names)}
