"""How bound to the person a feature is: a line for the analyses of it."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmart.explore.answers.asked import Asked
from cohortmart.report.blocks import Text

_SHARES = """
    select analysis, feature_id, subject_share, subject_share_low, subject_share_high
    from fct_feature_variance
    where feature_id in (select unnest($features::varchar[])) and subject_share is not null
    order by analysis, feature_id
"""


def person_bound(
    asked: Asked, analyses: Mapping[str, str], features: Mapping[str, Mapping[str, str]]
) -> tuple[Text, ...]:
    """Return the line, or none where no analysis tells.

    Parameters
    ----------
    asked : Asked
    analyses : mapping of str to str
        Each analysis, in the order in which it is spoken of, and its assay.
    features : mapping of str to mapping
        By assay: the features, and what each is called besides.
    """
    if not asked.is_there("fct_feature_variance"):
        return ()
    ids = sorted({i for those in features.values() for i in those})
    rows = asked.rows(_SHARES, {"features": ids})
    said = []
    for analysis, assay in analyses.items():
        names = features.get(assay, {})
        for row in rows:
            if row["analysis"] == analysis and row["feature_id"] in names:
                low, high = (100 * row[f"subject_share_{end}"] for end in ("low", "high"))
                name = names[row["feature_id"]]
                said.append(
                    f"{100 * row['subject_share']:.0f} % (95 %: {low:.0f} to {high:.0f} %) in "
                    f"{analysis}{f', {name}' if name else ''}"
                )
    if not said:
        return ()
    people = asked.subject.many
    words = f"Of the variance beside the model, between {people} lie {'; '.join(said)}."
    return (Text(words, "plain"),)
