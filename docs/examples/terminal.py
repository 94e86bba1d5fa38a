"""A terminal: python terminal.py URL USERNAME PASSWORD STATE_FILE (needs python-socketio[client]).
Prints what it hears and reads commands, a JSON document a line: {"verb": "sign", "task": 7}.
Killed at any moment, it goes on where it stopped."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from uuid import uuid4

import requests
import socketio

url, username, password, file = sys.argv[1:]
state = {"cursor": {"epoch": "", "seq": 0}, "outbox": []}  # who has nothing gets a snapshot
state |= json.loads(Path(file).read_text()) if Path(file).exists() else {}
asked = {"username": username, "password": password, "device": "example"}
token = requests.post(f"{url}/api/v1/sessions", json=asked, timeout=30).json()["token"]
client, lock = socketio.Client(), RLock()
here = {"epoch": None, "early": {}}  # of the server, and what came before its turn


def keep(event, data, **changes):  # whole or not at all: beside it first, then in its place
    with lock:
        state.update(changes)
        Path(file + ".new").write_text(json.dumps(state))
        Path(file + ".new").replace(file)
        print(json.dumps({"event": event, "data": data}), flush=True)


def send(command):  # the same id is the same command, however often it comes
    def answered(answer):
        comes_again = answer.get("code") in {"database.down", "server.error"}
        left = [c for c in state["outbox"] if c["id"] != command["id"] or comes_again]
        keep("answer", answer, outbox=left)

    if "/terminal" in client.namespaces:
        client.emit("command", command, "/terminal", answered)


@client.on("*", namespace="/terminal")
def hear(event, data):  # each event has a thread of its own, so they may overtake each other
    with lock:
        if event == "ready":
            here.update(epoch=data["epoch"])
            keep(event, data)
            for command in state["outbox"]:
                send(command)
        elif event == "resync":  # hold data["snapshot"], and nothing of what was before
            keep(event, data, cursor={"epoch": data["epoch"], "seq": data["seq"]})
        else:
            here["early"][data["seq"]] = data
        while here["epoch"] == state["cursor"]["epoch"]:
            message = here["early"].pop(state["cursor"]["seq"] + 1, None)
            if message is None:
                break
            keep("message", message, cursor=state["cursor"] | {"seq": message["seq"]})
            client.emit("ack", {"seq": message["seq"]}, "/terminal")


def auth():  # asked at every connect
    return {"token": token, "device_time": datetime.now(UTC).isoformat(), **state["cursor"]}


client.connect(url, auth=auth, namespaces=["/terminal"], transports=["websocket"], retry=True)
for line in sys.stdin:
    said = {"id": str(uuid4()), "occurred_at": datetime.now(UTC).isoformat(), **json.loads(line)}
    keep("said", said, outbox=[*state["outbox"], said])  # kept before it is sent
    send(said)
client.wait()
