"""Data only: statistics, forms, and settings. Says where it is."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent
