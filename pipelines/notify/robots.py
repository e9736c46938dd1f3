"""Messages to 企业微信 and 钉钉 robots and plain webhooks: counts and a link. The outbox keeps their limit of 20 a minute."""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request

from pipelines.notify.contacts import Robot
from pipelines.notify.messages import Message
from pipelines.notify.senders import SECONDS, Undelivered

# 钉钉 robots that ask for a keyword find it in every message
KEYWORD = "社区治理"
# 企业微信 takes 2048 bytes
_LONGEST = 600


def send(robot: Robot, message: Message, seconds: float = SECONDS) -> None:
    """Hand one message over. Errors: `Undelivered`, without the robot's address, which is a secret."""
    body, headers = _body(robot, message), {"Content-Type": "application/json; charset=utf-8"}
    if robot.kind == "webhook" and robot.secret:
        headers["X-Shequ-Signature"] = hmac.new(robot.secret.encode(), body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(_address(robot), body, headers)  # noqa: S310 the operator's own choice
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 http and https only (contacts)
            said = answer.read(10_000)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise Undelivered(f"{robot.kind}机器人“{robot.name}”：{str(reason)[:200]}") from None
    if robot.kind != "webhook":
        _accepted(robot, said)


def _body(robot: Robot, message: Message) -> bytes:
    text = "\n".join(filter(None, (f"【{KEYWORD}】{message.brief}", message.link)))[:_LONGEST]
    payload: dict[str, object]
    if robot.kind == "webhook":
        payload = {"key": message.key, "kind": message.kind, "text": message.brief[:_LONGEST], "link": message.link}
    else:
        payload = {"msgtype": "text", "text": {"content": text}}
    return json.dumps(payload, ensure_ascii=False).encode()


def _address(robot: Robot) -> str:
    """钉钉 takes a signed address: base64(HMAC-SHA256(secret, "<ms>\\n<secret>"))."""
    if robot.kind != "钉钉" or not robot.secret:
        return robot.url
    moment = str(round(time.time() * 1000))
    digest = hmac.new(robot.secret.encode(), f"{moment}\n{robot.secret}".encode(), hashlib.sha256).digest()
    signed = urllib.parse.urlencode({"timestamp": moment, "sign": base64.b64encode(digest).decode()})
    return f"{robot.url}{'&' if '?' in robot.url else '?'}{signed}"


def _accepted(robot: Robot, said: bytes) -> None:
    """Errors: `Undelivered`. Both services always answer 200 and report failure in `errcode`."""
    try:
        answer = json.loads(said)
        code, text = answer["errcode"], answer.get("errmsg", "")
    except (ValueError, KeyError, TypeError):
        raise Undelivered(f"{robot.kind}机器人“{robot.name}”：答复认不出") from None
    if code != 0:
        raise Undelivered(f"{robot.kind}机器人“{robot.name}”：{code} {text}"[:200])
