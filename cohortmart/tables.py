"""The Arrow schema of every Parquet table that passes between the rooms.

One record a table, so that writers, dbt's sources and the tests cannot drift apart.
"""

from __future__ import annotations

import pyarrow as pa

S, I32, I64, F64 = pa.string(), pa.int32(), pa.int64(), pa.float64()

#: Columns of the lake's `sample` table that every study has. The study's own visit keys and
#: factors (string) and covariates (double) follow under their own names.
SAMPLE_COLUMNS = pa.schema(
    [
        ("sample_id", S),
        ("subject_id", S),
        ("study_group", S),
        ("timepoint", S),
        ("visit_order", I32),  # position in study.yml's timepoints, from 1
        ("cell_type", S),  # null where the study has none
        ("visit_key", S),  # the visit_key columns joined with '|', '' where there are none
    ]
)

#: Which position of a matrix row belongs to which sample.
MATRIX_SAMPLE = pa.schema(
    [
        ("assay", S),
        ("kind", S),  # counts | beta
        ("layer", S),  # raw, later normalised layers
        ("position", I32),  # index into `values`, from 1
        ("sample_id", S),
        ("column_name", S),  # the sample's name in the raw file
    ]
)

ASSAY = pa.schema(
    [
        ("assay", S),
        ("kind", S),  # counts | beta
        ("m_value_clip", F64),  # betas are clipped to [clip, 1 - clip] before the logit
    ]
)

FEATURE = pa.schema(
    [
        ("assay", S),
        ("kind", S),
        ("feature_id", S),
        ("gene_name", S),  # null where the raw file has none
    ]
)

INGESTED_FILE = pa.schema(
    [
        ("file", S),  # as study.yml names it
        ("role", S),  # samples | assay name | forgotten_subject | forgotten_sample | forgotten_file
        ("sha256", S),
        ("bytes", I64),
        ("rows", I64),
        ("columns", I64),
        ("format", S),
        ("options", S),  # reading options as JSON with sorted keys
        ("reader_version", S),
        ("status", S),  # current | replaced | forgotten
    ]
)


def matrix_schema(n_samples: int) -> pa.Schema:
    """Return the schema of a lake matrix: one row a feature, values in `matrix_sample`'s order.

    Parameters
    ----------
    n_samples : int
        Length of every `values` list.
    """
    return pa.schema([("feature_id", S), ("values", pa.list_(F64, n_samples))])


CONTRAST = pa.schema(
    [
        ("analysis", S),
        ("contrast", S),
        ("assay", S),
        ("expression", S),
        ("meaning", S),
        ("n_samples", I64),
        ("n_subjects", I64),
        ("consensus_correlation", F64),
        ("df_prior", F64),
        ("s2_prior", F64),
        ("values_used", S),
        ("contrast_errors", S),
    ]
)

CONTRAST_RESULT = pa.schema(
    [
        ("analysis", S),
        ("contrast", S),
        ("feature_id", S),
        ("log_fc", F64),
        ("se", F64),
        ("ci_low", F64),
        ("ci_high", F64),
        ("ave_expr", F64),
        ("t", F64),
        ("df_total", F64),
        ("s2_post", F64),
        ("df_prior", F64),
        ("s2_prior", F64),
        ("p_value", F64),
        ("adj_p_value", F64),
        ("b", F64),
        ("delta_beta", F64),
    ]
)

JOINT_TEST = pa.schema(
    [
        ("analysis", S),
        ("test", S),
        ("feature_id", S),
        ("f", F64),
        ("df1", F64),
        ("df2", F64),
        ("p_value", F64),
        ("adj_p_value", F64),
    ]
)

ANALYSIS_RUN = pa.schema(
    [
        ("analysis", S),
        ("assay", S),
        ("cohortmart_version", S),
        ("library_versions", S),  # JSON
        ("parameters", S),  # the analysis' block of study.yml as JSON
        ("inputs", S),  # JSON: SHA-256 of the lake tables used
        ("coefficients", S),  # JSON: names of the design's columns
        ("n_features", I64),
        ("seconds", F64),
    ]
)

#: Tables of the lake and of the results with a schema known beforehand (`matrix` has one per
#: number of samples, `sample` has the study's own columns behind SAMPLE_COLUMNS).
LAKE_TABLES = {
    "assay": ASSAY,
    "matrix_sample": MATRIX_SAMPLE,
    "feature": FEATURE,
    "ingested_file": INGESTED_FILE,
}
RESULT_TABLES = {
    "contrast": CONTRAST,
    "contrast_result": CONTRAST_RESULT,
    "joint_test": JOINT_TEST,
    "analysis_run": ANALYSIS_RUN,
}
