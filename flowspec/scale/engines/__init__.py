"""What runs tasks in many processes: a module each, with a function `run`."""
