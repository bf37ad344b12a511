"""Agents: the tools that a language model may use on a finished study."""
