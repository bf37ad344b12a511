"""Cells of a notebook, run as a notebook runs them: what the last line gives is shown."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any


def code_cells(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def run_cell(code: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a cell in a namespace; give back what a notebook would show of it, by kind."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    if last is None:
        return {}
    shown = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    return display(shown)


def display(value: Any) -> dict[str, Any]:
    """What IPython asks an object for, in its order."""
    if value is None:
        return {}
    bundle: dict[str, Any] = {"text/plain": repr(value)}
    if hasattr(value, "_repr_html_"):
        bundle["text/html"] = value._repr_html_()
    if hasattr(value, "_repr_mimebundle_"):
        bundle |= value._repr_mimebundle_()
    return bundle
