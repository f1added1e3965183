"""Names under which reads are known to the pipeline and to its files."""

import hashlib
import re


def resource_name(origin: str) -> str:
    """The name of a read as a pipeline may have it: letters, digits and _; the same for the same origin, ever."""
    plain = re.sub(r"\W", "_", origin.lower(), flags=re.ASCII).strip("_")
    if plain == origin:
        return plain
    return f"{plain[:40]}_{hashlib.sha256(origin.encode()).hexdigest()[:8]}"
