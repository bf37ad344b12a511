"""Safe formulas: a few named functions of declared columns, and no other Python.

formulaic evaluates Python found in a formula, so every such part is read here, without running
it, before the formula is evaluated.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from cohortmart.core.errors import AnalysisError
from cohortmart.core.text import did_you_mean, listed

#: Functions of a formula: splines, polynomials, scaling, logarithms and the coding of categories.
FUNCTIONS = (
    "C", "I", "bs", "cc", "center", "cr", "exp", "log", "log10", "log2", "poly", "scale",
)  # fmt: skip
#: Codings of a category, as in ``C(group, contr.sum)``.
CODINGS = ("treatment", "SAS", "sum", "helmert", "diff", "poly")

_HIGHEST_POWER = 10
_BACKTICKED = re.compile(r"`([^`]*)`")


def variables_of_code(code: str, known: Collection[str], where: str) -> set[str]:
    """Return the columns that a Python part of a formula uses, if all of it is allowed.

    Parameters
    ----------
    code : str
        The part, e.g. ``bs(age, df=3)``; it is read, never run.
    known : collection of str
        Names that stand for columns.
    where : str
        Begins the messages.

    Raises
    ------
    AnalysisError
        It does anything but apply `FUNCTIONS` and arithmetic to columns and constants.
    """
    odd: dict[str, str] = {}

    def placeholder(match: re.Match[str]) -> str:
        name = f"backticked_{len(odd)}_"
        odd[name] = match.group(1)
        return name

    try:
        tree = ast.parse(_BACKTICKED.sub(placeholder, code), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise AnalysisError(f"{where}: `{code}` in the formula cannot be read") from error
    return _Reader(code, known, odd, where).read(tree.body)


class _Reader:
    def __init__(self, code: str, known: Collection[str], odd: dict[str, str], where: str) -> None:
        self.code, self.known, self.odd, self.where = code, known, odd, where

    def read(self, node: ast.expr) -> set[str]:
        """Return the columns below `node`; an error if anything there is not allowed."""
        match node:
            case ast.Constant(value=str() | int() | float() | None):
                return set()
            case ast.Name(id=name):
                return {self._column(self.odd.get(name, name))}
            case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=inner):
                return self.read(inner)
            case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int() | float() as p)):
                if abs(p) > _HIGHEST_POWER:
                    self._refuse(f"a power above {_HIGHEST_POWER}")
                return self.read(left)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), left=a, right=b):
                return self.read(a) | self.read(b)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return set().union(*(self.read(item) for item in items))
            case ast.Attribute(value=ast.Name(id="contr"), attr=coding) if coding in CODINGS:
                return set()
            case ast.Call():
                return self._read_call(node)
        self._refuse(f"`{ast.unparse(node)}`")
        return set()

    def _read_call(self, node: ast.Call) -> set[str]:
        match node.func:
            case ast.Name(id=name) if name in FUNCTIONS:
                pass
            case ast.Attribute(value=ast.Name(id="contr"), attr=coding) if coding in CODINGS:
                pass
            case _:
                self._refuse(f"`{ast.unparse(node.func)}(...)`")
        found: set[str] = set()
        for keyword in node.keywords:
            # names with an underscore reach into formulaic's own state
            if keyword.arg is None or keyword.arg.startswith("_"):
                self._refuse(f"`{ast.unparse(keyword)}`")
            found |= self.read(keyword.value)
        return found.union(*(self.read(argument) for argument in node.args))

    def _column(self, name: str) -> str:
        if name not in self.known:
            raise AnalysisError(
                f"{self.where}: `{name}` in the formula is neither a role nor a declared column",
                expected=f"one of {listed(sorted(self.known))}",
                found=f"`{self.code}`",
                hint=did_you_mean(name, sorted(self.known)),
            )
        return name

    def _refuse(self, what: str) -> None:
        raise AnalysisError(
            f"{self.where}: {what} is not allowed in a formula",
            expected=f"columns, numbers and the functions {listed(FUNCTIONS)}",
            found=f"`{self.code}`",
            hint="compute the value beforehand and give it as a column of the sample sheet",
        )
