"""Where the work is done; a module with `run(batches, model=, device=, workers=)` is an engine."""
