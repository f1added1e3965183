"""What people write after options, as numbers."""

from septima.schema import SeptimaError


def share_of(given: str, option: str) -> float:
    """The share that a person wrote as `5%`, `5 %`, `5,5%` or `0.05`; SeptimaError names the forms."""
    text = given.strip().replace(",", ".").replace("\u00a0", "")
    try:
        return float(text.removesuffix("%").strip()) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise SeptimaError(f"{option} {given!r} is no share; write it as 5% or 0.05") from None
