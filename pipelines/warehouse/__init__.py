"""The DuckDB projection of the archive, its tables and its checks."""
