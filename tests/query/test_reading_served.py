"""The same reads over a socket, from `pluto server`."""

from __future__ import annotations

from pathlib import Path

import httpx
import numpy as np

from pluto.query import Client
from tests.programs import Server
from tests.query.seed import WEIRD, Seeder


def test_our_server_over_a_socket(server: Server, tmp_path: Path) -> None:
    with httpx.Client(base_url=server.url) as http:
        run = Seeder(http).full()
    with Client(host=server.url) as client:
        assert client.get_run("digits", "EXP-1")["id"] == run["runId"]
        values = client.points("digits", "EXP-1", "weird").values
        assert values.view("<u8").tolist() == np.array([WEIRD[i] for i in (0, 1, 2, 3, 5, 4)]).view("<u8").tolist()
        assert len(client.get_tables("digits", "EXP-1", "t")) == 1
        assert client.download_file("digits", "EXP-1", "weights", tmp_path).stat().st_size == 1_280_000
        client.upload_file("digits", "EXP-1", "again", tmp_path / "model.bin")
        assert client.get_files("digits", "EXP-1", "again")[0]["fileSize"] == 1_280_000
        client.delete_run("digits", "EXP-1")
        assert client.list_runs("digits") == []
