"""The Arrow schemas of what the analyses find behind the contrasts, see `schemas.tables`."""

from __future__ import annotations

import pyarrow as pa

S, I32, I64, F64, B = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()

#: Members of gene sets (GMT files) and of plain gene lists, in the lake.
GENE_SET = pa.schema(
    [
        ("collection", S),  # name of the GMT file, or "gene_lists"
        ("gene_set", S),
        ("description", S),  # null where there is none
        ("gene_name", S),  # each gene once a set
    ]
)
#: Undirected edges of the interaction network, in the lake: gene_a < gene_b, each pair once.
NETWORK_EDGE = pa.schema([("gene_a", S), ("gene_b", S)])

#: Two contrasts that are read together: a change, and the change that follows it.
REBOUND_PAIR = pa.schema(
    [
        ("analysis", S),
        ("pair", S),  # as study.yml names it: "3rd-1st/PP-3rd"
        ("study_group", S),  # null where the two contrasts are of no one group
        ("cell_type", S),  # of the analysis' samples; null where they have several or none
        ("first_contrast", S),
        ("second_contrast", S),
        ("preset", S),  # default | paper
    ]
)
#: One row an analysis, pair of contrasts and feature; class and p_rebound follow in the model.
REBOUND = pa.schema(
    [
        ("analysis", S),
        ("pair", S),
        ("study_group", S),
        ("first_contrast", S),
        ("second_contrast", S),
        ("feature_id", S),
        ("log_fc_first", F64),
        ("log_fc_second", F64),
        ("p_first", F64),
        ("p_second", F64),
        ("adj_p_first", F64),
        ("adj_p_second", F64),
        ("delta_beta_first", F64),
        ("delta_beta_second", F64),
        ("adj_p_rebound", F64),  # Benjamini-Hochberg of p_rebound over the features of the pair
        ("adj_p_same", F64),
        ("amplitude", F64),  # (first - second) / 2: the peak against the mean of the ends
        ("amplitude_se", F64),
        ("amplitude_p_value", F64),
    ]
)
#: Amplitude in a group minus amplitude in the reference group (an interaction).
REBOUND_DIFFERENCE = pa.schema(
    [
        ("analysis", S),
        ("pair", S),
        ("study_group", S),
        ("reference_group", S),
        ("feature_id", S),
        ("amplitude_difference", F64),
        ("se", F64),
        ("p_value", F64),
        ("adj_p_value", F64),
    ]
)
#: Correlation of the log fold changes of two contrasts beside its value without any effect.
CONTRAST_CORRELATION = pa.schema(
    [
        ("analysis", S),
        ("first_contrast", S),
        ("second_contrast", S),
        ("n_features", I64),
        ("r", F64),
        ("r_low", F64),  # 95 % interval of r that allows for correlated features
        ("r_high", F64),
        ("r_no_effect", F64),  # from design and block correlation
        ("no_effect_low", F64),  # 95 % of the rotations lie between these
        ("no_effect_high", F64),
        ("p_value", F64),  # two-sided, from the rotations
        ("n_features_rotated", I64),  # features without missing values
        ("n_rotations", I64),
        ("r_biological", F64),  # of the true changes, the correlation of their errors taken out
        ("biological_p_value", F64),  # likelihood ratio: no such correlation
    ]
)
#: A check of a contrast by permuted visits: how many features such permutations find.
PERMUTATION_CHECK = pa.schema(
    [
        ("analysis", S),
        ("contrast", S),
        ("n_permutations", I64),
        ("n_features", I64),
        ("n_left_out", I64),  # features with missing values
        ("between_share", F64),  # of the estimate's variance, between people: it stays as it is
        ("n_found", I64),  # features with p_value < 0.05
        ("n_expected", F64),  # the mean of that number over the permutations
        ("n_low", F64),  # 95 % of the permutations find between n_low and n_high
        ("n_high", F64),
        ("p_value", F64),  # share of permutations that find at least n_found
    ]
)
#: The same feature by feature.
PERMUTATION_RESULT = pa.schema(
    [
        ("analysis", S),
        ("contrast", S),
        ("feature_id", S),
        ("p_own", F64),  # |t| against the permutations of the feature itself
        ("p_pooled", F64),  # against those of all features
        ("p_family_wise", F64),  # against the largest |t| of each permutation
    ]
)
#: A feature's contrast under each of several models.
SENSITIVITY = pa.schema(
    [
        ("analysis", S),
        ("contrast", S),
        ("feature_id", S),
        ("variant", S),  # what was done otherwise; the first is `as analysed`
        ("variant_order", I32),
        ("log_fc", F64),
        ("se", F64),
        ("t", F64),
        ("p_value", F64),
        ("adj_p_value", F64),
        ("holds", B),  # found by the analysis' thresholds, with the sign of `as analysed`
        ("n_samples", I64),
        ("fault", S),  # why the variant could not be computed; then the numbers are null
    ]
)
#: How many features two contrasts share.
CONTRAST_OVERLAP = pa.schema(
    [
        ("first_analysis", S),
        ("first_contrast", S),
        ("first_direction", S),  # any | up | down
        ("second_analysis", S),
        ("second_contrast", S),
        ("second_direction", S),
        ("n_universe", I64),  # features tested in both
        ("n_first", I64),
        ("n_second", I64),
        ("n_both", I64),
        ("expected", F64),  # by chance; where correlated_by_design from that correlation
        ("odds_ratio", F64),  # conditional maximum likelihood
        ("p_value", F64),  # Fisher's exact test, one-sided; null where correlated_by_design
        ("correlated_by_design", B),
    ]
)
#: A CpG and its gene that both change in the same contrast of two analyses.
DMP_DEG = pa.schema(
    [
        ("analysis", S),  # of the methylation
        ("expression_analysis", S),
        ("contrast", S),
        ("probe_id", S),
        ("gene_name", S),
        ("gene_id", S),
        ("regions", S),  # of the gene, joined with '|', sorted
        ("is_promoter", B),  # TSS200 or TSS1500 among them
        ("methylation_log_fc", F64),
        ("delta_beta", F64),
        ("methylation_p_value", F64),
        ("methylation_adj_p_value", F64),
        ("expression_log_fc", F64),
        ("expression_p_value", F64),
        ("expression_adj_p_value", F64),
        ("n_visits", I64),  # with both measurements, of people with at least two such visits
        ("n_subjects", I64),
        ("r_within", F64),  # repeated-measures correlation of log2 CPM and M-value
        ("df_within", F64),  # n_visits - n_subjects - 1
        ("p_within", F64),
        ("adj_p_within", F64),  # Benjamini-Hochberg over the rows of the analysis and contrast
    ]
)
#: One row an analysis, list of genes, test and gene set.
ENRICHMENT = pa.schema(
    [
        ("analysis", S),
        ("source", S),  # contrast | rebound
        ("source_name", S),  # of the contrast; pair and group of the rebound
        ("direction", S),  # any | up | down; up-down | down-up of a rebound
        ("test", S),  # over_representation | camera | gsea
        ("collection", S),
        ("gene_set", S),
        ("n_universe", I64),  # genes that could have been found
        ("n_genes", I64),  # of the set, in the universe
        ("n_found", I64),  # genes found, in the universe (over-representation)
        ("n_overlap", F64),  # found genes of the set; a CpG of k genes counts 1/k
        ("expected", F64),
        ("odds_ratio", F64),
        ("enrichment_score", F64),  # gsea
        ("normalised_score", F64),
        ("z", F64),  # camera
        ("inter_gene_correlation", F64),
        ("p_value", F64),
        ("adj_p_value", F64),  # Benjamini-Hochberg within list, test and collection
        ("p_uncorrected", F64),  # CpGs: Fisher's test that ignores the number of probes
    ]
)
#: Genes of a disease module, seeds first (rank 0), then in the order they were added.
MODULE_GENE = pa.schema(
    [
        ("analysis", S),
        ("pair", S),
        ("gene_name", S),
        ("is_seed", B),
        ("rank", I64),
        ("n_links", I64),  # degree in the network
        ("n_module_links", I64),  # links into the module when it was added
        ("p_value", F64),
        ("log10_p", F64),
        ("n_tied", I64),  # candidates that shared the smallest p at that step
        ("in_largest_component", B),
        ("stability", F64),  # share of the runs without a tenth of the seeds that add it, too
    ]
)
MODULE_SUMMARY = pa.schema(
    [
        ("analysis", S),
        ("pair", S),
        ("mode", S),  # fixed | paper
        ("seed_weight", I64),
        ("n_nodes", I64),
        ("n_edges", I64),
        ("n_seeds", I64),
        ("n_seeds_in_network", I64),
        ("n_added", I64),
        ("largest_component", I64),  # seeds in the largest connected component of the seeds
        ("random_mean", F64),  # of the same for sets with the same degrees
        ("random_sd", F64),
        ("z", F64),
        ("p_value", F64),  # (1 + random sets that reach it) / (1 + random sets)
        ("n_random_sets", I64),
        ("stability", F64),  # mean over the runs: share of the added genes that are added again
        ("n_stability_runs", I64),
    ]
)
MODULE_OVERLAP = pa.schema(
    [
        ("first_analysis", S),
        ("first_pair", S),
        ("second_analysis", S),
        ("second_pair", S),
        ("n_nodes", I64),
        ("n_first", I64),
        ("n_second", I64),
        ("n_both", I64),
        ("odds_ratio", F64),
        ("p_value", F64),  # Fisher's; neighbours in one network overlap more easily than this says
    ]
)

#: Tables that one step writes together.
FINDING_SETS = {
    "permutations": {
        "permutation_check": PERMUTATION_CHECK,
        "permutation_result": PERMUTATION_RESULT,
    },
    "sensitivity": {"sensitivity": SENSITIVITY},
    "overlap": {"contrast_overlap": CONTRAST_OVERLAP},
    "links": {"dmp_deg": DMP_DEG},
    "enrichment": {"enrichment": ENRICHMENT},
    "modules": {"module_gene": MODULE_GENE, "module_summary": MODULE_SUMMARY},
    "module_overlap": {"module_overlap": MODULE_OVERLAP},
}
