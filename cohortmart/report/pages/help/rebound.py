"""Reading of the page on rebound: two changes, bands, sectors, courses, numbers."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "First and second change",
        "Right of the middle lies what rises at first, below the middle what falls afterwards: up "
        "then down is at the bottom right. The darker a square, the more features; symbols are "
        "those found to rebound. Features further out stand at the edge.",
    ),
    (
        "r, and r by chance",
        "Both changes are measured from the same timepoint in the middle. A value that happens to "
        "be too high there makes the first change too large and the second too small, so that the "
        "two correlate at about -0.5 where nothing happens: the dashed line falls, too. Believe "
        "the words above a panel, which compare r with the range that holds 95 % of chance.",
    ),
    (
        "Biological r",
        "An estimate of how the true changes go together once their shared error is taken out "
        "(limma's genas), with the interval of its profile likelihood. It takes features as "
        "independent and is too sure where they go together; an end of -1 or 1 is one that the "
        "data go with. It describes: where r is no different from chance it proves nothing.",
    ),
    (
        "What becomes of the first change",
        "The height of a band is a number of features of which one change or both pass the "
        "thresholds by themselves; 'unclear' is a change that does not. The test of a rebound "
        "asks for both changes together and may find another number.",
    ),
    (
        "The same change in two groups",
        "On the diagonal both groups change alike. Numbers in the margin belong to the sector "
        "beside them, with their share of all six. Features were chosen for a clear change in one "
        "of the groups, which therefore often seems to change more. What is found in one group "
        "only need not differ between the groups: that is tested in rebound_group.",
    ),
    (
        "Courses of features",
        "A thin line is a person, straight across a timepoint without a sample. Thick lines and "
        "bands are means of groups with their 95 % intervals. Values are not corrected by the "
        "model, and each panel has a scale of its own.",
    ),
    (
        "Rebounds in numbers",
        "A feature is found where both changes go opposite ways and hold up together, at a false "
        "discovery rate as the study sets it. Amplitude is the middle timepoint against the mean "
        "of the two others. Recovery is how much of the first change the second takes back "
        "(100 % = all of it); it stands where the first change is significant by itself.",
    ),
)
