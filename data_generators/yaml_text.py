"""YAML that a person wrote, where a key that stands twice is an error, and not the loss of what it said first."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """The safe loader, strict about keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping of a node; refuses a key that stands twice, which the base class would take the last of."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        "in a mapping", node.start_mark, f"the key {key.value!r} stands there twice", key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def parse_yaml(text: str | bytes) -> Any:
    """The data of a YAML document, `yaml.safe_load` but for repeated keys.

    Raises:
        yaml.YAMLError: it is no YAML, or a mapping has a key twice; the message gives line and column.
    """
    return yaml.load(text, Loader=_Loader)
