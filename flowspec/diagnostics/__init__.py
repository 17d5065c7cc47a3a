"""Source text, places in it, and mistakes as data: collected, raised together, rendered last."""
