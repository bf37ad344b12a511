"""Raw files of a synthetic study whose truth is known."""

from cohortmart.app.demo.scale import SCALES
from cohortmart.app.demo.write import write_demo

__all__ = ["SCALES", "write_demo"]
