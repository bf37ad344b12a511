"""The explorer at full EPIC size: seconds of its pages as a browser asks for them, and memory.

Usage: python benchmarks/explore.py [--out DIR]
DIR is the output folder of a finished study; without it the demo of scale epic is run (half an
hour, 12 GB in a temporary folder). Every address is asked once cold and 20 times warm; the table
says the median and the worst of these. The first figure is timed where there is a Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote, urlencode

import duckdb
from measured import ROOT, cohortmart, first_figure_seconds

REPEATS = 20
MEMORY_MB, FIRST_FIGURE = 400, 2.0
_SQL = {
    "gene": "select gene_name from bridge_probe_gene inner join qc_probe using (probe_id) "
    "where filter_reason is null and gene_name in (select gene_name from dim_gene) "
    "group by all order by count(distinct probe_id) desc, gene_name limit 1",
    "probe": "select assay, probe_id from qc_probe where filter_reason is null "
    "order by probe_id limit 1 offset 1000",
    "contrasts": "select analysis, contrast from contrast_summary where analysis = (select "
    "analysis from contrast_summary order by n_tested desc, analysis limit 1) "
    "order by n_found desc, contrast limit 2",
    "expression": "select analysis, contrast from contrast_summary where assay in "
    "(select assay from qc_sample where lib_size is not null) "
    "order by n_found desc, analysis, contrast limit 1",
    "sample": "select sample_id from dim_sample order by sample_id limit 1",
    "genes": "select gene_name from dim_gene where gene_name is not null "
    "order by hash(gene_name) limit 40",
}


@dataclass(frozen=True)
class Asked:
    """What is asked, and within how many milliseconds it should be answered.

    Parameters
    ----------
    name : str
    addresses : list of str
        Asked in turn, so that nothing but the study is remembered; the first one cold.
    target : float or None
        Milliseconds; None where none was set.
    """

    name: str
    addresses: list[str]
    target: float | None


class Running:
    """The explorer as a process."""

    def __init__(self, out: Path) -> None:
        command = [sys.executable, "-m", "cohortmart.app.cli", "explore", "--out", str(out),
                   "--no-browser", "--no-token", "--port", "0"]  # fmt: skip
        began = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip().rpartition(": ")[2]
        self.seconds = time.perf_counter() - began

    def milliseconds(self, address: str) -> float:
        """Return the time from the question to the last byte."""
        began = time.perf_counter()
        with urllib.request.urlopen(self.address + address) as answer:
            answer.read()
        return 1000 * (time.perf_counter() - began)

    def most_megabytes(self) -> float:
        """Return the most memory it had so far."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(x.split()[1]) / 1024 for x in lines if x.startswith("VmHWM"))

    def stop(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate()


def questions(out: Path) -> list[Asked]:
    """Addresses of the study that are likely to take longest."""
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        found: dict[str, Any] = {name: con.sql(query).fetchall() for name, query in _SQL.items()}
    gene = found["gene"][0][0]
    assay, probe = found["probe"][0]
    (analysis, contrast), *others = found["contrasts"]
    contrast_at = urlencode({"analysis": analysis, "contrast": contrast})
    expression = dict(zip(("analysis", "contrast"), found["expression"][0], strict=True))
    with_other = urlencode({"with_contrast": others[0][1]}) if others else ""
    genes = [name for (name,) in found["genes"]]
    typed = [gene[:n] for n in range(1, len(gene) + 1)]
    typed += [probe[:n] for n in range(2, len(probe) + 1)]
    return [
        Asked("search while typing", [f"suggest?name={quote(t)}" for t in typed], 50),
        Asked("gene page", [f"gene?name={quote(gene)}"], 150),
        Asked("feature page", [f"feature?{urlencode({'assay': assay, 'id': probe})}"], None),
        Asked("contrast page", [f"contrast?{contrast_at}"], 400),
        Asked("contrast of genes", [f"contrast?{urlencode(expression)}"], 400),
        Asked("counts of a slider",
              [f"data/contrast-counts?{contrast_at}&p={p / 100}" for p in range(1, 21)], 400),
        Asked("rows of a contrast", [f"data/contrast-rows?{contrast_at}"], 400),
        Asked("two contrasts", [f"compare?{contrast_at}&{with_other}"], None),
        Asked("samples", ["samples"], None),
        Asked("one sample", [f"sample?name={quote(found['sample'][0][0])}"], None),
        Asked("list of 40 genes", [f"list?features={quote(' '.join(genes))}"], None),
        Asked("first page", [""], None),
    ]  # fmt: skip


def row(name: str, values: tuple[float, ...], target: float | None, unit: str) -> str:
    """Return a line of the table; the ratio is of the first value to its target."""
    shown = "".join(f"{value:9.0f}" if unit != "s" else f"{value:9.2f}" for value in values)
    judged = ""
    if target is not None:
        judged = f"{target:9g}  x {values[0] / target:.2f}"
        judged += "  met" if values[0] <= target else "  MISSED"
    return f"  {name:22s}{shown}{' ' * 9 * (3 - len(values))}{judged} {unit if not target else ''}"


def measured(out: Path) -> dict[str, float]:
    """Ask everything, print the table, and give back the medians in milliseconds."""
    running = Running(out)
    medians = {}
    print(f"{'':24s}{'warm':>9s}{'worst':>9s}{'cold':>9s}{'target':>9s}  (ms)", flush=True)
    try:
        running.milliseconds("state")
        figure = first_figure_seconds(running.address)
        for asked in questions(out):
            cold = running.milliseconds(asked.addresses[0])
            times = [
                running.milliseconds(asked.addresses[i % len(asked.addresses)])
                for i in range(REPEATS)
            ]
            medians[asked.name] = median(times)
            print(
                row(asked.name, (median(times), max(times), cold), asked.target, "ms"), flush=True
            )
        print(row("memory, MB", (running.most_megabytes(),), MEMORY_MB, "MB"))
        print(row("started after, s", (running.seconds,), None, "s"))
        if figure is not None:
            print(row("first figure, s", (figure,), FIRST_FIGURE, "s"))
    finally:
        running.stop()
    return medians


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", type=Path, help="also write the medians")
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        out = given.out or Path(temporary) / "epic"
        if given.out is None:
            cohortmart("demo", "--scale", "epic", "--no-report", "--out", str(out))
        medians = measured(out)
    if given.json:
        given.json.write_text(json.dumps(medians, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
