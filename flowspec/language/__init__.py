"""Text to checked flow: parser, checker, and the messages of both."""
