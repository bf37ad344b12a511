"""What stands behind the contrasts, at full size: 13,456 genes, 866,000 probes, 22 people.

Usage: python benchmarks/findings.py [FOLDER]
Runs the demo of scale epic three times over the same tables: contrasts alone, with rebounds,
overlaps and CpG-gene pairs, and with enrichment and modules. Writes about 12 GB below FOLDER
(default: a temporary folder, removed at the end) and takes about a quarter of an hour.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

import yaml
from measured import Measured, cohortmart

_LATER = ("rebound", "dmp_deg", "enrichment", "modules")


def without(text: str, keys: tuple[str, ...]) -> str:
    """Take keys out of all analyses of a study file."""
    study = yaml.safe_load(text)
    for analysis in study["analyses"].values():
        for key in keys:
            analysis.pop(key, None)
    return str(yaml.safe_dump(study, sort_keys=False))


def seconds(done: Measured, words: str) -> float:
    """Add up what the lines of a step say."""
    found = re.findall(rf"{words} in ([0-9.]+) s", done.output)
    if not found:
        sys.exit(f"no line about {words}:\n{done.output}")
    return sum(map(float, found))


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        raw, out = folder / "findings_raw", str(folder / "findings_out")
        study = raw / "study.yml"
        if not study.exists():
            from cohortmart.app.demo import write_demo

            write_demo(raw, "epic")
        text = study.read_text()
        plain, pairs = raw / "plain.yml", raw / "pairs.yml"
        plain.write_text(without(text, _LATER))
        pairs.write_text(without(text, _LATER[2:]))
        cohortmart("ingest", str(study), "--out", out)
        cohortmart("build", "--out", out)
        print(f"13,456 genes, 866,000 probes, 134 samples; load {os.getloadavg()[0]:.1f}")
        alone = cohortmart("analyse", str(plain), "--out", out)
        with_pairs = cohortmart("analyse", str(pairs), "--out", out)
        extra = seconds(with_pairs, "contrasts?") - seconds(alone, "contrasts?")
        overlap = seconds(with_pairs, "overlap of contrasts")
        links = seconds(with_pairs, "CpG-gene pairs")
        print(f"  contrasts alone                     {seconds(alone, 'contrasts?'):8.1f} s")
        print(f"  rebound, amplitude, rotation: more  {extra:8.1f} s")
        print(f"  overlap of contrasts                {overlap:8.1f} s")
        print(f"  CpG-gene pairs                      {links:8.1f} s")
        print(
            f"  together                            {extra + overlap + links:8.1f} s "
            f"{with_pairs.gigabytes:5.2f} GB (target 120 s, 4 GB)"
        )
        full = cohortmart("analyse", str(study), "--out", out)
        enrichment, modules = seconds(full, "enrichment"), seconds(full, "modules")
        print(f"  enrichment                          {enrichment:8.1f} s")
        print(
            f"  modules, resampling included        {modules:8.1f} s "
            f"{full.gigabytes:5.2f} GB (both: target 600 s)"
        )
        report = cohortmart("report", "--out", out)
        size = (Path(out) / "report" / "index.html").stat().st_size / 1e6
        print(
            f"  report, {size:4.1f} MB (target 8)            {report.seconds:8.1f} s "
            f"{report.gigabytes:5.2f} GB (target 180 s, 3 GB)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
