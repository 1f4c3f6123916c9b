"""Fill the report's template: numbers in figures, images and scripts as text."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import vl_convert
from markupsafe import Markup
from PIL import Image

TEMPLATES = Path(__file__).with_name("templates")

# The newest Vega-Lite of vl-convert that reads what this Altair writes.
VEGA_LITE = "6.4"

NOTHING = Markup('<span class="nothing" aria-label="no value">–</span>')


def render(context: dict[str, Any]) -> str:
    """Fill the page of the study."""
    return environment().get_template("report.html").render(context)


def environment(*folders: Path, trim_blocks: bool = False) -> jinja2.Environment:
    """Return what fills templates of these folders, which may include those of this one.

    A name that a template asks for and the context lacks is an error.
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        lstrip_blocks=True,
        trim_blocks=trim_blocks,
    )
    made.filters |= {
        "number": number,
        "signed": signed,
        "percent": percent,
        "count": count,
        "face": face,
    }
    return made


def vega(version: str = VEGA_LITE) -> Markup:
    """Return Vega, Vega-Lite and vega-embed as one script that needs no network."""
    script = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed;", vl_version=version
    )
    return Markup(script.replace("</script", r"<\/script"))


def specs(charts: dict[str, Any]) -> Markup:
    """Return charts by id as JSON that can stand inside a script element."""
    text = json.dumps(charts, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", r"\u003c"))


def number(value: float | None, digits: int) -> Markup:
    """Write a number, its exact value beside it for whoever reads the page by machine.

    >>> number(-0.25, 1)
    Markup('<data value="-0.25">−0.2</data>')
    """
    return _data(value, "" if value is None else _digits(value, f".{digits}"))


def signed(value: float | None, digits: int) -> Markup:
    """Write a difference, with its sign."""
    return _data(value, "" if value is None else _digits(value, f"+.{digits}"))


def percent(value: float | None) -> Markup:
    """Write a share in per cent.

    >>> percent(0.5942)
    Markup('<data value="0.5942">59.4%</data>')
    """
    return _data(value, "" if value is None else f"{100 * value:.1f}%")


def count(value: float | None) -> Markup:
    """Write how many, with thousands set apart."""
    return _data(value, "" if value is None else f"{value:,.10g}")


def face(pixels: np.ndarray) -> str:
    """Return a grey image (48, 48) as the address of a PNG that holds it."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _digits(value: float, form: str) -> str:
    """Write a number in `form`, or in powers of ten where nothing but its sign is left."""
    text = f"{value:{form}f}"
    vanished = value and not text.strip("+-0.")
    return f"{value:{form[0] if form[0] == '+' else ''}.0e}" if vanished else text


def _data(value: float | None, text: str) -> Markup:
    if value is None:
        return NOTHING
    return Markup('<data value="{}">{}</data>').format(value, text.replace("-", "−"))
