"""The report as PDF, set from the same HTML."""

import io

from pypdfium2 import PdfDocument
from weasyprint import HTML, URLFetcher


def pdf_document(html: str) -> bytes:
    """A4 pages, tagged for screen readers (PDF/UA-1), with bookmarks from the headings.

    Only what the page carries within itself is fetched; any other address is an error.
    """
    fetcher = URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    written = io.BytesIO()
    HTML(string=html, url_fetcher=fetcher).write_pdf(written, pdf_variant="pdf/ua-1")
    return written.getvalue()


def first_page_picture(pdf: bytes, scale: int) -> bytes:
    """The first page of a PDF as PNG, `scale` × 72 dots per inch."""
    document = PdfDocument(pdf)
    try:
        picture = io.BytesIO()
        document[0].render(scale=scale).to_pil().save(picture, format="PNG", optimize=True)
        return picture.getvalue()
    finally:
        document.close()
