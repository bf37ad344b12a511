"""Gene sets and a network as the lake has them."""

from __future__ import annotations

#: Collection, set, description, genes; two collections have a set of the same name.
SETS: list[tuple[str, str, str | None, list[str]]] = [
    ("gene_lists", "hormone targets", None, ["ESR1", "PGR"]),
    ("go_bp", "GO:1", "it's T cell activation", ["CD28", "IL2", "ZAP70"]),
    ("go_bp", "hormone targets", None, ["ESR1"]),
]
EDGES = [("CD28", "ZAP70"), ("ESR1", "PGR"), ("IL2", "il2")]


def gene_set_rows() -> dict[str, list[dict[str, object]]]:
    """Give the rows of the lake's tables `gene_set` and `network_edge`."""
    return {
        "gene_set": [
            {"collection": c, "gene_set": s, "description": d, "gene_name": g}
            for c, s, d, genes in SETS
            for g in genes
        ],
        "network_edge": [{"gene_a": a, "gene_b": b} for a, b in EDGES],
    }
