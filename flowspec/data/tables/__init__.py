"""Tables: CSV, Parquet and NumPy files, read and written."""
