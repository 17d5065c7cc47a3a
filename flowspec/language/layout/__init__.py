"""The one canonical layout of a text: of its tokens and comments, whatever they mean."""
