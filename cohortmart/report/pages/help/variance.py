"""Reading of the page on variance: shares of variables, features bound to the person."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "What the variance goes with",
        "Each feature's variance is parted among the variables of the model, factors of the study, "
        "the people and what is left (residual); the parts add up to 100 %. A variable joined to "
        "another by x is what their combinations add. Variables that go together share what both "
        "could explain. A variable without any effect still has a few per cent, the more the fewer "
        "samples there are. A difference between people that group or age explains belongs to "
        "these, not to the people.",
    ),
    (
        "Features most bound to the person",
        "The share of the variance beside the model that lies between people, with its 95 % "
        "interval. Near 100 % a feature is nearly a mark of the person, as where a variant of the "
        "DNA decides it; near 0 % people are alike, or differ less than their own samples do.",
    ),
)
