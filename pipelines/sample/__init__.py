"""Invented workbooks on the real roster, to try the whole path with (`shequ sample`)."""

from pipelines.sample.write_samples import WATERMARK, Sample, write_samples

__all__ = ["WATERMARK", "Sample", "write_samples"]
