"""The table `measure`: what is known of each measure of the continuous assays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.censoring import same_unit, transformed_unit
from cohortmart.core.schemas.tables import MEASURE
from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.study.records import Assay
from cohortmart.core.text import did_you_mean, listed
from ingest.matrix.assay_reading import AssayReading
from ingest.read.continuous.header import MeasurementHeader


def measure_table(readings: Iterable[AssayReading]) -> pa.Table:
    """Return the table `measure`, sorted by assay and feature_id; other kinds have no rows.

    Raises
    ------
    IngestError
        study.yml gives a unit to a measure that the assay does not have, or another than its
        file, or the files of an assay give one measure two units.
    """
    rows: list[dict[str, str | None]] = []
    for reading in sorted(readings, key=lambda r: r.plan.name):
        if reading.plan.assay.kind == CONTINUOUS:
            rows += _rows(reading)
    return pa.Table.from_pylist(rows, schema=MEASURE)


def _rows(reading: AssayReading) -> list[dict[str, str | None]]:
    name, assay = reading.plan.name, reading.plan.assay
    features: list[str] = sorted(
        reading.features.features["feature_id"].to_pylist(), key=str.encode
    )
    _refuse_unknown(name, assay, features)
    said = _said(reading)
    rows = []
    for feature in features:
        facts = said.get(feature, {})
        asked, given = assay.unit_of(feature), facts.get("unit")
        if asked and given and not same_unit(asked, given):
            raise _contradiction(name, assay, feature, asked, given)
        unit = asked or given
        rows.append(
            {
                "assay": name,
                "feature_id": feature,
                "measure_name": facts.get("measure_name"),
                "unit": unit,
                "uniprot": facts.get("uniprot"),
                "transform": assay.transform,
                "transformed_unit": transformed_unit(unit, assay.transform) or None,
            }
        )
    return rows


def _contradiction(name: str, assay: Assay, feature: str, asked: str, given: str) -> IngestError:
    file = assay.files[0] if len(assay.files) == 1 else None
    return IngestError(
        f"`unit` of the assay {name} is not what the file says of `{feature}`",
        file=file,
        expected=given,
        found=f"`{asked}` in study.yml",
        hint="values are taken as they are: take `unit` out of study.yml, or correct it there",
    )


def _said(reading: AssayReading) -> dict[str, dict[str, str | None]]:
    """Join what the files of an assay say of its measures."""
    said: dict[str, dict[str, str | None]] = {}
    for header in reading.plan.headers.values:
        if not isinstance(header, MeasurementHeader):
            continue
        for row in header.measures.to_pylist():
            known = said.setdefault(row["feature_id"], row)
            if known["unit"] and row["unit"] and not same_unit(known["unit"], row["unit"]):
                raise IngestError(
                    f"`{row['feature_id']}` is measured in two units",
                    file=header.path,
                    expected=f"{known['unit']}, as in the file before",
                    found=row["unit"],
                    hint="convert one of the files",
                )
    return said


def _refuse_unknown(name: str, assay: Assay, features: Sequence[str]) -> None:
    if not isinstance(assay.unit, dict):
        return
    known = set(features)
    for feature in assay.unit:
        if feature not in known:
            raise IngestError(
                f"`unit` of the assay {name} names `{feature}`, which its files do not have",
                expected="a measure such as " + listed(features, most=5),
                found=feature,
                hint=did_you_mean(feature, features) or "correct `unit` in study.yml",
            )
