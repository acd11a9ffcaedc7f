"""Parse the YAML of recipes: plain values alone; whatever cannot be read becomes one line that says where it stands."""

from typing import TYPE_CHECKING, Any

from commit_llm.errors import UserError, reason_of, shown

if TYPE_CHECKING:
    import yaml


def parse_yaml(text: str, source: str) -> Any:
    """Parse one document. source: the file's name, for messages.

    An alias is refused, since a few lines of them stand for any amount of memory, and so is a key that stands twice in
    a mapping. Raises UserError naming the file and, where it is known, the line.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                _refuse(source, self.peek_event(), "an alias (*name)", "write the value itself")
            return super().compose_node(parent, index)

        def construct_scalar(self, node: Any) -> Any:
            value = super().construct_scalar(node)
            if "\0" in value:  # which no name of a file has, and no text needs
                _refuse(source, node, "a NUL character", "leave it out")
            return value

        def construct_mapping(self, node: "yaml.MappingNode", deep: bool = False) -> Any:
            names: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in names:
                        _refuse(source, key, f"{shown(key.value)} twice", "leave out one of them")
                    names.add(key.value)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)
    except yaml.MarkedYAMLError as error:
        where = source if error.problem_mark is None else f"{source}:{error.problem_mark.line + 1}"
        raise UserError(f"{where}: not readable YAML ({error.problem})") from None
    # 2026-99-99, or over 4,300 digits; and what the library raises for a tag that does not fit, such as !!int ''.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise UserError(f"{source}: not readable YAML ({reason_of(error)})") from None


def _refuse(source: str, place: Any, what: str, way_out: str) -> None:
    raise UserError(f"{source}:{place.start_mark.line + 1}: has {what}; {way_out}")
