"""Reading of the page on identity: genotypes, sex, posterior, verdicts."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "Genotypes that arrays share",
        "Arrays of methylation have some 60 probes on genetic variants. Two arrays of one person "
        "share nearly all genotypes, two people about half of them: a frame should be dark "
        "inside and pale around. A dark cell outside of the frames, or a pale one in a frame, is "
        "an exchange, twins, or a contaminated sample.",
    ),
    (
        "Verdicts",
        "As said: the data alone single out the person of the sheet. Exchanged: two samples of an "
        "assay each fit the other's place. Other person, other sex: they do not fit, and nothing "
        "was found that they were exchanged with. Contaminated: genotypes lie between those of "
        "one person, or the array failed. Cannot tell: nothing was measured that singles people "
        "out, or the evidence is too weak; it is no sign of an error. Samples of one person that "
        "are exchanged with each other are not found.",
    ),
    (
        "Posterior",
        "How likely the sample is of a person, by the sheet and all evidence together. Before any "
        "data the sheet counts as right for 99 of 100 samples.",
    ),
    (
        "Sex",
        "Two X chromosomes show as half methylated probes on X and by XIST, a Y by its genes "
        "and its probes. It finds samples of the other sex only.",
    ),
)
