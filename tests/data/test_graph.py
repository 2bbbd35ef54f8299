from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.core.data import Data, Graph
from pluto.core.media import Text

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ATTRIBUTES = st.dictionaries(NAMES, st.integers(-(2**63), 2**64 - 1) | NAMES, max_size=3)


@given(
    st.dictionaries(NAMES, ATTRIBUTES, max_size=6),
    st.dictionaries(st.tuples(NAMES, NAMES), ATTRIBUTES, max_size=6),
)
def test_any_graph_comes_back(nodes: dict, edges: dict) -> None:
    graph = Graph({"nodes": nodes, "edges": edges})
    kind, text = graph.to_data()
    assert kind == "GRAPH"
    found = json.loads(text)
    assert (found["type"], found["v"]) == ("Graph", 1)
    everyone = {**{name: {} for edge in edges for name in edge}, **nodes}
    assert found["nodes"] == everyone
    assert {(source, target): attributes for source, target, attributes in found["edges"]} == edges
    for source, target in edges:
        assert target in found["successors"][source]
        assert source in found["predecessors"][target]
    assert Graph(found).to_dict() == found


def test_building_by_hand() -> None:
    graph = Graph()
    graph.add_node("a", size=np.float32(0.5))
    graph.add_node("a", colour="red")
    graph.add_edge("a", 2, weight=1)
    graph.add_edge("a", 2, kind="new")
    assert graph.nodes == {"a": {"size": 0.5, "colour": "red"}, 2: {}}
    assert graph.edges() == [("a", 2)]
    assert graph.edges(data=True) == [(("a", 2), {"kind": "new"})]
    assert json.loads(graph.to_data()[1]) == {
        "nodes": {"a": {"size": 0.5, "colour": "red"}, "2": {}},
        "edges": [["a", "2", {"kind": "new"}]],
        "successors": {"a": ["2"], "2": []},
        "predecessors": {"a": [], "2": ["a"]},
        "type": "Graph",
        "v": 1,
    }
    assert Graph().to_dict()["nodes"] == {}


def test_lists_of_nodes_and_edges_and_attributes_called_like_arguments() -> None:
    graph = Graph({"nodes": ["x", "y"], "edges": [("x", "y"), ("y", "x", {"src": 1, "node": 2})]})
    assert graph.edges(data=True) == [(("x", "y"), {}), (("y", "x"), {"src": 1, "node": 2})]


def test_what_is_given_stays_untouched() -> None:
    given: dict[str, Any] = {"nodes": {"a": {"k": 1}}, "edges": {}}
    graph = Graph(given)
    graph.add_node("a", k=2)
    graph.add_node("b")
    assert given == {"nodes": {"a": {"k": 1}}, "edges": {}}
    assert Graph().nodes == {}


@pytest.mark.parametrize(
    ("data", "error", "named"),
    [
        (5, TypeError, "Graph data"),
        ({"nods": {}}, ValueError, "unknown part 'nods'"),
        ({"nodes": {"a": 5}}, TypeError, "node 'a'"),
        ({"nodes": [1, "1"]}, ValueError, "another node whose text is '1'"),
        ({"edges": ["ab"]}, ValueError, "edge 'ab'"),
        ({"edges": [("a",)]}, ValueError, "edge"),
        ({"edges": [("a", "b", 3)]}, TypeError, "attributes"),
        ({"edges": [5]}, ValueError, "edge 5"),
    ],
)
def test_bad_input_names_the_field(data: Any, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        Graph(data)


def test_media_as_an_attribute_is_an_error_that_names_it() -> None:
    graph = Graph()
    graph.add_node("a", picture=Text("x"))
    with pytest.raises(TypeError, match=r"Graph node 'a'\['picture'\]: Text can't"):
        graph.to_data()


def test_data_of_ones_own() -> None:
    class Points(Data):
        tag = "Points"

    assert Points({"x": (1, 2)}).to_data() == ("POINTS", '{"x":[1,2],"type":"Points","v":1}')
    with pytest.raises(TypeError, match="Points data: a mapping"):
        Points([1])  # type: ignore[arg-type]
