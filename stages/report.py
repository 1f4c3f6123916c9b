"""Write the report: one self-contained page, which opens from disk without a network.

Reads   data/faces/, data/splits/<split>.npz      the faces that the page shows
        metrics/dataset.json, metrics/split/      what the data set holds
        metrics/study/, plots/study/              all results, and what they rest on
        metrics/weights, metrics/features         a file per variant that got so far
        metrics/calibration                       a file per run
        metrics/costs.json                        milliseconds per image, by backbone
        metrics/assess.json                       the classifiers that searches chose
        metrics/architectures.json                the layers of each backbone
        plots/examples/<run>.csv                  the probabilities of the example images
        requirements.lock                         the packages that draw it
Params  all
Writes  plots/report.html                         shows faces of FER2013: not for Git
Source  the paper, sections 5-7
"""

from pathlib import Path

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.report import html, page
from fer_transfer.settings.settings import load_settings


def main() -> None:
    template = html.environment().get_template("report.html")
    text = template.render(page.context(load_settings()))
    files.write_bytes(Path("plots/report.html"), text.encode())


if __name__ == "__main__":
    command.run(main)
