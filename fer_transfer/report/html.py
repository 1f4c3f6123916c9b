"""Fill the report's template: numbers in figures, images and scripts as text."""

import base64
import io
from functools import cache
from pathlib import Path

import jinja2
import numpy as np
import vl_convert
from markupsafe import Markup
from PIL import Image

TEMPLATES = Path(__file__).with_name("templates")

# The newest Vega-Lite of vl-convert that reads what this Altair writes.
VEGA_LITE = "6.4"

NOTHING = Markup('<span class="nothing" aria-label="no value">–</span>')


def environment() -> jinja2.Environment:
    """Return what fills the templates; a name that the context lacks is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        lstrip_blocks=True,
    )
    filters = number, percent, count, face
    made.filters |= {function.__name__: function for function in filters}
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    return made


@cache
def vega(version: str = VEGA_LITE) -> Markup:
    """Return Vega, Vega-Lite and vega-embed as one script that needs no network."""
    script = vl_convert.javascript_bundle(
        "window.vegaEmbed = vegaEmbed;", vl_version=version
    )
    return Markup(script.replace("</script", r"<\/script"))


def number(value: float | None, digits: int, sign: str = "") -> Markup:
    """Write a number, its exact value beside it for whoever reads the page by machine.

    >>> number(-0.25, 1)
    Markup('<data value="-0.25">−0.2</data>')
    """
    return _data(value, f"{value or 0:{sign}.{digits}f}")


def percent(value: float | None) -> Markup:
    """Write a share in per cent.

    >>> percent(0.5942)
    Markup('<data value="0.5942">59.4%</data>')
    """
    return _data(value, f"{100 * (value or 0):.1f}%")


def count(value: float | None) -> Markup:
    """Write how many, with thousands set apart."""
    return _data(value, f"{value or 0:,.10g}")


def face(pixels: np.ndarray) -> str:
    """Return a grey image (48, 48) as the address of a PNG that holds it."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _data(value: float | None, text: str) -> Markup:
    if value is None:
        return NOTHING
    return Markup('<data value="{}">{}</data>').format(value, text.replace("-", "−"))
