"""Page of the report. How its figures and tables are read.

A file beside this one is called after its page (`methylation_expression` for
`methylation-expression`) and has READING: what a kind of figure or table is called, and how it is
read, in the words person, people, timepoint and timepoints.
"""

from cohortmart.report.pages.help.page import help_page

__all__ = ["help_page"]
