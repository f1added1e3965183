"""A mailbox on loopback that speaks as much of IMAP (RFC 3501) as a reader needs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


@dataclass
class Mailbox:
    """Letters by their numbers; `commands` is what was asked."""

    letters: dict[int, bytes]
    password: str
    validity: int = 7
    commands: list[str] = field(default_factory=list)
    port: int = 0

    @contextmanager
    def running(self) -> Iterator["Mailbox"]:
        box = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK ready\r\n")
                while line := self.rfile.readline().decode().strip():
                    tag, _, command = line.partition(" ")
                    box.commands.append(command)
                    done = self._answer(command)
                    self.wfile.write(f"{tag} {done}\r\n".encode())
                    if command == "LOGOUT":
                        return

            def _answer(self, command: str) -> str:
                word = command.split(maxsplit=1)[0].upper()
                if word == "CAPABILITY":
                    self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
                elif word == "LOGIN" and box.password not in command:
                    return "NO [AUTHENTICATIONFAILED] Invalid credentials"
                elif word == "EXAMINE" and "INBOX" not in command:
                    return "NO no such folder"
                elif word == "EXAMINE":
                    self.wfile.write(f"* {len(box.letters)} EXISTS\r\n* OK [UIDVALIDITY {box.validity}]\r\n".encode())
                    return "OK [READ-ONLY] done"
                elif command.startswith("UID SEARCH"):
                    self._search(int(re.findall(r"UID (\d+):\*", command)[0]))
                elif command.startswith("UID FETCH"):
                    number = int(command.split()[2])
                    raw = box.letters[number]
                    self.wfile.write(f"* 1 FETCH (UID {number} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
                return "OK done"

            def _search(self, first: int) -> None:
                # As the standard has it: the last letter fits `n:*` always.
                fit = [number for number in box.letters if number >= first] or [max(box.letters)]
                self.wfile.write(f"* SEARCH {' '.join(map(str, fit))}\r\n".encode())

        with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            box.port = server.server_address[1]
            Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield box
            server.shutdown()
