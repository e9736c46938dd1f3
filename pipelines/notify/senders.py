"""Senders: mail by SMTP where the environment names a server, else a file in the outbox that a person opens."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Protocol

from pipelines.archive.store import write_durably
from pipelines.intake import file_names
from pipelines.notify.contacts import NOBODY
from pipelines.notify.messages import Message
from pipelines.settings import Mail

SECONDS = 20.0


class Undelivered(Exception):
    """A message could not be handed over; it is tried again. The text is Chinese."""


class Sender(Protocol):
    """Hands one message over. Errors: `Undelivered`."""

    def send(self, message: Message) -> None: ...


class ToFile:
    """Writes each message as an `.eml` file that any mail program opens."""

    def __init__(self, folder: Path):
        self.folder = folder

    def send(self, message: Message) -> None:
        try:
            write_durably(self.folder / f"{message.key}.eml", written(message, "shequ@localhost").as_bytes())
        except OSError as error:
            raise Undelivered(f"写不进 {self.folder}（{error.strerror}）") from None


class BySmtp:
    """Hands messages to a mail server; those without an address become files."""

    def __init__(self, mail: Mail, instead: ToFile):
        self.mail, self.instead = mail, instead

    def send(self, message: Message) -> None:
        if message.to == NOBODY:
            return self.instead.send(message)
        try:
            with self._connected() as server:
                if self.mail.user:
                    server.login(self.mail.user, self.mail.password)
                server.send_message(written(message, self.mail.sender))
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(f"邮件服务器 {self.mail.host}:{self.mail.port}：{_said(error)}") from None

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.mail.security == "ssl":
            return smtplib.SMTP_SSL(self.mail.host, self.mail.port, timeout=SECONDS, context=context)
        server = smtplib.SMTP(self.mail.host, self.mail.port, timeout=SECONDS)
        if self.mail.security == "starttls":
            server.starttls(context=context)
        return server


def written(message: Message, sender: str) -> EmailMessage:
    """The message as mail. The key is its Message-ID: a copy sent twice is recognised."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = sender, file_names.shown(message.subject)
    mail["To"] = "undisclosed-recipients:;" if message.to == NOBODY else message.to
    mail["Message-ID"], mail["Date"] = f"<{message.key}@shequ>", formatdate()
    mail.set_content(message.body)
    return mail


def _said(error: Exception) -> str:
    return f"{type(error).__name__} {error}"[:200]
