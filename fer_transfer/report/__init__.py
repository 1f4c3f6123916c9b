"""How results are shown: style, charts, figures, the sections of the page."""
