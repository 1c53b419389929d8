"""The token classifier that names figures."""
