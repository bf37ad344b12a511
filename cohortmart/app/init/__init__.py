"""The first study.yml of a study: proposed from the files as they are, with reasons."""
