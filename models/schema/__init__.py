"""The domain types; standard library only."""
