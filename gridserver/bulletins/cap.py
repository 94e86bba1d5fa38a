"""Messages of the Common Alerting Protocol 1.2 (OASIS Standard, July 2010): read and written, pure.

Only what a bulletin needs of it. A document with a DTD is refused before anything of it is read,
and with it every kind of entity.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

from gridserver.base.errors import Invalid

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"
#: Characters of a document: a bulletin has a few thousand.
LONGEST = 100_000
#: What the message is for. `System` and `Draft` are for machines among themselves.
STATUSES = ("Actual", "Exercise", "Test")
TYPES = ("Alert", "Update", "Cancel")

_SCOPES = ("Public", "Restricted", "Private")
_CATEGORIES = [
    "Geo",
    "Met",
    "Safety",
    "Security",
    "Rescue",
    "Fire",
    "Health",
    "Env",
    "Transport",
    "Infra",
    "CBRNE",
    "Other",
]
_DEGREES: Mapping[str, tuple[str, ...]] = {
    "urgency": ("Immediate", "Expected", "Future", "Past", "Unknown"),
    "severity": ("Extreme", "Severe", "Moderate", "Minor", "Unknown"),
    "certainty": ("Observed", "Likely", "Possible", "Unlikely", "Unknown"),
}
_NAME = re.compile(r"[^\s,<&]{1,200}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
#: What XML 1.0 can't hold.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Info:
    """What a message says, in one language.

    Attributes
    ----------
    parameters
        What CAP has no element for, by name.
    area, geocodes
        Where, in words; and pairs of the kind of code and the code.
    """

    category: str
    event: str
    description: str | None = None
    instruction: str | None = None
    expires: dt.datetime | None = None
    sender_name: str | None = None
    language: str = "zh-CN"
    urgency: str = "Unknown"
    severity: str = "Unknown"
    certainty: str = "Unknown"
    parameters: Mapping[str, str] = field(default_factory=lambda: _NONE)
    area: str | None = None
    geocodes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CapMessage:
    """A message. `references` are the names (`CapMessage.name`) of those before it."""

    identifier: str
    sender: str
    sent: dt.datetime
    status: str
    type: str
    references: tuple[str, ...] = ()
    info: Info | None = None

    @property
    def name(self) -> str:
        """By what later messages refer to it: ``sender,identifier,sent``."""
        return f"{self.sender},{self.identifier},{moment(self.sent)}"


def moment(at: dt.datetime) -> str:
    """Return a time as CAP has it: with seconds and its offset, UTC's as ``-00:00``."""
    said = at.replace(microsecond=0).isoformat()
    return said[:-6] + "-00:00" if said.endswith("+00:00") else said


# --- writing


def write(message: CapMessage, restriction: str) -> bytes:
    """Return a message for a restricted audience as XML."""
    ET.register_namespace("", NAMESPACE)
    alert = ET.Element(_tag("alert"))
    for name, text in (
        ("identifier", message.identifier),
        ("sender", message.sender),
        ("sent", moment(message.sent)),
        ("status", message.status),
        ("msgType", message.type),
        ("scope", "Restricted"),
        ("restriction", restriction),
        ("references", " ".join(message.references)),
    ):
        _add(alert, name, text)
    if message.info is not None:
        _add_info(ET.SubElement(alert, _tag("info")), message.info)
    return ET.tostring(alert, encoding="utf-8", xml_declaration=True)


def _add_info(parent: ET.Element, info: Info) -> None:
    for name in ("language", "category", "event", "urgency", "severity", "certainty"):
        _add(parent, name, getattr(info, name))
    _add(parent, "expires", moment(info.expires) if info.expires else None)
    _add(parent, "senderName", info.sender_name)
    _add(parent, "description", info.description)
    _add(parent, "instruction", info.instruction)
    for name, value in info.parameters.items():
        _add_pair(parent, "parameter", name, value)
    if info.area is not None:
        area = ET.SubElement(parent, _tag("area"))
        _add(area, "areaDesc", info.area)
        for name, value in info.geocodes:
            _add_pair(area, "geocode", name, value)


def _add(parent: ET.Element, name: str, text: str | None) -> None:
    if text:
        ET.SubElement(parent, _tag(name)).text = _NO_CHARACTER.sub(" ", text)


def _add_pair(parent: ET.Element, name: str, value_name: str, value: str) -> None:
    pair = ET.SubElement(parent, _tag(name))
    _add(pair, "valueName", value_name)
    _add(pair, "value", value)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


# --- reading


def read(document: str) -> CapMessage:
    """Read a message.

    Raises
    ------
    Invalid
        ``cap.too_long``; ``cap.not_xml``: no XML, or with a DTD; ``cap.not_cap``: of another
        standard or version; ``cap.element`` with `element`: it is missing, comes twice or holds
        what it may not; ``cap.status``, ``cap.type``: what no bulletin is made of.
    """
    alert = _parse(document)
    status = _word(alert, "status", (*STATUSES, "System", "Draft"))
    type_ = _word(alert, "msgType", (*TYPES, "Ack", "Error"))
    _word(alert, "scope", _SCOPES)
    if status not in STATUSES:
        raise _refused("cap.status", f"the status {status} is no bulletin's.", "status")
    if type_ not in TYPES:
        raise _refused("cap.type", f"a message of the type {type_} is no bulletin.", "msgType")
    infos = [_read_info(each) for each in alert.findall(_tag("info"))]
    if type_ != "Cancel" and not infos:
        raise _wrong("info", "there is none")
    return CapMessage(
        identifier=_name(alert, "identifier"),
        sender=_name(alert, "sender"),
        sent=_read_moment("sent", _text(alert, "sent")),
        status=status,
        type=type_,
        references=_references(alert, is_needed=type_ != "Alert"),
        info=min(infos, key=lambda info: not info.language.startswith("zh"), default=None),
    )


def _parse(document: str) -> ET.Element:
    if len(document) > LONGEST:
        raise _refused("cap.too_long", f"give a message of {LONGEST} characters at most.")
    try:
        root: ET.Element = SafeTree.fromstring(document, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError) as error:
        raise _refused("cap.not_xml", "give one XML document, without a DTD.") from error
    if root.tag != _tag("alert"):
        raise _refused("cap.not_cap", f"give an alert of {NAMESPACE}.")
    return root


def _read_info(element: ET.Element) -> Info:
    degrees = {name: _word(element, name, words) for name, words in _DEGREES.items()}
    categories = [each.text or "" for each in element.findall(_tag("category"))]
    if not categories or set(categories) - set(_CATEGORIES):
        raise _wrong("category", "give one of the standard's")
    area = element.find(_tag("area"))
    expires = _optional(element, "expires")
    return Info(
        category=categories[0],
        event=_text(element, "event"),
        description=_optional(element, "description"),
        instruction=_optional(element, "instruction"),
        expires=_read_moment("expires", expires) if expires else None,
        sender_name=_optional(element, "senderName"),
        language=_optional(element, "language") or "en-US",
        **degrees,
        parameters=dict(_pairs(element, "parameter")),
        area=None if area is None else _text(area, "areaDesc"),
        geocodes=() if area is None else tuple(_pairs(area, "geocode")),
    )


def _references(alert: ET.Element, *, is_needed: bool) -> tuple[str, ...]:
    names = []
    for name in (_optional(alert, "references") or "").split():
        *parts, sent = name.split(",")
        if len(parts) != 2 or not all(_NAME.fullmatch(part) for part in parts):
            raise _wrong("references", "give sender,identifier,sent of each")
        names.append(",".join((*parts, moment(_read_moment("references", sent)))))
    if is_needed and not names:
        raise _wrong("references", "say which message it is about")
    return tuple(names)


def _pairs(parent: ET.Element, name: str) -> list[tuple[str, str]]:
    return [
        (_text(each, "valueName"), _optional(each, "value") or "")
        for each in parent.findall(_tag(name))
    ]


def _name(parent: ET.Element, name: str) -> str:
    text = _text(parent, name)
    if not _NAME.fullmatch(text):
        raise _wrong(name, "give up to 200 characters without blanks and commas")
    return text


def _word(parent: ET.Element, name: str, words: tuple[str, ...]) -> str:
    text = _text(parent, name)
    if text not in words:
        raise _wrong(name, f"give one of {', '.join(words)}")
    return text


def _read_moment(name: str, text: str) -> dt.datetime:
    try:
        if _MOMENT.fullmatch(text):
            return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    raise _wrong(name, "give a time as 2026-03-10T09:30:00+08:00")


def _text(parent: ET.Element, name: str) -> str:
    text = _optional(parent, name)
    if not text:
        raise _wrong(name, "it is missing")
    return text


def _optional(parent: ET.Element, name: str) -> str | None:
    found = parent.findall(_tag(name))
    if len(found) > 1:
        raise _wrong(name, "it comes twice")
    return (found[0].text or "").strip() or None if found else None


def _wrong(element: str, said: str) -> Invalid:
    return Invalid(
        "cap.element", f"document: {element}: {said}.", field="document", element=element
    )


def _refused(code: str, said: str, element: str | None = None) -> Invalid:
    extra = {} if element is None else {"element": element}
    return Invalid(code, f"document: {said}", field="document", **extra)
