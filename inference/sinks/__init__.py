"""Where rows go: Parquet tables and HTML pages."""
