"""Nodes and edges."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from pluto.core.data.base import Data
from pluto.core.data.plain import plain


class Graph(Data):
    """A directed graph whose nodes and edges have attributes.

    `data` may bring `nodes` (a dict of node → attributes, or a list) and `edges` (a dict of `(source, target)` →
    attributes, or a list of `(source, target)` or `(source, target, attributes)`), so that `Graph(graph.to_dict())`
    is the same graph. Nodes are told apart by their text: nodes 1 and "1" can't be in one graph.

    Attributes are kept as given until the graph is logged.
    """

    tag = "Graph"

    def __init__(self, data: Mapping[str, Any] = {}) -> None:
        self._nodes: dict[Hashable, dict[str, Any]] = {}
        self._edges: dict[tuple[Hashable, Hashable], dict[str, Any]] = {}
        self._texts: dict[str, Hashable] = {}
        if not isinstance(data, Mapping):
            raise TypeError(f"Graph data: a mapping with nodes and edges is needed, not {type(data).__name__}")
        unknown = set(data) - {"nodes", "edges", "successors", "predecessors", "type", "v"}
        if unknown:
            raise ValueError(f"Graph data: unknown part {min(map(str, unknown))!r}; known are nodes and edges")
        nodes = data.get("nodes") or {}
        for node in nodes:
            self._node(node).update(_attributes(nodes[node], f"node {node!r}") if isinstance(nodes, Mapping) else {})
        edges = data.get("edges") or {}
        for edge in edges:
            if not isinstance(edge, (tuple, list)) or len(edge) not in (2, 3):
                raise ValueError(f"Graph edge {edge!r}: (source, target) is needed")
            attributes = edges[edge] if isinstance(edges, Mapping) else edge[2] if len(edge) == 3 else {}
            self._edge(edge[0], edge[1], _attributes(attributes, f"edge {edge!r}"))

    def add_node(self, node: Hashable, **attr: Any) -> None:
        """Adds a node, or adds attributes to one that is there."""
        self._node(node).update(attr)

    def add_edge(self, src: Hashable, dst: Hashable, **attr: Any) -> None:
        """Adds an edge, and its nodes where they are missing; an edge that is there gets these attributes instead."""
        self._edge(src, dst, attr)

    @property
    def nodes(self) -> dict[Hashable, dict[str, Any]]:
        """The nodes with their attributes."""
        return self._nodes

    def edges(self, data: bool = False) -> list[Any]:
        """The edges as `(source, target)`, or with `data` as `((source, target), attributes)`."""
        return list(self._edges.items()) if data else list(self._edges)

    def _node(self, node: Hashable) -> dict[str, Any]:
        if node not in self._nodes:
            text = str(node)
            if text in self._texts:
                raise ValueError(f"Graph node {node!r}: there is another node whose text is {text!r}")
            self._texts[text] = node
            self._nodes[node] = {}
        return self._nodes[node]

    def _edge(self, src: Hashable, dst: Hashable, attributes: dict[str, Any]) -> None:
        self._node(src)
        self._node(dst)
        self._edges[src, dst] = attributes

    def _payload(self) -> dict[str, Any]:
        successors: dict[str, list[str]] = {str(node): [] for node in self._nodes}
        predecessors: dict[str, list[str]] = {str(node): [] for node in self._nodes}
        for src, dst in self._edges:
            successors[str(src)].append(str(dst))
            predecessors[str(dst)].append(str(src))
        return {
            "nodes": {str(node): plain(attributes, f"Graph node {node!r}") for node, attributes in self._nodes.items()},
            "edges": [
                [str(src), str(dst), plain(attributes, f"Graph edge ({src!r}, {dst!r})")]
                for (src, dst), attributes in self._edges.items()
            ],
            "successors": successors,
            "predecessors": predecessors,
        }


def _attributes(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"Graph {what}: attributes are a mapping, not {type(value).__name__}")
    return dict(value)
