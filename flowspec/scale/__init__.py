"""Tables larger than a machine should hold: sampled and scored file by file, by many workers."""
