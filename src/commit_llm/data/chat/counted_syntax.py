"""Rewrite a template so that all that may cost much is a call, which its environment has paid for."""

from typing import Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from commit_llm.data.chat.work_budget import RenderingError


class Counting(NodeTransformer):
    """Rewrite a template so that loops, comparisons, slices, lists and ~ are calls that are paid for."""

    def visit_For(self, node: nodes.For) -> nodes.For:
        if node.recursive:
            raise RenderingError("it has a recursive loop, which a template may not")
        self.generic_visit(node)
        node.iter = _call("steps", node.iter)
        return node

    def refuse(self, node: nodes.Node) -> nodes.Node:
        """Raise RenderingError: there is no other file to take anything from."""
        raise RenderingError("it takes something from another file, which a template may not")

    visit_Import = visit_FromImport = visit_Include = visit_Extends = refuse

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:
        self.generic_visit(node)
        return node if node.ctx == "store" else _call("seen", node)

    def visit_List(self, node: nodes.List) -> nodes.Expr:
        self.generic_visit(node)
        return _call("seen", node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Expr:
        self.generic_visit(node)
        return _call("seen", node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:
        self.generic_visit(node)
        return _call("concatenated", *node.nodes)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:
        self.generic_visit(node)
        node.expr = _seen(node.expr)
        for operand in node.ops:
            operand.expr = _seen(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Getitem:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _seen(node.node)
        return node


def _seen(expression: nodes.Expr) -> nodes.Expr:
    return expression if isinstance(expression, nodes.Const) else _call("seen", expression)


def _call(name: str, *args: Any) -> nodes.Call:
    place = args[0].lineno
    return nodes.Call(nodes.EnvironmentAttribute(name, lineno=place), [*args], [], None, None, lineno=place)


class Generation(Extension):
    """Read `{% generation %}`, which some templates have around what a model writes: its body is rendered."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        place = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=place)
