"""The documentation site: `make docs` writes it to build/docs, offline."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from flowspec.version import VERSION

project = "FlowSpec"
author = "the FlowSpec contributors"
version = release = VERSION
extensions = ["myst_parser", "sphinx_design", "flow_site"]
exclude_patterns = ["_ext"]
source_suffix = {".md": "markdown"}
nitpicky = True
smartquotes = False  # they would make one dash of the two of an option
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["config.cache"]  # settings of `flow_site` are functions

html_theme = "furo"
html_title = f"FlowSpec {VERSION}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
templates_path = []
pygments_style = "friendly"
pygments_dark_style = "monokai"
