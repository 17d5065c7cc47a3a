"""Programs for one bundle: a template for each language, filled with names, shapes and vectors."""
