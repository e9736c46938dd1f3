"""The outbox: a message is a file from the moment it is decided, and moves when it is sent. Nothing is told twice or forgotten.

`data/outbox/queue/<key>.json` waits, `data/outbox/sent/<key>.json` has gone. A kill between sending and moving sends once more, with
the same Message-ID.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from pipelines.archive.store import sync_folder, write_durably
from pipelines.notify.messages import Message
from pipelines.notify.senders import Sender, Undelivered


class Outbox:
    """One installation's messages. `folder` is `data/outbox`."""

    def __init__(self, folder: Path):
        self.queue, self.sent = folder / "queue", folder / "sent"

    def put(self, messages: Iterable[Message]) -> int:
        """Write down what was not written down before; returns how many."""
        return sum(self._put(message) for message in messages)

    def _put(self, message: Message) -> bool:
        name = f"{message.key}.json"
        if (self.queue / name).exists() or (self.sent / name).exists():
            return False
        write_durably(self.queue / name, json.dumps(message.public(), ensure_ascii=False).encode())
        return True

    def waiting(self) -> list[Message]:
        return [Message(**json.loads(place.read_text(encoding="utf-8"))) for place in sorted(self.queue.glob("*.json"))]

    def flush(self, sender: Sender) -> tuple[int, list[str]]:
        """Send what waits: how many went, and in Chinese why others did not. Those stay for the next time."""
        troubles, gone = [], 0
        for message in self.waiting():
            try:
                sender.send(message)
            except Undelivered as trouble:
                troubles.append(f"“{message.subject}”未能发给 {message.to}：{trouble}")
                continue
            self._move(message)
            gone += 1
        return gone, troubles

    def _move(self, message: Message) -> None:
        self.sent.mkdir(parents=True, exist_ok=True)
        (self.queue / f"{message.key}.json").replace(self.sent / f"{message.key}.json")
        sync_folder(self.sent)
