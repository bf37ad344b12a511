"""Ground that every room stands on: study, schemas, lake, warehouse, errors, text."""
