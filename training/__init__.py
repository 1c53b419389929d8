"""Fitting and evaluating taggers on annotated passages."""
