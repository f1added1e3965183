"""Addresses as QR codes, for the screen and for print."""

import io

from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathImage
from qrcode.main import QRCode

_BOX_PIXELS = 20
"""Of one module in PNG: the code of a short address is some 700 pixels wide, 6 cm at 300 dpi."""


def qr_svg(address: str) -> bytes:
    """The address as a QR code in SVG, of level M: 15 % of it may be lost."""
    code = QRCode(error_correction=ERROR_CORRECT_M, image_factory=SvgPathImage)
    code.add_data(address)
    return code.make_image().to_string(encoding="utf-8")


def qr_png(address: str) -> bytes:
    """The same in PNG."""
    code = QRCode(error_correction=ERROR_CORRECT_M, image_factory=PilImage, box_size=_BOX_PIXELS)
    code.add_data(address)
    drawn = io.BytesIO()
    code.make_image().save(drawn, "PNG")
    return drawn.getvalue()
