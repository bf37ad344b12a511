"""`cohortmart check`: what a study can answer, from its headers and sample sheet alone."""
