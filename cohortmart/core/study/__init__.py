"""study.yml as typed records, and the rules between them."""
