"""Data of features for the page: each set once, however many tables and pictures show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cohortmart.report.blocks import Block, FeaturePoints, Features, Figure, Reach, Table


def feature_data(
    blocks: Iterable[Block],
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return what the page stores of features, and what blocks take of it.

    Parameters
    ----------
    blocks : iterable of Block
        All of the page.

    Returns
    -------
    stored : dict
        By the id of its element: `NAME` (numbers, level, where ids and names stand, and
        what is said where a search finds nothing),
        `NAME-PLACE` (the columns of a contrast), `texts-1` (ids or names, of several analyses
        where they are the same).
    wanted : dict
        By the id of a block's data: what stands in it besides its own rows.
    """
    sets: dict[str, Features] = {}
    lost: dict[str, dict[str, str]] = {}
    wanted: dict[str, dict[str, Any]] = {}
    for block in blocks:
        parts: dict[str, Any] = {}
        if not isinstance(block, Figure | Table):
            continue
        if isinstance(block, Figure) and block.where != "file":
            for name, points in block.data.items():
                if isinstance(points, FeaturePoints):
                    _add(sets, points.features)
                    parts[name] = _points(points)
        elif isinstance(block, Table) and block.reach is not None:
            _add(sets, block.reach.features)
            lost[block.reach.features.name] = {"lost": block.reach.lost, "query": block.reach.query}
            parts["reach"] = _reach(block.reach, block.rows.num_rows)
        if parts:
            wanted[f"data-{block.name}"] = parts
    return _stored(sets, lost), wanted


def _add(sets: dict[str, Features], features: Features) -> None:
    """Add features, or contrasts of features that are there already."""
    known = sets.get(features.name)
    if known is not None and known is not features:
        features = replace(features, contrasts={**known.contrasts, **features.contrasts})
    sets[features.name] = features


def _stored(sets: dict[str, Features], lost: dict[str, dict[str, str]]) -> dict[str, Any]:
    texts: dict[str, str] = {}
    stored: dict[str, Any] = {}
    for name, features in sets.items():
        ids, names = (
            texts.setdefault(text, f"texts-{len(texts) + 1}")
            for text in (features.ids, features.names)
        )
        stored[name] = {"n": features.n, "ids": ids, "names": names, "level": features.level}
        stored[name] |= lost.get(name, {})
        stored |= {f"{name}-{place}": columns for place, columns in features.contrasts.items()}
    return stored | {name: text for text, name in texts.items()}


def _points(points: FeaturePoints) -> dict[str, Any]:
    return {"features": points.features.name, "place": points.place, "x": points.x, "y": points.y}


def _reach(reach: Reach, n_first: int) -> dict[str, Any]:
    return {
        "features": reach.features.name,
        "place": reach.place,
        "first": n_first,
        "positions": list(reach.positions),
        "columns": dict(reach.columns),
    }
