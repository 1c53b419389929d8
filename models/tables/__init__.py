"""Where the statutory tables are aligned to their form."""
