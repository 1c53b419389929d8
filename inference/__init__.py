"""Batch inference: inputs to tables and pages, on whichever engine."""
