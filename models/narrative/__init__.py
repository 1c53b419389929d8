"""Where the narrative is read: candidates, labels, values, units, scopes and worded zeros."""
