"""Overlap of two assays by the genes of their features."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from analyses.overlap.shared_features import Slot, shared_features


def test_features_of_two_assays_are_the_same_by_their_gene() -> None:
    """Two proteins of one gene count once; what has no gene counts not at all."""
    con = duckdb.connect()
    genes = {
        "rna": {"E1": "IL6", "E2": "TNF", "E3": "CRP", "E4": "LEP", "E5": None},
        "npx": {"P1": "IL6", "P2": "IL6", "P3": "TNF", "P4": None, "P5": "CRP"},
    }
    listed = {
        "r": {"E1": "up", "E2": "down", "E4": "up"},
        "p": {"P2": "up", "P3": "up", "P4": "up"},
    }
    assays = {"r": "rna", "p": "npx"}
    result = [
        {"analysis": a, "contrast": "x", "feature_id": f, "p_value": 0.1}
        for a, assay in assays.items()
        for f in genes[assay]
    ]
    found = [
        {"analysis": a, "contrast": "x", "feature_id": f, "direction": d}
        for a, of in listed.items()
        for f, d in of.items()
    ]
    named = [
        {"assay": assay, "feature_id": f, "gene_name": g}
        for assay, of in genes.items()
        for f, g in of.items()
    ]
    for name, rows in (("new_contrast_result", result), ("new_found", found)):
        con.register(name, pa.Table.from_pylist(rows))
    con.register("feature_gene", pa.Table.from_pylist(named))
    counts = shared_features(con, [Slot("r", "x")], [Slot("p", "x")], assays)
    assert counts.universe.tolist() == [3]  # IL6, TNF, CRP
    assert counts.first["any"].tolist() == [2]
    assert counts.second["any"].tolist() == [2]
    assert counts.both["any", "any"].tolist() == [2]
    assert counts.both["up", "up"].tolist() == [1]
    assert counts.both["down", "up"].tolist() == [1]
    by_id = shared_features(con, [Slot("r", "x")], [Slot("p", "x")])
    assert by_id.universe.tolist() == [0]
