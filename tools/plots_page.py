"""Make the page that `dvc plots` fills, so that it draws without a network.

Not a stage of dvc.yaml: `make install` runs it, because DVC's own page loads Vega from the
internet whenever it is opened (`python -m tools.plots_page`).

Writes  .dvc/plots/page.html  DVC's own frame, with Vega inside it
        .dvc/config.local     plots.html_template: where DVC finds it; where this never ran,
                              and so the page is not there, DVC takes its own
Source  DVC's documentation of `dvc plots show --html-template`
"""

from pathlib import Path

from dvc_render.html import PAGE_HTML

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.report import html
from tools.processes import dvc

PAGE = Path(".dvc/plots/page.html")

# The newest that reads the Vega-Lite 5 of DVC's templates and of those beside PAGE.
VEGA_LITE = "5.21"
STYLE = "<style>img {max-width: 100%}</style>"


def main() -> None:
    script = f"<script>{html.vega(VEGA_LITE)}</script>"
    files.write_bytes(PAGE, PAGE_HTML.replace("{scripts}", STYLE + script).encode())
    place = str(PAGE.relative_to(".dvc"))  # as DVC wants it
    dvc(Path(), "config", "--local", "plots.html_template", place)


if __name__ == "__main__":
    command.run(main)
