"""Schemas of what the analyses say of samples, designs and trends: the report's raw material."""

from __future__ import annotations

import pyarrow as pa

S, I32, I64, F64, B = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()

#: The design matrix of an analysis, one row a cell.
DESIGN_VALUE = pa.schema(
    [
        ("analysis", S),
        ("sample_id", S),
        ("sample_order", I32),  # row of the matrix, from 1
        ("coefficient", S),
        ("coefficient_order", I32),  # column of the matrix, from 1
        ("value", F64),
    ]
)

#: The coefficients of a contrast; those of weight 0 have no row.
CONTRAST_WEIGHT = pa.schema(
    [
        ("analysis", S),
        ("contrast", S),
        ("coefficient", S),
        ("coefficient_order", I32),
        ("weight", F64),
    ]
)

#: What the user should know of an analysis, in plain words.
ANALYSIS_NOTE = pa.schema(
    [
        ("analysis", S),
        ("note_order", I32),  # from 1
        ("kind", S),  # note: of samples, design and errors | preset: copied from the paper
        ("note", S),
    ]
)

#: voom's mean-variance trend, one row a gene.
VOOM_TREND = pa.schema(
    [
        ("analysis", S),
        ("feature_id", S),
        ("mean_log2_count", F64),
        ("sqrt_sd", F64),  # square root of the residual standard deviation, log2 CPM
        ("trend", F64),  # lowess of sqrt_sd on mean_log2_count
    ]
)

#: Which samples of an assay are looked at together.
SAMPLE_SET = pa.schema(
    [
        ("assay", S),
        ("sample_set", S),  # `all samples`, or the first analysis with these samples
        ("analysis", S),  # the analyses with these samples, a row each; null for `all samples`
        ("n_samples", I64),
        ("n_features", I64),
    ]
)

PCA_COMPONENT = pa.schema(
    [
        ("assay", S),
        ("sample_set", S),
        ("component", I32),  # from 1
        ("variance_share", F64),  # of the variance of all features, 0 to 1
    ]
)
PCA_SCORE = pa.schema(
    [("assay", S), ("sample_set", S), ("sample_id", S), ("component", I32), ("score", F64)]
)
#: Linear model of a component on one variable of the sample sheet.
PCA_COVARIATE = pa.schema(
    [
        ("assay", S),
        ("sample_set", S),
        ("component", I32),
        ("variable", S),
        ("kind", S),  # factor | number
        ("n_samples", I64),  # in which the variable is known
        ("df1", I32),
        ("df2", I32),
        ("r_squared", F64),
        ("f", F64),
        ("p_value", F64),
    ]
)
MDS_COORDINATE = pa.schema(
    [("assay", S), ("sample_set", S), ("sample_id", S), ("dimension", I32), ("coordinate", F64)]
)
#: Pearson correlation of two samples, first_sample_id before second_sample_id.
SAMPLE_CORRELATION = pa.schema(
    [
        ("assay", S),
        ("sample_set", S),
        ("first_sample_id", S),
        ("second_sample_id", S),
        ("r", F64),
    ]
)
#: How far two variables of the sample sheet go together.
VARIABLE_ASSOCIATION = pa.schema(
    [
        ("assay", S),
        ("sample_set", S),
        ("first_variable", S),
        ("second_variable", S),
        ("statistic", S),  # Cramér's V | correlation ratio | Pearson correlation
        ("n_samples", I64),
        ("strength", F64),  # 0 to 1
        ("p_value", F64),
    ]
)

DESIGN_TABLES = {
    "design_value": DESIGN_VALUE,
    "contrast_weight": CONTRAST_WEIGHT,
    "analysis_note": ANALYSIS_NOTE,
    "voom_trend": VOOM_TREND,
}
QUALITY_TABLES = {
    "sample_set": SAMPLE_SET,
    "pca_component": PCA_COMPONENT,
    "pca_score": PCA_SCORE,
    "pca_covariate": PCA_COVARIATE,
    "mds_coordinate": MDS_COORDINATE,
    "sample_correlation": SAMPLE_CORRELATION,
    "variable_association": VARIABLE_ASSOCIATION,
}
