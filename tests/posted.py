"""Which types of messages and feed entries the source posts, read from its syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.processes import ROOT

#: What posts, and at which place it takes the type.
MESSAGE, FEED = {"Message": 1, "Broadcast": 1}, {"append_feed": 1}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def types(posting: dict[str, int]) -> set[str]:
    """Return every type that some call of `posting` in gridserver can carry.

    Raises `LookupError` for a call whose type can't be read from its module.
    """
    sources = sorted((ROOT / "gridserver").rglob("*.py"))
    return {type_ for path in sources for type_ in _Module(path, posting).types()}


class _Module:
    """A module's calls that post, its own functions that pass a type on among them."""

    def __init__(self, path: Path, posting: dict[str, int]) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text("utf-8"))
        self.posting = dict(posting)
        self.functions = [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    def types(self) -> set[str]:
        found: set[str] = set()
        known = 0
        while known < len(self.posting):
            known = len(self.posting)
            found = {type_ for function in self.functions for type_ in self._of(function)}
        return found

    def _of(self, function: Function) -> Iterator[str]:
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and (name := _called(node)) in self.posting:
                yield from self._read(_type_of(node, self.posting[name]), function)

    def _read(self, node: ast.expr, function: Function) -> Iterator[str]:
        match node:
            case ast.Constant(value=str(type_)):
                yield type_
            case ast.IfExp(body=one, orelse=other):
                yield from self._read(one, function)
                yield from self._read(other, function)
            case ast.Subscript(value=ast.Name(id=table)):
                yield from self._read(self._assigned(table, self.tree), function)
            case ast.Dict(values=values):
                for value in values:
                    yield from self._read(value, function)
            case ast.Name(id=name) if name in (given := [a.arg for a in function.args.args]):
                self.posting[function.name] = given.index(name)
            case ast.Name(id=name):
                yield from self._read(self._assigned(name, function), function)
            case _:
                raise LookupError(f"{self.path}:{node.lineno}: name the type where it is posted")

    def _assigned(self, name: str, within: ast.AST) -> ast.expr:
        for node in ast.walk(within):
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                    return value
                case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if (
                    target == name
                ):
                    return value
        raise LookupError(f"{self.path}: where does {name} come from?")


def _type_of(call: ast.Call, place: int) -> ast.expr:
    by_name = [keyword.value for keyword in call.keywords if keyword.arg in ("type", "type_")]
    return by_name[0] if by_name else call.args[place]


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
