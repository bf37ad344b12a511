"""A small study whose every name could be read as code: by HTML, an address, SQL, a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

RUNS = "window.broken=1"
#: Each as it stands in the files; none holds a tab, a comma or a line break, which end a cell.
HOSTILE = (
    f"<img src=x onerror={RUNS}>",
    f"</script><script>{RUNS}</script>",
    f"\"'><svg onload={RUNS}>",
    f"javascript:{RUNS}",
    "//evil.example/x",
    "../..%2F..%2Fetc%2Fpasswd",
    "a&b=c#d?e=f",
    "\u202egnp.live\u2066",
    "x'; drop table dim_gene; --",
    "{{ 7 * 7 }}${7*7}{% raw %}",
    "L" + "o" * 498 + "ng",
    "=cmd|' /C calc'!A0",
    "O'Gène 🧬",
)
#: What no page of a pseudonymised study may show: a part of every person's and sample's name.
SECRET_PERSON, SECRET_SAMPLE = "Zarquon", "Qwertzuiop"
STUDY = f"</title><script>{RUNS}</script> & study"
CONTRASTS = {
    f"<img src=x onerror={RUNS}> change": "MS.3rd - MS.1st",
    f"javascript:{RUNS}": "HP.3rd - HP.1st",
    "difference //evil.example '; --": "MS.1st - HP.1st",
}
_PEOPLE, _TIMES, _GENES, _PROBES = 12, ("1st", "3rd"), 80, 120


def people() -> list[str]:
    """Names of the people."""
    return [f"{SECRET_PERSON}{i:02d} {HOSTILE[i % len(HOSTILE)][:60]}" for i in range(_PEOPLE)]


def samples() -> list[str]:
    """Names of the samples, two a person."""
    return [f"{SECRET_SAMPLE}{i:02d} {HOSTILE[i % len(HOSTILE)][:40]}" for i in range(2 * _PEOPLE)]


def genes() -> list[str]:
    """Names of the genes, the hostile ones first."""
    return [*HOSTILE, *(f"GENE{i}" for i in range(len(HOSTILE), _GENES))]


def sets() -> dict[str, list[str]]:
    """Genes of each gene set."""
    return {f"SET {name}": genes()[i : i + 20] for i, name in enumerate(HOSTILE)}


def write_hostile_study(folder: Path) -> Path:
    """Write raw files and study.yml; give back its path."""
    rng = np.random.default_rng(20230626)
    folder.mkdir(parents=True, exist_ok=True)
    later = np.tile([0.0, 1.0], _PEOPLE)
    ms = np.repeat(np.arange(_PEOPLE) % 2, 2)
    up = (np.arange(_GENES) < 20)[:, None] * (1 + ms) * later
    counts = rng.poisson(rng.lognormal(5, 1, (_GENES, 1)) * np.exp(up) * rng.lognormal(
        0, 0.1, (_GENES, 2 * _PEOPLE)))  # fmt: skip
    _matrix(folder / "counts.tsv", genes(), counts.astype(int))
    m = rng.normal(0, 2, (_PROBES, 1)) + rng.normal(0, 0.3, (_PROBES, 2 * _PEOPLE))
    m[:30] -= 1.5 * later * (1 + ms)
    _matrix(folder / "betas.tsv", _probes(), (1 / (1 + 2.0**-m)).round(4))
    npx = rng.normal(5, 1, (len(HOSTILE), 1)) + rng.normal(0, 0.3, (len(HOSTILE), 2 * _PEOPLE))
    _matrix(folder / "proteins.tsv", [f"PROT {name}" for name in HOSTILE], npx.round(3))
    linked = [f"{p},1,{1000 + 50 * i},{_quoted(genes()[i % 20])},TSS200,Island"
              for i, p in enumerate(_probes())]  # fmt: skip
    head = "IlmnID,CHR,MAPINFO,UCSC_RefGene_Name,UCSC_RefGene_Group,Relation_to_UCSC_CpG_Island"
    (folder / "manifest.csv").write_text("\n".join([head, *linked]) + "\n")
    lines = ["\t".join([name, "from a test", *members]) for name, members in sets().items()]
    (folder / "sets.gmt").write_text("\n".join(lines) + "\n")
    rows = [
        ",".join((_quoted(s), _quoted(people()[i // 2]), ("HP", "MS")[ms[i]], _TIMES[i % 2],
                  "AB"[i // 2 % 3 % 2]))
        for i, s in enumerate(samples())
    ]  # fmt: skip
    (folder / "samples.csv").write_text("\n".join(["sample,who,arm,visit,batch", *rows]) + "\n")
    analysis = {
        "model": {"means": ["group", "timepoint"], "block": "subject"},
        "contrasts": CONTRASTS,
    }
    study = {
        "study": STUDY,
        "samples": {"file": "samples.csv", "sample": "sample", "subject": "who", "group": "arm",
                    "timepoint": "visit", "factors": ["batch"]},
        "timepoints": list(_TIMES),
        "groups": ["HP", "MS"],
        "assays": {
            "rna": {"kind": "counts", "files": ["counts.tsv"]},
            "methylation": {"kind": "beta", "files": ["betas.tsv"], "platform": "EPIC"},
            "proteins": {"kind": "continuous", "files": ["proteins.tsv"], "unit": "NPX"},
        },
        "reference": {"manifest": "manifest.csv", "gene_sets": ["sets.gmt"]},
        "analyses": {
            "rna": {"assay": "rna", "values": "voom", **analysis,
                    "enrichment": {"permutations": 100, "minimum_size": 5}},
            "betas": {"assay": "methylation", "values": "m_value", **analysis,
                      "dmp_deg": {"expression": "rna"}},
            "npx": {"assay": "proteins", "values": "measured", **analysis},
        },
    }  # fmt: skip
    path = folder / "study.yml"
    path.write_text(yaml.safe_dump(study, sort_keys=False, allow_unicode=True))
    return path


def _probes() -> list[str]:
    return [f"cg{i:08d}" for i in range(_PROBES)]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _matrix(path: Path, features: list[str], values: np.ndarray) -> None:
    lines = ["\t".join(["id", *map(_quoted, samples())])]
    lines += ["\t".join([_quoted(f), *map(str, row)])
              for f, row in zip(features, values.tolist(), strict=True)]  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
