"""The registry of formats that `cohortmart export --to` writes."""

from __future__ import annotations

from cohortmart.app.export.csv import CSV
from cohortmart.app.export.format import Format
from cohortmart.app.export.h5mu.file import H5MU
from cohortmart.app.export.parquet import PARQUET
from cohortmart.app.export.rds.files import RDS
from cohortmart.app.export.xlsx.workbook import XLSX

FORMATS: tuple[Format, ...] = (RDS, H5MU, XLSX, CSV, PARQUET)
