"""Page of the report. Samples, filters, components, batches."""

from cohortmart.report.pages.quality.page import quality_page

__all__ = ["quality_page"]
