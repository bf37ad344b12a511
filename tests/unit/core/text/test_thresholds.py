"""How thresholds are said."""

from cohortmart.core.text import threshold_words


def test_every_threshold_has_its_words_and_none_has_none():
    assert threshold_words(p=0.05, adj_p=0.1, delta_beta=0.05, log_fc=1.0) == (
        "P < 0.05, adjusted P < 0.1, |delta beta| > 0.05, |log FC| > 1"
    )
    assert threshold_words(p=None, adj_p=None, delta_beta=0.2, log_fc=None) == "|delta beta| > 0.2"
    assert threshold_words(p=None, adj_p=None, delta_beta=None, log_fc=None) == ""
