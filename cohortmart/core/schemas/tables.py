"""The Arrow schema of every Parquet table that passes between the rooms.

One record a table, so that writers, dbt's sources and the tests cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from cohortmart.core.schemas.finding_tables import (
    CONTRAST_CORRELATION,
    FINDING_SETS,
    GENE_SET,
    NETWORK_EDGE,
    REBOUND,
    REBOUND_DIFFERENCE,
    REBOUND_PAIR,
)
from cohortmart.core.schemas.quality_tables import DESIGN_TABLES, QUALITY_TABLES

S, I32, I64, F64, B = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()

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
        ("layer", S),  # raw | bmiq | combat | imputed | combat_seq
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
        ("layers", S),  # layers the study names, first to last, joined with '|': raw|bmiq
        ("platform", S),  # 450K | EPIC | EPICv2, null where the study does not say
        # the filters of a beta assay; null or false = switched off
        ("filter_detection_p", F64),  # a beta with a larger detection p is missing
        ("filter_sample_missing", F64),  # largest share of missing probes in a sample
        ("filter_probe_missing", F64),  # largest share of missing samples in a probe
        ("filter_bead_minimum", F64),  # fewer beads than this are too few
        ("filter_bead_share", F64),  # largest share of samples with too few beads
        ("filter_non_cpg", B),
        ("filter_masks", B),
        ("filter_sex_chromosomes", B),
    ]
)

#: One row a manifest and probe of it.
PROBE = pa.schema(
    [
        ("manifest", S),
        ("manifest_order", I32),  # position in study.yml, from 1
        ("probe_id", S),  # as on the array: EPIC v2 with its suffix
        ("common_probe_id", S),  # the name that all arrays share
        ("chromosome", S),  # 1 .. 22, X, Y, M
        ("position", I64),  # base, from 1
        ("genome_build", S),  # hg19, hg38
        ("strand", S),
        ("design_type", S),  # I | II
        ("island", S),  # Island, N_Shore, S_Shore, N_Shelf, S_Shelf, OpenSea
        ("island_name", S),
    ]
)
PROBE_GENE = pa.schema([("probe_id", S), ("gene_name", S), ("region", S), ("manifest", S)])
#: What a normalised layer is; one row a layer.
LAYER = pa.schema(
    [
        ("assay", S),
        ("layer", S),
        ("made_from", S),  # the layer before
        ("options", S),  # the step of study.yml as JSON
        ("n_features", I64),
        ("n_samples", I64),
        ("n_changed", I64),  # features that the step could and did change
        ("notes", S),  # one a line
    ]
)
#: One row a sample that a layer was to have.
LAYER_SAMPLE = pa.schema(
    [
        ("assay", S),
        ("layer", S),
        ("sample_id", S),
        ("fault", S),  # why it could not be normalised; null = it is in the layer
        ("n_moved", I64),  # BMIQ: betas of 0 and 1 that were moved to the nearest inner value
        ("type_distance_before", F64),  # BMIQ: share of the densities of design type I and II
        ("type_distance_after", F64),  # that does not overlap
    ]
)
#: Probes not to be trusted; a name without EPIC v2's suffix means all its replicates.
PROBE_MASK = pa.schema([("probe_id", S), ("mask", S), ("reason", S)])

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


def matrix_schema(n_samples: int, extras: Sequence[str] = ()) -> pa.Schema:
    """Return the schema of a lake matrix: one row a feature, values in `matrix_sample`'s order.

    The rows are sorted by feature_id, byte by byte: a reader finds one feature by the statistics
    of the row groups, and an analysis reads the features in the order of its results.

    Parameters
    ----------
    n_samples : int
        Length of every `values` list.
    extras : sequence of str
        `detection_p` and `bead_count` where the raw layer has them, `methylated` and
        `unmethylated` where the study keeps the signals: lists of the same length.
    """
    lists = [(name, pa.list_(F64, n_samples)) for name in ("values", *extras)]
    return pa.schema([("feature_id", S), *lists])


CONTRAST = pa.schema(
    [
        ("analysis", S),
        ("contrast", S),
        ("contrast_order", I32),  # position in the analysis, from 1
        ("assay", S),
        ("expression", S),
        ("meaning", S),
        ("n_samples", I64),
        ("n_subjects", I64),
        ("kind", S),  # within | between | mixed | unknown: how it uses the people
        ("n_complete", I64),  # people with every sample that their part of it names
        ("consensus_correlation", F64),  # null where every feature has its own
        ("df_prior", F64),
        ("s2_prior", F64),
        ("values_used", S),
        ("contrast_errors", S),
        ("minimum_log_fc", F64),  # the P value is that |log_fc| is beyond it
        # standard error by limma's approximation / exact one: 1, 50, 99 % of the features
        ("limma_se_ratio_low", F64),
        ("limma_se_ratio_median", F64),
        ("limma_se_ratio_high", F64),
    ]
)

#: t and the interval follow from these columns; the models compute them.
CONTRAST_RESULT = pa.schema(
    [
        ("analysis", S),
        ("contrast", S),
        ("feature_id", S),
        ("log_fc", F64),
        ("se", F64),
        ("ci_quantile", F64),  # of t with df_total: the 95 % interval is log_fc -/+ this x se
        ("ave_expr", F64),
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

#: What counts as found; null where the study sets no such threshold.
THRESHOLD = pa.schema(
    [("analysis", S), ("p", F64), ("adj_p", F64), ("delta_beta", F64), ("log_fc", F64)]
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
    "probe": PROBE,
    "probe_gene": PROBE_GENE,
    "probe_mask": PROBE_MASK,
    "layer": LAYER,
    "layer_sample": LAYER_SAMPLE,
    "gene_set": GENE_SET,
    "network_edge": NETWORK_EDGE,
}
#: Results by the step that writes them together, replaced as a whole.
RESULT_SETS = {
    "contrasts": {
        "contrast": CONTRAST,
        "contrast_result": CONTRAST_RESULT,
        "joint_test": JOINT_TEST,
        "analysis_run": ANALYSIS_RUN,
        "rebound_pair": REBOUND_PAIR,
        "rebound": REBOUND,
        "rebound_difference": REBOUND_DIFFERENCE,
        "contrast_correlation": CONTRAST_CORRELATION,
        **DESIGN_TABLES,
    },
    "thresholds": {"threshold": THRESHOLD},
    "quality": QUALITY_TABLES,  # written for an assay, not for an analysis
    **FINDING_SETS,
}
RESULT_TABLES = {name: schema for tables in RESULT_SETS.values() for name, schema in tables.items()}
