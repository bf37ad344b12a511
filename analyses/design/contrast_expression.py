"""Contrast expressions such as ``(MS.3rd - MS.1st) - (HP.3rd - HP.1st)``, read into weights.

Coefficient names like `MS.3rd` are not Python, hence an own tokeniser and a recursive descent.
Numbers are kept as fractions until the end, so that weights that cancel do so exactly.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from cohortmart.core.errors import AnalysisError
from cohortmart.core.text import listed, nearest

#: Signs that word processors and web pages put in the place of an operator.
_LOOKALIKES = {
    "-": "\N{MINUS SIGN}\N{EN DASH}\N{EM DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}"
    "\N{HORIZONTAL BAR}\N{SMALL HYPHEN-MINUS}\N{FULLWIDTH HYPHEN-MINUS}",
    "*": "\N{MULTIPLICATION SIGN}\N{MIDDLE DOT}\N{DOT OPERATOR}\N{ASTERISK OPERATOR}",
    "/": "\N{DIVISION SIGN}\N{FRACTION SLASH}\N{DIVISION SLASH}",
    "+": "\N{FULLWIDTH PLUS SIGN}",
}
_MEANT = {"-": "minus", "*": "times", "/": "division", "+": "plus"}

_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_WORD = re.compile(r"[^\s+\-*/()`]+")
_OPERATORS = "+-*/()"
_DEEPEST = 50  # nested parentheses; keeps the recursion away from Python's limit
_LONGEST_NUMBER = 40  # characters; a longer one is a slip of the keyboard


def parse_contrast(
    text: str, known_names: Collection[str], other_names: Collection[str] = ()
) -> dict[str, float]:
    """Read a contrast as the weight of each coefficient.

    The grammar is linear: names added and subtracted, multiplied and divided by numbers, with
    parentheses. A name may start with a digit (`1st.HP`); names with spaces, signs or
    parentheses, and names that read as a number, stand in backticks.

    Parameters
    ----------
    text : str
        The expression.
    known_names : collection of str
        The coefficients that may stand in it.
    other_names : collection of str
        Other spellings, which messages do not list.

    Returns
    -------
    dict of str to float
        Weights that are not zero, in the order in which the names first appear.

    Raises
    ------
    AnalysisError
        The expression cannot be read, names something unknown, is not linear, or all its
        weights cancel. `column` is the position in the expression, from 1.
    """
    value = _Parser(text, known_names, other_names).parse()
    weights: dict[str, float] = {}
    for name, exact in (value.weights or {}).items():
        if exact == 0:
            continue
        try:
            weight = float(exact)
        except OverflowError:
            weight = 0.0
        if weight == 0.0:
            raise AnalysisError(f"the weight of `{name}` is too large or too small", found=text)
        weights[name] = weight
    if not weights:
        raise AnalysisError(
            "all weights of this contrast cancel to zero",
            expected="at least one coefficient with a weight other than zero",
            found=text,
        )
    return weights


def quoted(name: str) -> str:
    """Return `name` as it must be written in an expression, in backticks where needed."""
    plain = _WORD.fullmatch(name) and not _NUMBER.fullmatch(name)
    # `1e` before `-5` would be read as a number
    return name if plain and not re.fullmatch(r"[\d.]+[eE]", name) else f"`{name}`"


@dataclass(frozen=True)
class _Token:
    kind: str  # name | number | one of + - * / ( ) | end
    text: str
    column: int  # from 1


@dataclass(frozen=True)
class _Value:
    """A number (`weights` is None) or a weighted sum of names."""

    number: Fraction
    weights: dict[str, Fraction] | None

    def times(self, factor: Fraction) -> _Value:
        """Multiply by a number."""
        if self.weights is None:
            return _Value(self.number * factor, None)
        return _Value(Fraction(0), {n: w * factor for n, w in self.weights.items()})


class _Parser:
    def __init__(
        self, text: str, known_names: Collection[str], other_names: Collection[str]
    ) -> None:
        self.text = text
        self.listed = sorted(set(known_names))
        self.known = {*known_names, *other_names}
        self.tokens = self._tokenise()
        self.at = 0
        self.depth = 0

    def parse(self) -> _Value:
        """Read the whole expression."""
        if self.token.kind == "end":
            self._fail("this contrast is empty", self.token, expected="a sum of coefficient names")
        value = self._sum()
        if self.token.kind == ")":
            self._fail("this parenthesis closes nothing", self.token)
        if self.token.kind != "end":
            self._fail_operator_missing()
        if value.weights is None:
            self._fail(
                "this contrast is a plain number",
                self.tokens[0],
                expected="a sum of coefficient names",
                hint="a name that reads as a number must stand in backticks",
            )
        return value

    @property
    def token(self) -> _Token:
        """The token that is read next."""
        return self.tokens[self.at]

    def _take(self) -> _Token:
        token = self.token
        self.at += 1
        return token

    # --- grammar: sum of products of signed atoms -----------------------------------------

    def _sum(self) -> _Value:
        value = self._product()
        while self.token.kind in ("+", "-"):
            operator = self._take()
            right = self._product()
            if (value.weights is None) != (right.weights is None):
                self._fail(
                    "a number cannot be added to coefficients",
                    operator,
                    expected="coefficient names on both sides",
                    hint="a name that reads as a number must stand in backticks",
                )
            right = right.times(Fraction(1 if operator.kind == "+" else -1))
            if value.weights is None or right.weights is None:
                value = _Value(value.number + right.number, None)
            else:
                total = dict(value.weights)
                for name, weight in right.weights.items():
                    total[name] = total.get(name, Fraction(0)) + weight
                value = _Value(Fraction(0), total)
        return value

    def _product(self) -> _Value:
        value = self._signed()
        while self.token.kind in ("*", "/"):
            operator = self._take()
            right = self._signed()
            if operator.kind == "/":
                if right.weights is not None:
                    self._fail(
                        "a contrast cannot be divided by a coefficient",
                        operator,
                        expected="a number behind `/`",
                    )
                if right.number == 0:
                    self._fail("division by zero", operator)
                value = value.times(1 / right.number)
            elif right.weights is None:
                value = value.times(right.number)
            elif value.weights is None:
                value = right.times(value.number)
            else:
                self._fail(
                    "a contrast cannot hold a product of coefficients",
                    operator,
                    expected="a number on one side of `*`",
                )
        return value

    def _signed(self) -> _Value:
        sign = 1
        while self.token.kind in ("+", "-"):
            sign = -sign if self._take().kind == "-" else sign
        return self._atom().times(Fraction(sign))

    def _atom(self) -> _Value:
        token = self._take()
        if token.kind == "number":
            return _Value(self._number(token), None)
        if token.kind == "name":
            if token.text not in self.known:
                self._fail_unknown(token)
            return _Value(Fraction(0), {token.text: Fraction(1)})
        if token.kind == "(":
            self.depth += 1
            if self.depth > _DEEPEST:
                self._fail(f"parentheses are nested more than {_DEEPEST} deep", token)
            value = self._sum()
            if self.token.kind == "end":
                self._fail("this parenthesis is never closed", token)
            if self.token.kind != ")":
                self._fail_operator_missing()
            self._take()
            self.depth -= 1
            return value
        found = "the end" if token.kind == "end" else f"`{token.text}`"
        raise self._error(
            f"a coefficient or a number is missing before {found}",
            token,
            expected="a coefficient name, a number or `(`",
        )

    def _number(self, token: _Token) -> Fraction:
        exponent = re.search(r"[eE]([+-]?\d+)$", token.text)
        too_big = exponent is not None and abs(int(exponent.group(1)[:9])) > 300
        if len(token.text) > _LONGEST_NUMBER or too_big:
            self._fail(f"the number {token.text[:_LONGEST_NUMBER]} is out of range", token)
        return Fraction(token.text)

    # --- tokens ---------------------------------------------------------------------------

    def _tokenise(self) -> list[_Token]:
        tokens, at, text = [], 0, self.text
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            if text[at] in _OPERATORS:
                token, end = _Token(text[at], text[at], at + 1), at + 1
            elif text[at] == "`":
                close = text.find("`", at + 1)
                if close < 0:
                    self._fail("this backtick is never closed", _Token("`", "`", at + 1))
                token, end = _Token("name", text[at + 1 : close], at + 1), close + 1
            else:
                token, end = self._word(at)
            tokens.append(token)
            at = end
        return [*tokens, _Token("end", "", len(text) + 1)]

    def _word(self, at: int) -> tuple[_Token, int]:
        """Read the longest name or number that starts here."""
        word = _WORD.match(self.text, at)
        number = _NUMBER.match(self.text, at)
        word_end = at if word is None else word.end()
        number_end = at if number is None else number.end()
        # `3rd` starts with a number, and `1e-5` runs on behind a sign: the longer reading wins
        if number_end >= word_end:
            return _Token("number", self.text[at:number_end], at + 1), number_end
        return _Token("name", self.text[at:word_end], at + 1), word_end

    # --- messages -------------------------------------------------------------------------

    def _error(
        self, problem: str, token: _Token, expected: str | None = None, hint: str | None = None
    ) -> AnalysisError:
        return AnalysisError(
            problem, column=token.column, expected=expected, found=self.text or "''", hint=hint
        )

    def _fail(
        self, problem: str, token: _Token, expected: str | None = None, hint: str | None = None
    ) -> NoReturn:
        raise self._error(problem, token, expected, hint)

    def _fail_operator_missing(self) -> NoReturn:
        self._fail(
            f"`{self.token.text}` follows without an operator",
            self.token,
            expected="+, -, * or / between two parts",
            hint=self._odd_name_at(self.tokens[self.at - 1]) or _plain_sign_hint(self.token.text),
        )

    def _fail_unknown(self, token: _Token) -> NoReturn:
        hint = self._odd_name_at(token)
        number = _NUMBER.match(token.text)
        if hint is None and number and token.text[number.end() :] in self.known:
            hint = f"write `{number.group()}*{token.text[number.end() :]}` to multiply"
        hint = hint or _plain_sign_hint(token.text)
        if hint is None:
            near = nearest(token.text, sorted(self.known))
            hint = None if near is None else f"did you mean {self._shown(near)}?"
        self._fail(
            f"`{token.text}` is not a coefficient of this model",
            token,
            expected=f"one of {listed(self.listed)}" if self.listed else None,
            hint=hint,
        )

    def _odd_name_at(self, token: _Token) -> str | None:
        """Return a hint if a known name that needs backticks stands here without them."""
        here = [
            n for n in self.known if self.text.startswith(n, token.column - 1) and quoted(n) != n
        ]
        if not here:
            return None
        return f"write the name in backticks: {quoted(max(here, key=lambda n: (len(n), n)))}"

    @staticmethod
    def _shown(name: str) -> str:
        return f"`{name}`" if quoted(name) == name else f"{quoted(name)} (with its backticks)"


def _plain_sign_hint(text: str) -> str | None:
    """Return what to write where `text` holds a sign that only looks like an operator."""
    for character in text:
        for sign, lookalikes in _LOOKALIKES.items():
            if character in lookalikes:
                return f"`{character}` is another sign: write the plain `{sign}` for {_MEANT[sign]}"
    return None
