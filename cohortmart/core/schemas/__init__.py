"""Schemas of the tables that pass between the rooms."""
