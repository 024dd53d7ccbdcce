"""Every sentence the source says stands in the three catalogues with the very values it is given, and no other does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

import pytest
from ruamel.yaml import YAML

from deploylog.lifecycle import kind_code
from deploylog.messages import sentence_names
from deploylog.model import LANGUAGES, Kind

CHECKOUT = Path(__file__).parent.parent
HANDED_ON = {("registry_state.py", "problem.code")}
"""Where a sentence made elsewhere is only wrapped anew."""
EVENT_OUTCOMES = ("invited", "updated", "recorded", "withdrawn")
"""What `delivery.Outcome.what` says of events, for `history_…`."""


@dataclass(frozen=True)
class Use:
    """A place of the source that says a sentence, or one of several."""

    codes: tuple[str, ...]
    values: frozenset[str]
    where: str


def uses_of(path: Path) -> Iterator[Use]:
    """Every `Sentence.of(…)` of a module, through local names, and through functions that take its code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = _assignments(tree.body)
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))]:
        names = constants | _assignments(list(_own_nodes(scope)))
        parameters = [one.arg for one in scope.args.args] if isinstance(scope, ast.FunctionDef) else []
        for call in _own_nodes(scope):
            if not _is_sentence(call):
                continue
            code, where = call.args[0], f"{path.name}:{call.lineno}"
            if (path.name, ast.unparse(code)) in HANDED_ON:
                continue
            values = frozenset(one.arg for one in call.keywords if one.arg)
            if isinstance(code, ast.Name) and code.id in parameters:
                assert isinstance(scope, ast.FunctionDef)
                yield from _through(tree, scope, code.id, call, path.name)
            else:
                yield Use(tuple(_codes(code, names, where)), values, where)


def _through(tree: ast.Module, helper: ast.FunctionDef, parameter: str, made: ast.Call, module: str) -> Iterator[Use]:
    """The sentences of a helper such as `_of(code, names, column)`: one for each call of it."""
    own = frozenset(one.arg for one in made.keywords if one.arg)
    hands_on = any(one.arg is None for one in made.keywords)
    position = [one.arg for one in helper.args.args if one.arg != "self"].index(parameter)
    known = {one.arg for one in helper.args.args}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _name_of(call.func) == helper.name:
            given = frozenset(one.arg for one in call.keywords if one.arg and one.arg not in known)
            where = f"{module}:{call.lineno}"
            codes = tuple(_codes(call.args[position], {}, where))
            yield Use(codes, own | given if hands_on else own, where)


def _codes(code: ast.expr, names: dict[str, ast.expr], where: str) -> list[str]:
    match code:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return _codes(one, names, where) + _codes(other, names, where)
        case ast.Name(id=name) if name in names:
            return _codes(names[name], names, where)
        case ast.Call(func=ast.Name(id="kind_code")):
            return [kind_code(kind) for kind in Kind]
        case ast.JoinedStr(values=[ast.Constant(value="history_"), ast.FormattedValue()]):
            return [f"history_{what}" for what in EVENT_OUTCOMES]
    raise AssertionError(f"{where}: which sentence is {ast.unparse(code)}?")


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a scope, without those of functions within it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def _assignments(nodes: list[ast.AST] | list[ast.stmt]) -> dict[str, ast.expr]:
    return {
        node.targets[0].id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _is_sentence(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "Sentence.of"


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.fixture(scope="module")
def uses() -> list[Use]:
    package = CHECKOUT / "daemon" / "deploylog"
    return [use for path in sorted(package.rglob("*.py")) for use in uses_of(path)]


def said(uses: list[Use]) -> set[str]:
    return {code for use in uses for code in use.codes}


def catalogue(language: str) -> dict[str, str]:
    text = (CHECKOUT / "templates" / f"sentences.{language}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, str] = YAML(typ="safe").load(text)
    return loaded


def test_the_source_says_as_many_sentences_as_it_is_known_to(uses: list[Use]) -> None:
    """Guards the walk itself: were it to see nothing, everything below would hold."""
    assert len(said(uses)) > 80
    assert (("friday",), frozenset({"day"})) in {(use.codes, use.values) for use in uses}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_has_its_words_with_exactly_the_values_it_is_given(uses: list[Use], language: str) -> None:
    words = catalogue(language)
    missing = sorted(f"{use.where}: {code}" for use in uses for code in use.codes if code not in words)
    assert missing == []
    wrong = []
    for use in uses:
        # A place that says one of several sentences gives what any of them may need.
        named: frozenset[str] = frozenset().union(*(sentence_names(words[code]) for code in use.codes))
        if named != use.values:
            wrong.append(f"{use.where}: {use.codes} given {sorted(use.values)} and says {sorted(named)}")
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_catalogue_has_words_nobody_says(uses: list[Use], language: str) -> None:
    assert set(catalogue(language)) - said(uses) == set()


def test_the_walk_sees_a_missing_value_and_an_unknown_expression(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('def f(x):\n    code = "one" if x else "two"\n    return Sentence.of(code, day=1)\n')
    assert list(uses_of(module)) == [Use(("one", "two"), frozenset({"day"}), "module.py:3")]
    module.write_text("def f(x):\n    return Sentence.of(x.code)\n")
    with pytest.raises(AssertionError, match=r"module\.py:2: which sentence is x\.code"):
        list(uses_of(module))
