"""How much the files of a form may hold, wherever a page does not receive them in a way of its own."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MOST_BYTES = 8 * 2**20


class BoundedUpload(FileUploadHandler):
    """Ends a request whose files grow past `MOST_BYTES`: the form is read before anybody knows who sends it."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand a piece on to those who keep it; RequestDataTooBig, which is answered by 400, past the bound."""
        self.received += len(raw_data)
        if self.received > MOST_BYTES:
            raise RequestDataTooBig(f"the files of a form may hold {MOST_BYTES} bytes at most")
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to those who keep it."""
