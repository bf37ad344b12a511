"""What makes regions stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from analyses.pipeline import STEPS
from analyses.regions.regions import REGIONS
from analyses.write.results import fingerprint
from cohortmart.core.lake.file_manifest import Entry, switch_current, write_table
from cohortmart.core.study.records import Study
from cohortmart.core.warehouse.home import Home


def study(dmr: Any, **changes: Any) -> Study:
    return Study.model_validate(
        {
            "study": "s",
            "samples": [{"file": "s.csv", "subject": "b"}],
            "groups": ["HP", "MS"],
            "assays": {"meth": {"kind": "beta", "files": ["m.csv"]}},
            "analyses": {
                "main": {
                    "assay": "meth", "values": "m_value", "contrasts": {"c": "MS - HP"},
                    "model": {"means": ["group"]}, "dmr": dmr, **changes,
                }
            },
        }
    )  # fmt: skip


def mark(home: Home, of: Study) -> str:
    return fingerprint(REGIONS.inputs(of, home, "main", REGIONS.options(of, "main")))


def test_options_model_and_manifest_count_and_thresholds_do_not(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.lake.mkdir(parents=True)

    def lake(probe: str) -> None:
        write_table(pa.table({"x": [1]}), home.lake / probe)
        switch_current(home.lake, [Entry("probe", "", probe)])

    lake("probe-1.parquet")
    first = mark(home, study({}))
    assert mark(home, study({"maximum_gap": 500, "p": 0.05})) == first
    assert mark(home, study({}, thresholds={"p": 0.01})) == first
    others = [
        mark(home, study({"maximum_gap": 400})), mark(home, study({"minimum_probes": 4})),
        mark(home, study({"p": 0.01})), mark(home, study({"rotations": 199})),
        mark(home, study({}, values="beta")), mark(home, study({}, moderation={"trend": True})),
    ]  # fmt: skip
    lake("probe-2.parquet")
    others.append(mark(home, study({})))
    assert len({first, *others}) == 8


def test_regions_come_after_the_contrasts_they_read() -> None:
    names = [step.name for row in STEPS for step in row]
    assert names.index("contrasts") < names.index("regions")
    assert REGIONS.options(study(None), "main") is None
    assert REGIONS.needs is not None
    assert REGIONS.needs(study({}), "main") == ("main",)
