"""docs/sdk.md: everything that `vault.client` exports, as its docstrings and signatures tell it.

Signatures are shown as they are written, so that every version of Python makes the same page.
"""

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import vault.client

HEAD = """<!-- Made by scripts/docs --write from the docstrings of vault.client. Edit those. -->

# The SDK

Everything below is imported from `vault.client`; what is not on this page is internal and may change. Whatever an
object returns was verified first. A name that begins with `Async` is the same, to be awaited; where its members are the
same, they are told once.
"""
_SPOKEN = ("__getitem__", "__iter__", "__len__", "__contains__", "__call__")
"""Methods that are called by a sign and belong to what an object can do."""


def render_sdk() -> str:
    """The whole page."""
    exported = {name: getattr(vault.client, name) for name in sorted(vault.client.__all__, key=str.casefold)}
    classes = {name: each for name, each in exported.items() if inspect.isclass(each) and not _is_error(each)}
    errors = {name: each for name, each in exported.items() if inspect.isclass(each) and _is_error(each)}
    twins = {name for name in classes if _is_twin(name, classes)}
    parts = [HEAD]
    for name, each in classes.items():
        if name not in twins:
            parts += _render_class(name, each, f"Async{name}" if f"Async{name}" in twins else None)
    for name, each in exported.items():
        if isinstance(each, ModuleType):
            parts += _render_module(name, each)
        elif isinstance(each, FunctionType):
            parts += [f"## `{name}`\n", _signature(name, each), _text(each)]
        elif name not in classes and name not in errors:
            parts += [f"## `{name}`\n", f"```python\n{name} = {each}\n```\n"]
    parts += ["## Errors\n", *(_render_error(name, each) for name, each in errors.items())]
    return "\n".join(parts).rstrip() + "\n"


def _is_error(cls: type) -> bool:
    return issubclass(cls, BaseException)


def _is_twin(name: str, classes: dict[str, type]) -> bool:
    other = classes.get(name.removeprefix("Async"))
    return name.startswith("Async") and other is not None and _public(classes[name]).keys() == _public(other).keys()


def _render_class(name: str, cls: type, twin: str | None) -> Iterator[str]:
    yield f"## `{name}`\n"
    yield _text(cls)
    if twin is not None:
        yield f"`{twin}` has the same members, to be awaited.\n"
    if dataclasses.is_dataclass(cls):
        fields = [f"{each.name}: {_annotation(cls, each.name)}" for each in dataclasses.fields(cls)]
        shown = "\n".join(line for line in fields if not line.startswith("_"))
        if shown:
            yield f"```python\n{shown}\n```\n"
    for member, value in _public(cls).items():
        yield f"### `{name}.{member}`\n"
        yield _signature(member, value)
        yield _text(value)


def _render_module(name: str, module: ModuleType) -> Iterator[str]:
    yield f"## `{name}`\n"
    yield _text(module)
    for member, value in vars(module).items():
        if isinstance(value, FunctionType) and value.__module__ == module.__name__ and not member.startswith("_"):
            yield f"### `{name}.{member}`\n"
            yield _signature(member, value)
            yield _text(value)


def _render_error(name: str, cls: type) -> str:
    bases = [base.__name__ for base in cls.__mro__[1:] if base.__module__.startswith("vault.")]
    above = f"\nIs a {', a '.join(f'`{base}`' for base in bases)}.\n" if bases else ""
    return f"### `{name}`\n\n{_text(cls)}{above}"


def _public(cls: type) -> dict[str, Any]:
    """Methods and properties in the order of the source, those of bases last."""
    found: dict[str, Any] = {}
    for each in cls.__mro__:
        if each.__module__.startswith("vault."):
            for name, value in vars(each).items():
                function = _function(value)
                if function is not None and (not name.startswith("_") or (name in _SPOKEN and function.__doc__)):
                    found.setdefault(name, value)
    return found


def _function(member: object) -> FunctionType | None:
    """What a method, a property, a class method or a static method is made of."""
    if isinstance(member, property):
        member = member.fget
    elif isinstance(member, classmethod | staticmethod):
        member = member.__func__
    return member if isinstance(member, FunctionType) and member.__module__.startswith("vault.") else None


def _signature(name: str, member: object) -> str:
    function = _function(member)
    assert function is not None
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    returns = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
    if isinstance(member, property):
        return f"```python\n{name}{returns.replace(' ->', ':')}\n```\n"
    arguments = node.args
    if not isinstance(member, FunctionType | staticmethod) or (arguments.args and arguments.args[0].arg == "self"):
        arguments.args = arguments.args[1:]
    spelled = [_spaced(part.strip()) for part in _split(ast.unparse(arguments))]
    line = f"{name}({', '.join(spelled)}){returns}"
    if len(line) > 100:
        line = f"{name}(\n" + "".join(f"    {part},\n" for part in spelled) + f"){returns}"
    return f"```python\n{line}\n```\n"


def _split(arguments: str) -> list[str]:
    """The arguments one by one; a comma inside brackets separates nothing."""
    parts, depth = [""], 0
    for character in arguments:
        depth += {"[": 1, "(": 1, "{": 1, "]": -1, ")": -1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


def _spaced(argument: str) -> str:
    """With spaces around the `=` of an annotated default, which `ast` leaves out."""
    name, annotated, rest = argument.partition(": ")
    return argument if not annotated else f"{name}: {re.sub(r'=', ' = ', rest, count=1)}"


def _annotation(cls: type, name: str) -> str:
    for each in cls.__mro__:
        if each.__module__.startswith("vault."):
            node = ast.parse(textwrap.dedent(inspect.getsource(each))).body[0]
            assert isinstance(node, ast.ClassDef)
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id == name:
                    return ast.unparse(line.annotation)
    raise AssertionError(f"expected the field {name} in the source of {cls.__name__}")


def _text(documented: object) -> str:
    """The docstring, where the source has one."""
    text = inspect.getdoc(_function(documented) or documented) or ""
    return f"{text}\n"
