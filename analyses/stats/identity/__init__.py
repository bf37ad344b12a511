"""Identity: whose each sample is, by genotypes, by sex, by what is bound to a person."""
