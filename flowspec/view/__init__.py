"""A page that shows a bundle: static files, with the model running in the browser."""
