"""Reading of the page on findings: gene sets, modules, overlaps."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "Tests of gene sets",
        "Over-representation asks whether the found genes belong to a set more often than other "
        "genes do. Camera asks whether the genes of a set change more than the others, found or "
        "not, and allows for their being correlated. GSEA asks whether they gather at either end "
        "of the ranking of all genes; it ignores that they are correlated, so its P values are on "
        "the hopeful side.",
    ),
    (
        "Gene sets as dots",
        "The further right, the clearer; the broken line is an adjusted P of 0.05. Of GSEA the "
        "axis is the normalised score: right of 0 the genes of the set gather among those that "
        "rise. Filled dots have an adjusted P below 0.05, pale ones do not; point at one for the "
        "whole name of its set.",
    ),
    (
        "Table of gene sets",
        "Found and expected are the genes of the set among those found, and how many chance would "
        "put there; a CpG of several genes counts in parts. z belongs to camera, the score to "
        "GSEA.",
    ),
    (
        "Network",
        "A dot is a gene, a line an interaction of their proteins. Circles are seeds: genes that "
        "rebound. Diamonds were added by the search, one at a time, each for having more links to "
        "the module than all its links would let expect; that they are well connected proves "
        "nothing. Places mean nothing but that linked genes lie near each other.",
    ),
    (
        "Genes of a module",
        "Stability is the share of runs without a tenth of the seeds that add the gene, too. "
        "log10 P chose the gene; it is no test.",
    ),
    (
        "Genes that two modules share",
        "P is Fisher's exact test for a larger overlap than chance; neighbours in one network "
        "overlap more easily than it says.",
    ),
    (
        "Lists and their combinations",
        "A column of dots is a combination of lists; the bar above it counts what is in exactly "
        "these lists and in no other of the picture. Pale bars are the whole lists. Contrasts "
        "that use the same timepoint overlap without any effect, and a feature in one list only "
        "is no difference between the lists.",
    ),
    (
        "Contrasts that share more than chance",
        "Expected is what chance puts in both lists; P is Fisher's exact test. It takes the lists "
        "as independent, so that contrasts which rest on some of the same people are left out, "
        "whichever timepoints or cells they compare: contrast_overlap has them all.",
    ),
)
