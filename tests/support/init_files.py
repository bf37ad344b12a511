"""Sheets and matrices of made-up studies, as people bring them to `cohortmart init`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

Rows = Sequence[Mapping[str, object]]


def people(
    groups: Mapping[str, int],
    visits: Sequence[object],
    cells: Sequence[str] = (),
) -> list[dict[str, object]]:
    """One row a person, visit and cell type, with a name of the sample."""
    rows: list[dict[str, object]] = []
    number = 0
    for group, n in groups.items():
        for _ in range(n):
            number += 1
            for visit in visits:
                for cell in cells or ("",):
                    row: dict[str, object] = {
                        "sample": f"S{len(rows) + 101}",
                        "patient": f"P{number:02d}",
                        "arm": group,
                        "visit": visit,
                    }
                    rows.append(row | ({"cell_type": cell} if cell else {}))
    return rows


def write_sheet(path: Path, rows: Rows, sep: str = ",", bom: bool = False) -> Path:
    """A sheet as text."""
    names = list(rows[0])
    lines = [sep.join(names), *(sep.join(str(row[n]) for n in names) for row in rows)]
    text = "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8-sig" if bom else "utf-8")
    return path


def write_workbook(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """A workbook with a worksheet for each table."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        names = list(rows[0])
        sheet.append(names)
        for row in rows:
            sheet.append([row[n] for n in names])
    book.save(path)
    return path


def write_counts(path: Path, names: Sequence[object], sep: str = "\t", seed: int = 1) -> Path:
    """Counts of 300 genes."""
    rng = np.random.default_rng(seed)
    values = rng.negative_binomial(5, 0.02, (300, len(names)))
    return _matrix(path, "gene_id", [f"ENSG{i:011d}" for i in range(300)], names, values, sep)


def write_betas(path: Path, names: Sequence[object], seed: int = 2) -> Path:
    """Betas of 50 probes."""
    values = np.random.default_rng(seed).beta(2, 5, (50, len(names))).round(4)
    return _matrix(path, "probe", [f"cg{i:08d}" for i in range(1, 51)], names, values, ",")


def write_long(path: Path, names: Sequence[object], seed: int = 3) -> Path:
    """Proteins, one row a measurement."""
    rng = np.random.default_rng(seed)
    rows = [
        {"SampleID": name, "Protein": f"PROT{i}", "Value": f"{rng.normal(5, 1):.3f}", "Unit": "NPX"}
        for name in names
        for i in range(6)
    ]
    return write_sheet(path, rows)


def _matrix(
    path: Path,
    corner: str,
    features: Sequence[str],
    names: Sequence[object],
    values: np.ndarray,
    sep: str,
) -> Path:
    lines = [sep.join([corner, *map(str, names)])]
    lines += [
        sep.join([feature, *(f"{v:g}" for v in row)])
        for feature, row in zip(features, values, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
