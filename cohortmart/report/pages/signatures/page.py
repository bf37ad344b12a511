"""Page of signatures: contrasts beside published tables of other studies."""

from __future__ import annotations

from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Block, Column, Page, Section, Table, Text
from cohortmart.report.naming import slugs
from cohortmart.report.pages.signatures.pictures import cells_figure, scatter_figure
from cohortmart.report.pages.signatures.words import Compared, compared_of, findings
from cohortmart.report.source import Source

LEAD = "How alike the contrasts and published tables of other studies are, beside chance."

_ROWS = """select
    contrast, signature, n_listed, n_matched, n_features, r, no_effect_low, no_effect_high,
    p_value, adj_p_value, r_spearman, r_spearman_p_value, r_t, r_t_p_value,
    100 * sign_agreement as sign_percent, 100 * sign_agreement_low as sign_low,
    100 * sign_agreement_high as sign_high, sign_agreement_p_value,
    n_found, n_signature_found, n_both, n_both_same_sign, n_both_expected, overlap_p_value
from signature_correlation
where analysis = {analysis}
order by p_value nulls last, contrast, signature"""


def signatures_page(source: Source) -> Page:
    """Return the page: correlations, the clearest pair, all numbers."""
    sections = []
    if source.has_rows("signature_correlation"):
        for analysis, slug in slugs(source.analyses, source.names.words).items():
            compared = compared_of(source, analysis, slug)
            if compared is not None:
                blocks = tuple(_blocks(source, compared))
                sections.append(Section(f"Signatures: {analysis}", blocks))
    return Page("signatures", "Signatures", LEAD, tuple(sections))


def _blocks(source: Source, compared: Compared) -> list[Block]:
    figures = (cells_figure(source, compared), scatter_figure(source, compared))
    return [
        *(Text(words, "finding") for words in findings(source, compared)),
        *(figure for figure in figures if figure is not None),
        _table(source, compared),
    ]


def _table(source: Source, compared: Compared) -> Table:
    query = _ROWS.format(analysis=literal(compared.analysis))
    return Table(
        f"signatures-numbers-{compared.slug}",
        f"Contrasts beside signatures in numbers: {compared.analysis}",
        "",
        (
            Column("contrast", "Contrast"),
            Column("signature", "Signature"),
            Column("r", "r", "number"),
            Column("no_effect_low", "No effect, from", "number"),
            Column("no_effect_high", "to", "number"),
            Column("p_value", "P", "p"),
            Column("adj_p_value", "Adjusted P", "p"),
            Column("r_spearman", "r of ranks", "number"),
            Column("r_spearman_p_value", "its P", "p"),
            Column("r_t", "r of t", "number"),
            Column("r_t_p_value", "its P", "p"),
            Column("sign_percent", "Same sign (%)", "number"),
            Column("sign_low", "No effect, from", "number"),
            Column("sign_high", "to", "number"),
            Column("sign_agreement_p_value", "its P", "p"),
            Column("n_found", "Found here", "integer"),
            Column("n_signature_found", "Found there", "integer"),
            Column("n_both", "In both", "integer"),
            Column("n_both_same_sign", "Of these same sign", "integer"),
            Column("n_both_expected", "By chance", "number"),
            Column("overlap_p_value", "its P", "p"),
            Column("n_features", f"{compared.kind.many_shown[0].upper()}"
                   f"{compared.kind.many_shown[1:]} compared", "integer"),
            Column("n_listed", "of listed", "integer"),
        ),
        source.table(query),
        query,
    )  # fmt: skip
