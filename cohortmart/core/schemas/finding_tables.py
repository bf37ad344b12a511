"""Schemas of what the analyses find behind the contrasts, see `schemas.tables`."""

from __future__ import annotations

from cohortmart.core.schemas.tables import LAKE_TABLES, RESULT_TABLES

GENE_SET = LAKE_TABLES["gene_set"]
NETWORK_EDGE = LAKE_TABLES["network_edge"]
REBOUND_PAIR = RESULT_TABLES["rebound_pair"]
REBOUND = RESULT_TABLES["rebound"]
REBOUND_DIFFERENCE = RESULT_TABLES["rebound_difference"]
CONTRAST_CORRELATION = RESULT_TABLES["contrast_correlation"]
PERMUTATION_CHECK = RESULT_TABLES["permutation_check"]
PERMUTATION_RESULT = RESULT_TABLES["permutation_result"]
SENSITIVITY = RESULT_TABLES["sensitivity"]
CONTRAST_OVERLAP = RESULT_TABLES["contrast_overlap"]
DMP_DEG = RESULT_TABLES["dmp_deg"]
ENRICHMENT = RESULT_TABLES["enrichment"]
MODULE_GENE = RESULT_TABLES["module_gene"]
MODULE_SUMMARY = RESULT_TABLES["module_summary"]
MODULE_OVERLAP = RESULT_TABLES["module_overlap"]
