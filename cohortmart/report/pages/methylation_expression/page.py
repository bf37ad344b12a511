"""Page of methylation and expression: CpGs and genes that change together."""

from __future__ import annotations

from cohortmart.report.blocks import Block, Choice, Page, Section, Text
from cohortmart.report.pages.methylation_expression.pairs import counts_table, pairs_table
from cohortmart.report.pages.methylation_expression.scatter import changes_figure
from cohortmart.report.pages.methylation_expression.tracks import gene_panels
from cohortmart.report.sample_numbers import samples_and_people
from cohortmart.report.source import Source

_LEAD = "CpGs and their genes that change together: a methylated promoter tends to be silent."


def methylation_expression_page(source: Source) -> Page:
    """Return the page of the CpG-gene pairs: changes, pairs, tracks of single genes."""
    sections = []
    if source.has_rows("dmp_deg"):
        for number, analysis in enumerate(source.analyses, start=1):
            blocks = _blocks(source, analysis, number)
            if blocks:
                sections.append(Section(f"CpGs and their genes: {analysis}", tuple(blocks)))
    return Page("methylation-expression", "Methylation and expression", _LEAD, tuple(sections))


def _blocks(source: Source, analysis: str, number: int) -> list[Block]:
    facts = source.rows(
        "select count(*) as n_rows, count(distinct (probe_id, gene_id)) as n_pairs,"
        " count(distinct gene_id) as n_genes, count(distinct contrast) as n_contrasts,"
        " min(expression_analysis) as expression"
        " from dmp_deg where analysis = ?",
        [analysis],
    )[0]
    if facts["n_rows"] == 0:
        return []
    people = samples_and_people(source, [facts["expression"], analysis])
    words = (
        f"{facts['n_pairs']:,} pairs of a CpG found in {analysis} and its gene found in "
        f"{facts['expression']} ({facts['n_genes']:,} genes), over {facts['n_contrasts']:,} "
        "contrasts."
    )
    changes = changes_figure(source, analysis, number, people)
    blocks: list[Block] = [
        Text(words),
        *(() if changes is None else (changes,)),
        counts_table(source, analysis, number),
        pairs_table(source, analysis, number, int(facts["n_pairs"])),
    ]
    panels = gene_panels(source, analysis, str(facts["expression"]), number)
    if panels:
        blocks.append(Choice(f"methylation-expression-gene-{number}", "Gene", panels))
    return blocks
