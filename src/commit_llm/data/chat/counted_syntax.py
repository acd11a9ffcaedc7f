"""Rewrite a template so that all that may cost much is a call, which its environment has paid for."""

from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from commit_llm.data.chat.work_budget import MOST_TOKENS, OPERATION, BudgetError, RenderingError, require_bits

MEMBERSHIP = ("in", "notin")


class Counting(NodeTransformer):
    """Rewrite a template so that loops, macros, comparisons, slices, lists and ~ are calls that are paid for."""

    def __init__(self) -> None:
        self._visited = 0

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        """Rewrite a node, and count it."""
        self._visited += 1
        return super().visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.For:
        if node.recursive:
            raise RenderingError("it has a recursive loop, which a template may not")
        cost = self._cost_of(node)
        node.iter = _call("steps", node.iter, cost)
        return node

    def paid_when_entered(self, node: Any) -> nodes.Node:
        """Let what can be called pay for all that is in it, each time."""
        place = node.lineno
        cost = self._cost_of(node)
        node.body.insert(0, nodes.ExprStmt(_call("enter", cost), lineno=place))
        return node

    visit_Macro = visit_CallBlock = visit_Block = paid_when_entered

    def refuse(self, node: nodes.Node) -> nodes.Node:
        """Raise RenderingError: there is no other file to take anything from."""
        raise RenderingError("it takes something from another file, which a template may not")

    visit_Import = visit_FromImport = visit_Include = visit_Extends = refuse

    def refuse_escaping(self, node: nodes.Node) -> nodes.Node:
        """Raise RenderingError: what is escaped grows wherever it is written."""
        raise RenderingError("it turns escaping on or off, which a template may not")

    visit_ScopedEvalContextModifier = visit_EvalContextModifier = refuse_escaping

    def visit_Const(self, node: nodes.Const) -> nodes.Const:
        if isinstance(node.value, int):
            require_bits(node.value.bit_length())
        return node

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:
        self.generic_visit(node)
        return node if node.ctx == "store" else _call("listed", node)

    def visit_List(self, node: nodes.List) -> nodes.Expr:
        self.generic_visit(node)
        return _call("listed", node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Expr:
        self.generic_visit(node)
        for pair in node.items:
            if not (isinstance(pair.key, nodes.Const) and isinstance(pair.key.value, str)):
                pair.key = _call("key", pair.key)
        return _call("listed", node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:
        self.generic_visit(node)
        return _call("concatenated", *node.nodes)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:
        self.generic_visit(node)
        operands = [node.expr, *(operand.expr for operand in node.ops)]
        if any(operand.op in MEMBERSHIP for operand in node.ops):
            if len(node.ops) > 1:
                raise RenderingError("it chains comparisons with in, which a template may not")
            contained = _call("contained", *operands)
            return contained if node.ops[0].op == "in" else nodes.Not(contained, lineno=node.lineno)
        if len(node.ops) > 1 or not any(isinstance(operand, nodes.Const) for operand in operands):
            node.expr = _call("seen", node.expr)
            for operand in node.ops:
                operand.expr = _call("seen", operand.expr)
        return node  # a constant is as long as the template has it: to compare with it takes no time

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Getitem:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _call("sliced", node.node)
        return node

    def _cost_of(self, node: nodes.Node) -> nodes.Const:
        """Rewrite all that is in a node, and give what it costs to run it once."""
        before = self._visited
        self.generic_visit(node)
        return nodes.Const(OPERATION + self._visited - before, lineno=node.lineno)


def _call(name: str, *args: Any) -> nodes.Call:
    place = args[0].lineno
    return nodes.Call(nodes.EnvironmentAttribute(name, lineno=place), [*args], [], None, None, lineno=place)


class DirectCalls(CodeGenerator):
    """Write calls of the environment's own methods as plain ones, which are several times as fast."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        if not isinstance(node.node, nodes.EnvironmentAttribute):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in node.args:
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")


class Generation(Extension):
    """Read `{% generation %}`, which some templates have around what a model writes: its body is rendered."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        place = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=place)

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Raise BudgetError where a template has so many tokens that to read it takes long."""
        return _counted(stream)


def _counted(stream: Iterable[Token]) -> Iterator[Token]:
    for number, token in enumerate(stream):
        if number > MOST_TOKENS:
            raise BudgetError(f"it has more than {MOST_TOKENS:,} tokens")
        yield token
