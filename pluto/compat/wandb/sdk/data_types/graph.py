"""Graphs: the layers of a model, and how they are connected."""

from __future__ import annotations

import os
import pprint
from typing import Any

from pluto.compat.wandb.sdk.data_types.base_types.layout import json_text
from pluto.compat.wandb.sdk.data_types.base_types.media import Media, _numpy_arrays_to_lists
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import WBValue


def _attribute(name: str, text: str, empty: Any = None) -> Any:
    """A property that is kept in `_attributes`, as what JSON has of its owner."""

    def get(self: Any) -> Any:
        return self._attributes.get(name, empty)

    def put(self: Any, value: Any) -> None:
        self._attributes[name] = value

    return property(get, put, doc=text)


class Edge(WBValue):
    """A connection between two nodes."""

    name = _attribute("name", "What it is called; several may have one name.")
    from_node = _attribute("from_node", "Where it begins.")
    to_node = _attribute("to_node", "Where it ends.")

    def __init__(self, from_node: Any, to_node: Any) -> None:
        super().__init__()
        self._attributes: dict[str, Any] = {}
        self.from_node = from_node
        self.to_node = to_node

    def __repr__(self) -> str:
        more = {key: value for key, value in self._attributes.items() if key not in ("from_node", "to_node")}
        return str({**more, "from_id": self.from_node.id, "to_id": self.to_node.id})

    def to_json(self, run: Any = None) -> list[Any]:  # noqa: ARG002
        """The ids of the two nodes."""
        return [self.from_node.id, self.to_node.id]


class Node(WBValue):
    """A node, such as a layer."""

    id = _attribute("id", "No other node of the graph has the same.")
    name = _attribute("name", "What it is called.")
    class_name = _attribute("class_name", "The kind of layer.")
    functions = _attribute("functions", "What it does.", [])
    parameters = _attribute("parameters", "Its parameters.", [])
    output_shape = _attribute("output_shape", "The shape of what it gives.")
    is_output = _attribute("is_output", "Whether the graph's result is its.")
    num_parameters = _attribute("num_parameters", "How many parameters it has.")
    child_parameters = _attribute("child_parameters", "How many parameters the nodes in it have.")
    is_constant = _attribute("is_constant", "Whether it always gives the same.")

    def __init__(
        self,
        id: Any = None,
        name: Any = None,
        class_name: Any = None,
        size: Any = None,
        parameters: Any = None,
        output_shape: Any = None,
        is_output: Any = None,
        num_parameters: Any = None,
        node: Any = None,
    ) -> None:
        """`node`: another one, to be like."""
        super().__init__()
        self._attributes: dict[str, Any] = {"name": None}
        self.in_edges: dict[Any, Any] = {}
        self.out_edges: dict[Any, Any] = {}
        self.obj: Any = None
        """What it stands for, if anything."""
        if node is not None:
            self._attributes.update({key: value for key, value in node.to_json().items() if key != "id"})
            self.obj = node.obj
        given = {
            "id": id, "name": name, "class_name": class_name, "size": size, "parameters": parameters,
            "output_shape": output_shape, "is_output": is_output, "num_parameters": num_parameters,
        }  # fmt: skip
        for attribute, value in given.items():
            if value is not None:
                setattr(self, attribute, value)

    @property
    def size(self) -> Any:
        """The shape of its tensor."""
        return self._attributes.get("size")

    @size.setter
    def size(self, val: Any) -> None:
        self._attributes["size"] = tuple(val)

    def to_json(self, run: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """What is known of it."""
        return self._attributes

    def __repr__(self) -> str:
        return repr(self._attributes)

    @classmethod
    def from_keras(cls, layer: Any) -> Node:
        """The node of a layer of Keras."""
        return cls(
            id=layer.name,
            name=layer.name,
            class_name=type(layer).__name__,
            output_shape=getattr(layer, "output_shape", ["multiple"]),
            num_parameters=layer.count_params(),
        )


class Graph(Media):
    """Nodes and edges, such as the layers of a model; `format` says what kind of graph it is."""

    _log_type = "graph-file"

    def __init__(self, format: str = "keras") -> None:
        super().__init__()
        self.format = format
        self.nodes: list[Node] = []
        self.nodes_by_id: dict[Any, Node] = {}
        self.edges: list[Edge] = []
        self.loaded = False
        self.criterion: Any = None
        self.criterion_passed = False
        self.root: Node | None = None

    def _to_graph_json(self, run: Any = None) -> dict[str, Any]:  # noqa: ARG002
        return {
            "format": self.format,
            "nodes": [node.to_json() for node in self.nodes],
            "edges": [edge.to_json() for edge in self.edges],
        }

    def bind_to_run(self, *args: Any, **kwargs: Any) -> None:
        """Puts the graph, as it is now, into the run's folder."""
        self._set_content(json_text(_numpy_arrays_to_lists(self._to_graph_json())), ".graph.json")
        super().bind_to_run(*args, **kwargs)

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/graph`."""
        return os.path.join("media", "graph")

    def to_json(self, run: Any) -> dict[str, Any]:
        """The file."""
        return {**super().to_json(run), "_type": self._log_type}

    def __getitem__(self, nid: Any) -> Node:
        return self.nodes_by_id[nid]

    def pprint(self) -> None:
        """Prints edges and nodes."""
        parts: list[Edge | Node] = [*self.edges, *self.nodes]
        for part in parts:
            pprint.pprint(part._attributes)  # noqa: T203  it is asked for

    def add_node(self, node: Node | None = None, **node_kwargs: Any) -> Node:
        """Adds a node, or one with these attributes. Raises `ValueError` for both."""
        if node is not None and node_kwargs:
            raise ValueError(f"Only pass one of either node ({node}) or other keyword arguments ({node_kwargs})")
        node = Node(**node_kwargs) if node is None else node
        self.nodes.append(node)
        self.nodes_by_id[node.id] = node
        return node

    def add_edge(self, from_node: Any, to_node: Any) -> Edge:
        """Adds a connection."""
        edge = Edge(from_node, to_node)
        self.edges.append(edge)
        return edge

    @classmethod
    def from_keras(cls, model: Any) -> Graph:
        """The layers of a Keras model, and how they are connected as far as Keras tells."""
        graph = cls()
        inner = [node for nodes in (getattr(model, "_nodes_by_depth", None) or {}).values() for node in nodes]
        for layer in model.layers:
            node = Node.from_keras(layer)
            for inbound in getattr(layer, "_inbound_nodes", ()):
                if inner and inbound not in inner:
                    continue
                for source in _flat(getattr(inbound, "inbound_layers", ())):
                    known = graph.nodes_by_id.get(source.name) or graph.add_node(Node.from_keras(source))
                    graph.add_edge(known, node)
            if node.id not in graph.nodes_by_id:
                graph.add_node(node)
        return graph


def _flat(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [inner for item in value for inner in _flat(item)]
    return [value]


__all__ = ["Edge", "Graph", "Node"]
