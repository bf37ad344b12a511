"""Reading of the page on quality: samples, filters, noise, maps, correlations, components."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "Samples as bars",
        "A sample with few reads is noisy and says little about rarely expressed genes; "
        "differences in depth are divided out (TMM factor, in the tooltip). Groups that differ as "
        "a whole can look different for that reason alone. A sample with far more missing values "
        "or undetected probes than the others did not work well; a probe whose signal is no "
        "stronger than background counts as missing.",
    ),
    (
        "Distribution of the betas",
        "The line is the median of all samples, the band holds the middle 90 %. Probes of type I "
        "and II do not spread over the scale alike; BMIQ stretches II onto I, after which both "
        "should have one peak near 0 (not methylated) and one near 1.",
    ),
    (
        "Filters",
        "What stayed is blue, what was dropped in that step orange; a probe is counted where it "
        "is dropped first. Left out are probes that measure badly, bind in several places or on a "
        "genetic variant, or lie on X or Y; and genes with hardly any reads, which cannot show a "
        "difference and make the adjusted P values of the others larger.",
    ),
    (
        "Noise and abundance (voom)",
        "Noisy measurements count less: the line gives every one its weight. It should fall from "
        "the left and level off; where it rises at the left end, genes with hardly any reads "
        "should be left out (filter: filter_by_expr).",
    ),
    (
        "Maps of samples",
        "Samples near each other are alike. Components are the directions in which they differ "
        "most, with the share of all differences an axis holds; leading differences (MDS) look at "
        "the features that differ most. Cell types should lie apart. Samples of one batch, slide "
        "or day should not.",
    ),
    (
        "Correlation of samples",
        "A square is a pair of samples (Pearson): the darker, the more alike. A sample that is "
        "pale with all others failed, or is not what its label says. One that fits better among "
        "another cell type may have been swapped.",
    ),
    (
        "Components and variables",
        "The darker a square, the more of a component the variable explains by itself (R squared, "
        "0 to 1); the number is its P value. What goes with a batch, a slide or the share of "
        "living cells comes from the laboratory, and the analyses should take it into account. A "
        "variable of many values explains much by chance, and timepoints of one person are not "
        "independent: P is a guide.",
    ),
    (
        "Variables that go together",
        "Pairs of columns of the sample sheet. Near a strength of 1 what is said of the one may be "
        "due to the other.",
    ),
)
