"""What reads a report: pure code over text, `configs/` and a folder of weights."""
