"""Annotated passages by hand and with Label Studio."""
