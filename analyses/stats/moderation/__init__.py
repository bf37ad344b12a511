"""Empirical Bayes moderation: variance priors, moderated t and F, treat."""
