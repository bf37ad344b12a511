from cohortmart.core.text import did_you_mean, nearest


def test_nearest_ignores_case_and_gives_the_known_spelling():
    assert nearest("TIMEPIONT", ["group", "timepoint"]) == "timepoint"


def test_nothing_is_near():
    assert nearest("xyz", ["group", "timepoint"]) is None
    assert did_you_mean("xyz", []) is None


def test_the_first_of_equals_wins():
    assert nearest("ab", ["abx", "aby"]) == "abx"
    assert nearest("ab", ["aby", "abx"]) == "aby"
    assert did_you_mean("aby", ["abx", "aby"]) == "did you mean `aby`?"
