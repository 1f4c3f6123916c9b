"""How results are shown: charts, figures and the page."""
