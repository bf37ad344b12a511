"""Reading of the page on explained changes: total and remaining, variables, numbers."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "How a change is parted",
        "Each feature is fitted twice, without and with the variables, every person with a level "
        "of their own. Explained is the change of a variable times the slope of the feature on it "
        "within people; remaining is the change that the second fit still sees. The two add up to "
        "the total. Explained is not caused: a variable that changes at the same time, or follows "
        "the feature, explains as well as a cause; one that is measured with error explains too "
        "little.",
    ),
    (
        "What remains of each change",
        "On the sloping line nothing is explained and all of the change remains; on the level line "
        "all of it is explained. Colour and shape say which part is told from 0 at an adjusted P "
        "below 0.05. Points are found features, at most 400 a contrast.",
    ),
    (
        "How the variables change",
        "Each in its own unit. What does not change explains nothing, however closely a feature "
        "follows it.",
    ),
    (
        "Explained and remaining in numbers",
        "Of the found features: explained, and a change remains, at an adjusted P below 0.05; both "
        "may hold. Mostly is more than half of the change, which may be below 0 or above 100 %: "
        "variables can change a feature the other way, or more than it changed. The largest "
        "difference is from the change as the contrasts have it, which also use people with one "
        "sample.",
    ),
)
