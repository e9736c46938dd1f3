"""Senders: mail by SMTP where the environment names a server, else a file in the outbox that a person opens."""

import base64
import mimetypes
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Protocol

from pipelines.archive.store import write_durably
from pipelines.intake import file_names
from pipelines.notify.contacts import NOBODY
from pipelines.notify.messages import Message
from pipelines.settings import Mail

# for one answer of a server
SECONDS = 10.0


class Undelivered(Exception):
    """A message could not be handed over and is tried again. `server`: the server takes nothing now, whoever a message is for."""

    def __init__(self, why: str, server: str | None = None):
        super().__init__(why)
        self.server = server


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
    """Sends over one connection to a mail server, opened with the first message; what has no address becomes a file. A context manager."""

    def __init__(self, mail: Mail, instead: ToFile):
        self.mail, self.instead = mail, instead
        self.seconds = SECONDS
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> "BySmtp":
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            with suppress(OSError, smtplib.SMTPException):
                self._server.quit()
        self._server = None

    def send(self, message: Message) -> None:
        if message.to == NOBODY:
            return self.instead.send(message)
        where = f"邮件服务器 {self.mail.host}:{self.mail.port}"
        try:
            self._hand_over(written(message, self.mail.sender))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            raise Undelivered(f"{where}：{_said(error)}") from None
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Undelivered(f"{where}：{_said(error)}", "邮件服务器") from None

    def _hand_over(self, mail: EmailMessage) -> None:
        """Over the connection that is open; a server may have closed it: then retry over a new one."""
        if self._server:
            try:
                self._server.send_message(mail)
                return
            except smtplib.SMTPServerDisconnected:
                self._drop()
        self._server = self._connected()
        if self.mail.user:
            self._server.login(self.mail.user, self.mail.password)
        self._server.send_message(mail)

    def _drop(self) -> None:
        if self._server:
            self._server.close()
        self._server = None

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.mail.security == "ssl":
            return smtplib.SMTP_SSL(self.mail.host, self.mail.port, timeout=self.seconds, context=context)
        server = smtplib.SMTP(self.mail.host, self.mail.port, timeout=self.seconds)
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
    for name, content in message.files.items():
        kind, _, part = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(base64.b64decode(content), maintype=kind, subtype=part, filename=file_names.shown(name))
    return mail


def _said(error: Exception) -> str:
    return f"{type(error).__name__} {error}"[:200]
