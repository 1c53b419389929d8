"""Tests, planted truth and the benchmark of table alignment."""
