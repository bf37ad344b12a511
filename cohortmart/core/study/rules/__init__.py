"""Rules of study.yml; each fault with its place in the file."""
