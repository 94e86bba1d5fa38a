"""A form as PDF: one Jinja template, its style, and WeasyPrint in a process of its own.

Laying out text is CPU work of a second or so, and what people wrote goes into it: it is done where
it can be killed, and never in the web process's loop. Nothing is fetched while it is laid out, from
no host and from no file: the style stands in the page.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from gis import killable
from gis.errors import BusyError, ProcessError
from gridserver.base.errors import Unavailable

_ROOM = "gridserver.journals"
SECONDS = 30.0
MEMORY_BYTES = 1 << 30


def pdf_of(page: dict[str, Any]) -> bytes:
    """Return the form that `forms.layout` laid out, as a PDF.

    Raises
    ------
    Unavailable
        ``record.not_printed``: it took too long or too much, or too many are being printed.
    """
    try:
        return killable.run(print_form, page, seconds=SECONDS, memory_bytes=MEMORY_BYTES)
    except (BusyError, ProcessError) as error:
        raise Unavailable(
            "record.not_printed",
            f"The form could not be printed ({error.code}); ask again in a moment.",
        ) from error


def html_of(page: dict[str, Any]) -> str:
    """Return the form as a page of HTML that needs nothing else."""
    environment = Environment(
        loader=PackageLoader(_ROOM),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = resources.files(_ROOM).joinpath("templates", "record.css").read_text("utf-8")
    return environment.get_template("record.html").render(page, style=style)


def print_form(page: dict[str, Any]) -> bytes:
    """Return the form as a PDF, for a process of its own."""
    return print_html(html_of(page))


def print_html(html: str) -> bytes:
    """Return a page as a PDF without fetching anything: what it names from elsewhere is left out.

    For a process of its own, which alone loads the library: that takes half a second.
    """
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    printed: bytes = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf()
    return printed
