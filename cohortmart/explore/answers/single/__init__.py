"""Single features: what every page of a gene, a CpG or a measure shows of one."""
