"""Reading of the page on returns: what is compared, the picture, the numbers."""

from __future__ import annotations

READING: tuple[tuple[str, str], ...] = (
    (
        "How a return is counted",
        "Share gone is 1 less the difference that is left over the difference at baseline; 0 % is "
        "nothing, 100 % all, above 100 % the difference has turned round. Its interval is that of "
        "a ratio (Fieller) and has ends only where the difference at baseline is told from 0; only "
        "such differences are tested. The error of the baseline is in the difference and, with the "
        "other sign, in the change, so that a large difference shrinks by itself. P takes that "
        "off: it is the chance of so large a move if nothing changed, in a feature that was chosen "
        "for its difference.",
    ),
    (
        "What is left of each difference",
        "On the sloping line nothing is gone, on the level line all. Back: found to return, and "
        "the interval lies within the margin of 100 %. In part: found, and a part is left for "
        "sure. Towards: found, and how much is open. Overshoot: the difference has turned round. "
        "Away: it grows. Stays: its share gone is shown to be near 0. Unclear: none of these is "
        "shown.",
    ),
    (
        "Returns in numbers",
        "Read how many move towards the reference beside how many would by chance, and r beside r "
        "without a change: differences as they are, and nothing happens. Without differences, too, "
        "r would be lower still; that is no yardstick where there are differences. Biological r "
        "is that of true differences and true changes: -1 where every difference goes by the same "
        "share.",
    ),
)
