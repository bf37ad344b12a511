"""The study.yml of the synthetic study."""

from __future__ import annotations

from cohortmart.app.demo.gene_sets import DISEASE

_ANALYSIS = """\
  {assay}_{suffix}:
    assay: {assay}
    where: "cell_type = '{cell_type}' and study_group <> 'HC'"
    values: {values}
    model:
      means: [group, timepoint]
      covariates: [age, proportion_memory, cell_viability, {batch}]
      block: subject
    thresholds: {{adj_p: 0.05}}
    contrasts:
      time_within_group: all
      group_within_time: all
      interaction: all
    rebound: {{pairs: [[3rd-1st, PP-3rd]]}}
"""

#: Whether a contrast holds when visits are permuted, and under other models.
_CHECKS = """\
    permutations: {contrasts: [HP_3rd-1st, MSvsHP_3rd-1st], n: 200}
    sensitivity: {contrasts: [MS_3rd-1st, MSvsHP_3rd], batch: library_batch, top: 20}
"""

#: What is looked for behind the contrasts.
_BEHIND = {
    "rna": """\
{checks}    enrichment:
      contrasts: [HP_3rd-1st, MS_3rd-1st, HP_PP-3rd, MS_PP-3rd]
      permutations: 2000
    modules: {{genes_added: 50, random_sets: 200, stability_runs: 10}}
    signatures: {{ms_disease: ms_disease.csv, unrelated: unrelated.tsv}}
""",
    "methylation": """\
    dmr: {{}}
    dmp_deg: {{expression: rna_{suffix}}}
    enrichment:
      tests: [over_representation]
      contrasts: [HP_3rd-1st, MS_3rd-1st, HP_PP-3rd, MS_PP-3rd]
""",
}

_HEAD = """\
# A synthetic study: T cells of women with multiple sclerosis (MS), healthy pregnant women (HP) and
# healthy women who are not pregnant (HC), before (BP), during (1st, 2nd, 3rd) and after (PP)
# pregnancy. Its truth is known: see truth/ beside this file.
study: demo

samples:
  file: samples.csv
  sample: sample_id
  subject: subject
  group: group
  timepoint: timepoint
  cell_type: cell_type
  factors: [library_batch, slide, sex]
  covariates: [age, proportion_memory, cell_viability, pregnancy_week]

timepoints: [NP, BP, 1st, 2nd, 3rd, PP]
groups: [HP, MS, HC]
subject_noun: [woman, women]
timepoint_noun: [visit, visits]

assays:
  rna:
    kind: counts
    files: [gene_counts.tsv.gz]
  methylation:
    kind: beta
    files: [{betas}]
    sample: methylation_sample
    platform: EPIC
  proteins:
    kind: continuous
    files: [proteins_npx.csv]
    unit: NPX

derive:
  cells: {{from: methylation, method: cell_fractions, reference: cell_types.csv}}

reference:
  manifest: manifest.csv
  masks: [snp_probes.txt]
  gene_sets: [gene_sets.gmt]
  gene_lists: {{{disease}: disease_genes.txt}}
  network: network.tsv

analyses:
"""

#: Time as a number: one curve for each group.
_WEEKS = """\

  rna_cd8_weeks:
    assay: rna
    where: "cell_type = 'CD8' and study_group <> 'HC'"
    values: voom
    model:
      curve: {of: pregnancy_week, by: group, knots: [10, 22, 36], positive: true}  # not week 0
      covariates: [age, proportion_memory, cell_viability, library_batch]
      block: subject
      correlation: per_feature
    thresholds: {adj_p: 0.05}
    joint_tests: {change in pregnancy: [time_within_group], other course in MS: [interaction]}
    contrasts:
      time_within_group: all
      group_within_time: all
      interaction: all
"""

_ANALYSES = "\n".join(
    (_ANALYSIS + _BEHIND[assay]).format(
        assay=assay,
        suffix=cell_type.lower(),
        cell_type=cell_type,
        values=values,
        batch=batch,
        checks=_CHECKS if cell_type == "CD8" else "",
    )
    for assay, values, batch in (
        ("rna", "voom", "library_batch"),
        ("methylation", "m_value", "slide"),
    )
    for cell_type in ("CD4", "CD8")
)


#: Measurements, and what is made of the betas: proteins and fractions of cells.
_MEASURED = """\

  {assay}_cd8:
    assay: {assay}
    where: "cell_type = 'CD8' and study_group <> 'HC'"
    values: measured
    model: {{means: [group, timepoint], covariates: [age], block: subject}}
    thresholds: {{adj_p: 0.05}}
    contrasts: {{time_within_group: all, group_within_time: all, interaction: all}}
    rebound: {{pairs: [[3rd-1st, PP-3rd]]}}
"""
#: How much of the changes is a shift of the cells.
_EXPLAINED = """\
    explained_by: {variables: [cells.effector], contrasts: [HP_3rd-1st, MS_3rd-1st, MS_PP-3rd]}
"""
#: Which differences of the third trimester are gone after birth.
_RETURNS = """\
    return_to: {reference: HP, from: MS.3rd, to: [MS.PP]}
"""


def study_text(betas: str) -> str:
    """Return the whole file.

    Parameters
    ----------
    betas : str
        Name of the file of betas.
    """
    head = _HEAD.format(betas=betas, disease=DISEASE)
    analyses = _ANALYSES.replace(_CHECKS, _CHECKS + _EXPLAINED + _RETURNS, 1)
    measured = "".join(_MEASURED.format(assay=assay) for assay in ("proteins", "cells"))
    return head + analyses + _WEEKS + measured
