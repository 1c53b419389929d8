"""Bytes of one format to a decoded `Source`; a module with `SUFFIXES` and `read` is a reader."""
