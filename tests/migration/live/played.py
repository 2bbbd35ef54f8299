"""W&B's service, played on a loopback port: GraphQL, files behind signed links, artifacts, and all that goes wrong.

It answers the queries that the package sends by their names, in the shapes of the real service, and remembers each.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

KEY = "0123456789abcdef0123456789abcdef01234567"
Fault = Callable[["Handler"], bool]
"""Answers in the place of the service; False: it does not, this time."""


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


@dataclass
class PlayedArtifact:
    name: str
    version: int = 0
    type: str = "dataset"
    files: dict[str, bytes] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=lambda: ["latest"])
    tags: list[str] = field(default_factory=list)
    description: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    ttl: int = -1
    step: int | None = None
    project: str = "proj"
    entity: str = "team"
    created: str = "2024-05-17T09:40:00Z"

    @property
    def id(self) -> str:
        return base64.b64encode(f"Artifact:{self.entity}/{self.project}/{self.name}:{self.version}".encode()).decode()

    @property
    def manifest(self) -> dict[str, Any]:
        contents: dict[str, Any] = {
            path: {"digest": md5(content), "size": len(content), "birthArtifactID": self.id}
            for path, content in self.files.items()
        }
        contents |= {path: {"digest": "etag", "ref": ref, "size": 7} for path, ref in self.refs.items()}
        policy = {"storagePolicy": "wandb-storage-policy-v1", "storagePolicyConfig": {"storageLayout": "V2"}}
        return {"version": 1, **policy, "contents": contents}

    @property
    def digest(self) -> str:
        listed = sorted((path, entry["digest"]) for path, entry in self.manifest["contents"].items())
        text = "wandb-artifact-manifest-v1\n" + "".join(f"{path}:{digest}\n" for path, digest in listed)
        return hashlib.md5(text.encode()).hexdigest()

    @property
    def node(self) -> dict[str, Any]:
        project = {"id": "UA==", "internalId": "UHJvamVjdEludGVybmFsSWQ6MQ==", "name": self.project}
        project["entity"] = {"name": self.entity}  # type: ignore[assignment]
        sequence = {"__typename": "ArtifactSequence", "name": self.name, "project": project}
        return {
            "__typename": "Artifact",
            "id": self.id,
            "artifactSequence": sequence,
            "versionIndex": self.version,
            "artifactType": {"name": self.type},
            "description": self.description,
            "metadata": json.dumps(self.metadata),
            "ttlDurationSeconds": self.ttl,
            "ttlIsInherited": False,
            "tags": [{"__typename": "Tag", "id": "VA==", "name": tag} for tag in self.tags],
            "historyStep": self.step,
            "state": "COMMITTED",
            "size": sum(map(len, self.files.values())),
            "digest": self.digest,
            "commitHash": "c0ffee",
            "fileCount": len(self.files),
            "createdAt": self.created,
            "updatedAt": self.created,
            "aliases": [
                {"__typename": "ArtifactAlias", "id": "QQ==", "alias": alias, "artifactCollection": sequence}
                for alias in self.aliases
            ],
        }


@dataclass
class PlayedRun:
    id: str = "r1"
    display_name: str | None = "first"
    state: str = "finished"
    config: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    """What stands in the config under `_wandb`."""
    summary: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    count: int | None = None
    """What it says the number of rows is, where that is another."""
    parquet: list[bytes] = field(default_factory=list)
    """Exports of rows that are not among `rows`."""
    last_step: int | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    event_count: int | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    console: list[dict[str, Any]] | None = None
    made: list[PlayedArtifact] = field(default_factory=list)
    used: list[PlayedArtifact] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    notes: str | None = None
    group: str | None = None
    job_type: str | None = None
    sweep: str | None = None
    commit: str | None = None
    created: str = "2024-05-17T09:30:00Z"
    heartbeat: str = "2024-05-17T10:30:00Z"

    @property
    def node(self) -> dict[str, Any]:
        wrapped = {name: {"value": value, "desc": None} for name, value in self.config.items()}
        if self.own:
            wrapped["_wandb"] = {"value": self.own, "desc": None}
        steps = [row["_step"] for row in self.rows]
        last = self.last_step if self.last_step is not None else max(steps, default=-1)
        return {
            "id": base64.b64encode(self.id.encode()).decode(),
            "projectId": "1",
            "tags": self.tags,
            "name": self.id,
            "displayName": self.display_name,
            "sweepName": self.sweep,
            "state": self.state,
            "config": json.dumps(wrapped),
            "group": self.group,
            "jobType": self.job_type,
            "commit": self.commit,
            "readOnly": False,
            "createdAt": self.created,
            "heartbeatAt": self.heartbeat,
            "description": None,
            "notes": self.notes,
            "systemMetrics": "{}",
            "summaryMetrics": json.dumps(self.summary),
            "historyLineCount": len(self.rows) if self.count is None else self.count,
            "user": {"name": "Some One", "username": "someone"},
            "historyKeys": {"lastStep": last, "keys": {}},
        }


class Played:
    """The service. `faults`: by a query's name, or by the beginning of a path of a file, what happens in its place."""

    def __init__(self) -> None:
        self.projects: dict[str, list[PlayedRun]] = {"proj": []}
        self.sweeps: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.signature = 0
        self.expired = 0
        """Links with a signature up to this one are good no more."""
        self.stop = threading.Event()
        self.reached = threading.Event()
        self._lock = threading.Lock()
        handler = type("Bound", (Handler,), {"played": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def times(self, name: str) -> int:
        """How often something was asked for: a query by name, a file by the beginning of its path."""
        return sum(1 for asked, _ in self.asked if asked == name or (name[0] == "/" and asked.startswith(name)))

    def note(self, name: str, variables: dict[str, Any]) -> None:
        with self._lock:
            self.asked.append((name, variables))

    def fault(self, name: str) -> Fault | None:
        with self._lock:
            for known, faults in self.faults.items():
                if faults and (name == known or (known[0] == "/" and name.startswith(known))):
                    return faults.pop(0)
        return None

    def run(self, project: str, id: str) -> PlayedRun | None:
        return next((run for run in self.projects.get(project, ()) if run.id == id), None)

    def signed(self, path: str) -> str:
        with self._lock:
            self.signature += 1
        return f"{self.url}{quote(path)}?X-Signature=secret{self.signature}"

    def artifact(self, id: str) -> PlayedArtifact | None:
        runs = [run for runs in self.projects.values() for run in runs]
        return next((one for run in runs for one in (*run.made, *run.used) if one.id == id), None)

    def __enter__(self) -> Played:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()

    # answers, by a query's name

    def answer(self, name: str, given: dict[str, Any]) -> dict[str, Any] | None:
        method = getattr(self, f"on_{name}", None)
        return None if method is None else method(given)

    def on_Viewer(self, given: dict[str, Any]) -> dict[str, Any]:
        viewer = {"id": "VXNlcg==", "entity": "team", "username": "someone", "email": "", "flags": "{}", "name": "S"}
        return {"viewer": {**viewer, "teams": {"edges": []}}}

    on_GetDefaultEntity = on_Viewer

    def on_ServerFeaturesQuery(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"serverInfo": {"features": []}}

    def on_GetProjects(self, given: dict[str, Any]) -> dict[str, Any]:
        nodes = [{"id": "UA==", "name": name, "entityName": given["entity"], "createdAt": "2024-01-01T00:00:00Z",
                  "isBenchmark": False, "user": None} for name in self.projects]  # fmt: skip
        return {"models": self._page(nodes, given.get("cursor"), given.get("perPage"))}

    def on_Runs(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["project"] not in self.projects:
            return {"project": None}
        runs = self.projects[given["project"]]
        found = {"internalId": "1", "runCount": len(runs), "readOnly": False}
        return {
            "project": {
                **found,
                "runs": self._page([run.node for run in runs], given.get("cursor"), given.get("perPage")),
            }
        }

    def on_Run(self, given: dict[str, Any]) -> dict[str, Any]:
        run = self.run(given["project"], given["name"])
        return {"project": {"run": None if run is None else run.node}}

    on_RunHistoryKeys = on_Run

    def on_RunEventCount(self, given: dict[str, Any]) -> dict[str, Any]:
        run = self._of(given)
        count = len(run.events) if run.event_count is None else run.event_count
        return {"project": {"run": {"eventsLineCount": count}}}

    def on_RunParquetHistory(self, given: dict[str, Any]) -> dict[str, Any]:
        run = self._of({**given, "name": given["runName"]})
        urls = [self.signed(f"/exports/{given['project']}/{run.id}/{index}") for index in range(len(run.parquet))]
        return {"project": {"run": {"parquetHistory": {"parquetUrls": urls, "liveData": []}}}}

    def on_HistoryPage(self, given: dict[str, Any]) -> dict[str, Any]:
        run = self._of({**given, "name": given["run"]})
        rows = [row for row in run.rows if given["minStep"] <= row["_step"] < given["maxStep"]]
        return {"project": {"run": {"history": [json.dumps(row) for row in rows[: given["pageSize"]]]}}}

    def on_RunFullHistory(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"project": {"run": {"events": [json.dumps(row) for row in self._of(given).events]}}}

    def on_RunFiles(self, given: dict[str, Any]) -> dict[str, Any]:
        run = self._of(given)
        names = [name for name in run.files if not given["fileNames"] or name in given["fileNames"]]
        page = self._page(names, given["fileCursor"], given["fileLimit"])
        for edge in page["edges"]:
            name = edge["node"]
            content = run.files[name]
            edge["node"] = {
                "id": base64.b64encode(name.encode()).decode(),
                "name": name,
                "url": self.signed(f"/storage/{given['project']}/{run.id}/{name}"),
                "directUrl": "",
                "sizeBytes": len(content),
                "mimetype": "",
                "updatedAt": run.heartbeat,
                "md5": md5(content),
            }
        return {"project": {"internalId": "1", "run": {"fileCount": len(run.files), "files": page}}}

    def on_RunConsoleLogPage(self, given: dict[str, Any]) -> dict[str, Any] | None:
        lines = self._of({**given, "name": given["runName"]}).console
        if lines is None:
            return None
        page = self._page([{"number": at, **line} for at, line in enumerate(lines)], given["after"], given["first"])
        return {"project": {"run": {"logLineCount": len(lines), "logLines": page}}}

    def on_RunOutputArtifacts(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._artifacts(self._of({**given, "name": given["run"]}).made, given)

    def on_RunInputArtifacts(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._artifacts(self._of({**given, "name": given["run"]}).used, given)

    def on_FetchArtifactManifest(self, given: dict[str, Any]) -> dict[str, Any]:
        url = self.signed(f"/manifests/{given['id']}")
        return {"artifact": {"currentManifest": {"file": {"directUrl": url}}}}

    def on_GetSweep(self, given: dict[str, Any]) -> dict[str, Any]:
        config = self.sweeps.get(given["name"])
        if config is None:
            return {"project": {"sweep": None}}
        sweep = {"id": "U3dlZXA=", "name": given["name"], "state": "FINISHED", "config": json.dumps(config)}
        return {"project": {"sweep": {**sweep, "method": "grid", "runCount": 1, "createdAt": "2024-05-17T09:00:00Z"}}}

    def _artifacts(self, artifacts: list[PlayedArtifact], given: dict[str, Any]) -> dict[str, Any]:
        page = self._page([artifact.node for artifact in artifacts], given["cursor"], given["perPage"])
        page["pageInfo"]["__typename"] = "PageInfo"
        return {"project": {"run": {"artifacts": {"totalCount": len(artifacts), **page}}}}

    def _of(self, given: dict[str, Any]) -> PlayedRun:
        run = self.run(given["project"], given["name"])
        assert run is not None
        return run

    @staticmethod
    def _page(nodes: list[Any], cursor: str | None, size: int | None) -> dict[str, Any]:
        first = int(cursor or 0)
        last = min(first + (size or 50), len(nodes))
        edges = [{"node": nodes[at], "cursor": str(at + 1)} for at in range(first, last)]
        return {"edges": edges, "pageInfo": {"endCursor": str(last), "hasNextPage": last < len(nodes)}}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    played: Played
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drop(self) -> None:
        """Ends the connection where it stands."""
        self.close_connection = True
        self.connection.shutdown(2)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/graphql":
            self.send(200)
            return
        asked = json.loads(body)
        found = re.search(r"(?:query|mutation)\s+(\w+)", asked["query"])
        name, given = found[1] if found else "", asked.get("variables") or {}
        self.played.note(name, given)
        if self.headers.get("Authorization") != "Basic " + base64.b64encode(f"api:{KEY}".encode()).decode():
            self.send(401, b'{"errors": [{"message": "user is not logged in"}]}')
            return
        fault = self.played.fault(name)
        if fault is not None and fault(self):
            return
        data = self.played.answer(name, given)
        answer = {"data": data} if data is not None else {"errors": [{"message": f"unknown: {name}"}], "data": None}
        self.send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        self.played.note(path, {"range": self.headers.get("Range")})
        fault = self.played.fault(path)
        if fault is not None and fault(self):
            return
        signature = int((parse_qs(parts.query).get("X-Signature") or ["secret0"])[0].removeprefix("secret"))
        if 0 < signature <= self.played.expired:
            self.send(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
            return
        content = self._content(path)
        self.send(404) if content is None else self.send(200, content)

    def _content(self, path: str) -> bytes | None:
        kind, _, rest = path.lstrip("/").partition("/")
        if kind in ("storage", "exports"):
            project, id, name = rest.split("/", 2)
            run = self.played.run(project, id)
            if run is None:
                return None
            return run.parquet[int(name)] if kind == "exports" else run.files.get(name)
        if kind == "manifests":
            artifact = self.played.artifact(rest)
            return None if artifact is None else json.dumps(artifact.manifest).encode()
        if kind in ("artifacts", "artifactsV2"):
            wanted = re.search(r"/([0-9a-f]{32})(?:/|$)", path)
            runs = [run for runs in self.played.projects.values() for run in runs]
            contents = [one for run in runs for made in (*run.made, *run.used) for one in made.files.values()]
            return next((one for one in contents if wanted and hashlib.md5(one).hexdigest() == wanted[1]), None)
        return None


def status(code: int, after: int | None = None) -> Fault:
    """Answers with an HTTP status, and with how long to wait."""

    def fault(handler: Handler) -> bool:
        handler.send(code, b"later", {} if after is None else {"Retry-After": str(after)})
        return True

    return fault


def dropped(handler: Handler) -> bool:
    """Ends the connection without an answer."""
    handler.drop()
    return True


def cut(handler: Handler) -> bool:
    """Ends the connection in the middle of the content."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b"only the beginning")
    handler.wfile.flush()
    handler.drop()
    return True


def hanging(handler: Handler) -> bool:
    """Answers nothing until the service ends; tells `reached`."""
    handler.played.reached.set()
    handler.played.stop.wait(60)
    handler.drop()
    return True


def passing(handler: Handler) -> bool:
    """Lets a request through."""
    return False


@contextmanager
def playing() -> Iterator[Played]:
    with Played() as played:
        yield played
