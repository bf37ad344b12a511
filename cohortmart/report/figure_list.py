"""List of the figures in files: what each shows, for the captions of a paper."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from cohortmart.report.blocks import Figure
from cohortmart.report.figure_files import NARROW

#: Beside the pictures.
FILE = "figures.csv"


def write_figure_list(figures: Sequence[Figure], written: Sequence[Path], folder: Path) -> None:
    """Write `figures.csv`: a row for every file with the title and the caption of its figure.

    Parameters
    ----------
    figures : sequence of Figure
    written : sequence of Path
        Their files, in the order of the figures.
    folder : Path
        Where the list goes.
    """
    by_name = {f.name: f for f in figures}
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("file", "title", "caption", "description"))
        for path in written:
            stem = path.stem
            figure = by_name[stem] if stem in by_name else by_name[stem.removesuffix(NARROW)]
            lines.writerow((path.name, figure.title, figure.caption, figure.alt))
