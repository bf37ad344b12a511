"""Schemas of what the analyses say of samples, designs and trends: the report's raw material."""

from __future__ import annotations

from cohortmart.core.schemas.tables import RESULT_SETS, RESULT_TABLES

DESIGN_VALUE = RESULT_TABLES["design_value"]
CONTRAST_WEIGHT = RESULT_TABLES["contrast_weight"]
ANALYSIS_NOTE = RESULT_TABLES["analysis_note"]
VOOM_TREND = RESULT_TABLES["voom_trend"]
SAMPLE_SET = RESULT_TABLES["sample_set"]
PCA_COMPONENT = RESULT_TABLES["pca_component"]
PCA_SCORE = RESULT_TABLES["pca_score"]
PCA_COVARIATE = RESULT_TABLES["pca_covariate"]
MDS_COORDINATE = RESULT_TABLES["mds_coordinate"]
SAMPLE_CORRELATION = RESULT_TABLES["sample_correlation"]
VARIABLE_ASSOCIATION = RESULT_TABLES["variable_association"]

#: What is written of the design of an analysis.
DESIGN_TABLES = {
    "design_value": DESIGN_VALUE,
    "contrast_weight": CONTRAST_WEIGHT,
    "analysis_note": ANALYSIS_NOTE,
    "voom_trend": VOOM_TREND,
}
QUALITY_TABLES = RESULT_SETS["quality"]
