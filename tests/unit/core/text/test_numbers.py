"""How numbers of things are said."""

from cohortmart.core.text import counted


def test_one_has_no_s_and_thousands_are_set_apart():
    assert counted(1, "sample") == "1 sample"
    assert counted(0, "sample") == "0 samples"
    assert counted(1200, "sample") == "1,200 samples"
    assert (counted(1, "analysis", "analyses"), counted(2, "analysis", "analyses")) == (
        "1 analysis",
        "2 analyses",
    )
