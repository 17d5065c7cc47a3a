"""A flow as a torch module, and the distribution it gives."""
