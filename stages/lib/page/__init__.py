"""How results look: style, charts, figures, the sections of the page."""
