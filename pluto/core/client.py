"""The calls of a Pluto server: the stock API and the extensions of Pluto's own.

ClientError                 a call that did not do what it was for
 ├─ Unreachable             no answer, or none that makes sense: DNS, refused, reset, time-out, garbage
 └─ Refused                 an answer that says no; `status` and `text`
     ├─ Unauthorized        401, 403: the key
     ├─ NotFound            404
     └─ Unavailable         408, 425, 429, 5xx: later, perhaps
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import msgspec

from pluto.core.settings import Local, Remote
from pluto.core.transport import local_transport
from pluto.core.wire import log_name, printable
from pluto.protocol.batch import LANE, MSGPACK, PREFIX, WRITER, Answer, Info

TIMEOUT_S: Final = 32.0
"""One request, unless `Client` is told otherwise; the first client's figure."""
CONNECT_S: Final = 10.0
CHUNK_BYTES: Final = 1 << 18
_TEXT_CHARS: Final = 500
_INSIDE: Final = "http://pluto.local"
_KEY: Final = re.compile(r"[!-~]+")
_UNHEARD: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.InvalidURL)
T = TypeVar("T")


class ClientError(Exception):
    """A call that did not do what it was for. The text never holds the key."""


class Unreachable(ClientError):
    """No answer, or none that makes sense."""

    def __init__(self, text: str, *, heard: bool = True) -> None:
        super().__init__(text)
        self.heard = heard
        """Whether the server may have got the request all the same."""


class Refused(ClientError):
    """An answer that says no."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


class Unauthorized(Refused):
    """The key is missing, unknown, expired or not allowed to."""


class NotFound(Refused):
    """No such run, file or route."""


class Unavailable(Refused):
    """The server can't just now: too slow, too busy, broken."""


class RunAnswer(msgspec.Struct, rename="camel"):
    """The answer to `create` and `resume`."""

    run_id: int
    url: str | None = None
    number: int | None = None
    display_id: str | None = None
    project_name: str | None = None
    organization_slug: str | None = None
    resumed: bool = False
    forked_from_run_id: int | None = None
    fork_step: float | None = None


class Client:
    """Calls of one server, or of the local store. Safe from several threads; a context manager that closes itself.

    `transport` stands in for the network. Every call raises `ClientError` and nothing else.
    """

    def __init__(
        self,
        target: Local | Remote,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = TIMEOUT_S,
        agent: str = "pluto",
    ) -> None:
        self.target = target
        self._stock: bool | None = None
        """Whether the server is a stock one, once it was asked."""
        self._projects: dict[str, str] = {}
        """Projects that a stock server has under another name: the name there → their own."""
        timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S))
        headers = {"User-Agent": agent}
        if isinstance(target, Local):
            self._api = self._ingest = self._py = _INSIDE
            self._http = httpx.Client(
                transport=transport or local_transport(target.store), timeout=timeout, headers=headers, trust_env=False
            )
            self._plain = self._http
            return
        self._api, self._ingest, self._py = target.api, target.ingest, target.py
        options: dict[str, Any] = {"timeout": timeout, "transport": transport}
        if transport is None:
            # HTTP/2 in the clear costs twice the CPU and gains nothing.
            secure = any(url.startswith("https:") for url in (target.api, target.ingest, target.py))
            options.update(http2=secure, verify=target.verify)
            options["mounts"] = {
                scheme: httpx.HTTPTransport(proxy=proxy, http2=secure, verify=target.verify)
                for scheme, proxy in target.proxies.items()
            }
        # Presigned addresses lie elsewhere and must never see the key.
        self._plain = httpx.Client(headers=headers, follow_redirects=True, **options)
        if target.key is not None:
            if not _KEY.fullmatch(target.key):
                raise Unauthorized(401, "the key has characters that no key has")
            headers = {**headers, "Authorization": f"Bearer {target.key}"}
        self._http = httpx.Client(headers=headers, **options)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()
        self._plain.close()

    @property
    def where(self) -> str:
        """The server's address or the store's folder, for messages."""
        return str(self.target.store) if isinstance(self.target, Local) else self._api

    # --- runs -------------------------------------------------------------------------------------------------------

    def login(self) -> str:
        """The slug of the key's organization."""
        return str(_member(self._json("POST", self._api + "/api/slug"), "organization", "slug"))

    def create(self, body: Mapping[str, Any]) -> RunAnswer:
        """Creates a run, or attaches to the one of the same external id (6.1 of the stock contract)."""
        return self._opened(self._call("POST", self._api + "/api/runs/create", json=body))

    def resume(self, body: Mapping[str, Any]) -> RunAnswer:
        """Reopens the run named by `runId`, `displayId`, or `externalId` and `projectName`."""
        return self._opened(self._call("POST", self._api + "/api/runs/resume", json=body))

    def set_status(self, run: int, status: str, **more: Any) -> None:
        """Sets the status. `more`: `statusMetadata` and `loggerSettings` (JSON texts), `statusUpdated` (ms)."""
        self._call("POST", self._api + "/api/runs/status/update", json={"runId": run, "status": status, **more})

    def status_history(self, run: int) -> list[dict[str, Any]]:
        """What the status was, oldest first."""
        events = _member(self._json("GET", self._api + "/api/runs/status/history", params={"runId": run}), "events")
        return [dict(event) for event in events]

    def set_tags(self, run: int, tags: Sequence[str]) -> None:
        """Replaces the whole list of tags."""
        self._call("POST", self._api + "/api/runs/tags/update", json={"runId": run, "tags": list(tags)})

    def merge_config(self, run: int, config: str) -> None:
        """Merges a JSON object (as text) deeply into the config."""
        self._call("POST", self._api + "/api/runs/config/update", json={"runId": run, "config": config})

    def set_notes(self, run: int, notes: str | None) -> None:
        """Replaces the notes."""
        self._call("POST", self._api + "/api/runs/notes/update", json={"runId": run, "notes": notes})

    def add_names(self, run: int, names: Sequence[str], type: str) -> None:
        """Registers log names of one type."""
        body = {"runId": run, "logName": list(names), "logType": type}
        self._call("POST", self._api + "/api/runs/logName/add", json=body)

    def add_model_graph(self, run: int, graph: Any) -> None:
        """Stores the graph of a watched model."""
        self._call("POST", self._api + "/api/runs/modelGraph/create", json={"runId": run, "graph": graph})

    def details(self, run: int) -> dict[str, Any]:
        """The run's details."""
        return dict(self.get_json(f"/api/runs/details/{run}"))

    def alert(self, run: int, alert: Mapping[str, Any]) -> None:
        """Sends a message for people."""
        self._call("POST", self._py + "/api/runs/alert", json={"runId": run, "alert": dict(alert)})

    def heartbeat(self, run: int) -> str:
        """Says that the run is alive; gives its status."""
        answer = self._json("POST", self._py + "/api/runs/trigger", json={"runId": run})
        return str(_member(answer, "status"))

    # --- what a run logs, stock ---------------------------------------------------------------------------------------

    def ingest(self, kind: str, run: int, project: str, lines: bytes) -> None:
        """Sends NDJSON lines to `/ingest/<kind>`: `metrics`, `data` or `logs`."""
        headers = {**self._place(run, project), "Content-Type": "application/x-ndjson"}
        self._call("POST", f"{self._ingest}/ingest/{kind}", content=lines, headers=headers)

    def last_step(self, run: int, project: str) -> float | None:
        """The highest step the run has, 0 also where it has none."""
        answer = _member(self._json("POST", self._ingest + "/step", headers=self._place(run, project)), "step")
        return None if answer is None else float(answer)

    def presign(self, run: int, project: str, files: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Announces files; gives the address to upload each to, by file name. Names must differ within one call."""
        body, headers = {"files": list(files)}, self._place(run, project)
        answer = self._json("POST", self._ingest + "/files", json=body, headers=headers)
        found: dict[str, str] = {}
        try:
            for entries in answer.values():
                for entry in entries:
                    found.update(entry)
        except (AttributeError, TypeError, ValueError):
            raise Unreachable("POST /files: an answer that makes no sense") from None
        return found

    def upload(self, url: str, path: Path, mime: str) -> None:
        """Streams a file to an address that `presign` gave, without the key."""
        size = path.stat().st_size
        headers = {"Content-Type": mime, "Content-Length": str(size)}
        full = str(httpx.URL(self._ingest).join(url))
        self._call("PUT", full, http=self._plain, content=_chunks(path), headers=headers)

    # --- extensions ---------------------------------------------------------------------------------------------------

    def info(self) -> Info | None:
        """What the server says of itself; None for a stock server."""
        found = self._info()
        self._stock = found is None
        return found

    def _info(self) -> Info | None:
        try:
            response = self._call("GET", f"{self._api}{PREFIX}/info")
        except NotFound:
            return None
        except Refused as error:
            # Some proxies answer what they do not know otherwise.
            if error.status in (400, 403, 405):
                return None
            raise
        try:
            found = msgspec.json.decode(response.content, type=Info)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return found if found.server == "pluto" else None

    def batch(self, run: int, project: str, writer: str, lane: str, body: bytes) -> Answer:
        """Sends records: the msgpack array of `protocol.batch.Entry`."""
        headers = {**self._place(run, project), WRITER: writer, LANE: lane, "Content-Type": MSGPACK, "Accept": MSGPACK}
        response = self._call("POST", f"{self._api}{PREFIX}/batch", content=body, headers=headers)
        try:
            return msgspec.msgpack.decode(response.content, type=Answer)
        except msgspec.DecodeError:
            raise Unreachable(f"POST {PREFIX}/batch: an answer that makes no sense") from None

    def has_blob(self, sha256: str) -> bool:
        """Whether the store has the bytes of this hash."""
        try:
            self._call("HEAD", f"{self._api}{PREFIX}/blobs/{sha256}")
        except NotFound:
            return False
        return True

    def put_blob(self, sha256: str, path: Path) -> None:
        """Streams a file into the store under its hash."""
        headers = {"Content-Length": str(path.stat().st_size)}
        self._call("PUT", f"{self._api}{PREFIX}/blobs/{sha256}", content=_chunks(path), headers=headers)

    def lookup(self, project: str, external_id: str) -> dict[str, Any] | None:
        """Details of the run with this external id, None if there is none. Never reopens it."""
        try:
            params = {"projectName": project, "externalId": external_id}
            return dict(self.get_json(f"{PREFIX}/runs/lookup", params))
        except NotFound:
            return None

    def cancel(self, run: int) -> None:
        """Asks the run to stop."""
        self._call("POST", f"{self._api}{PREFIX}/runs/{run}/cancel")

    def set_aside(self, run: int) -> None:
        """Has the run give its external id up to a new run."""
        self._call("POST", f"{self._api}{PREFIX}/runs/{run}/set-aside")

    def delete_run(self, run: int) -> None:
        """Deletes the run and everything it logged."""
        self._call("DELETE", f"{self._api}{PREFIX}/runs/{run}")

    def create_project(self, name: str, key: str | None, description: str | None) -> dict[str, Any]:
        """Makes a project; 409 where the name or the key is taken."""
        body = {"name": name, "key": key, "description": description}
        return dict(self._json("POST", f"{self._api}{PREFIX}/projects", json=body))

    def delete_project(self, name: str) -> None:
        """Deletes a project and everything in it."""
        self._call("DELETE", f"{self._api}{PREFIX}/projects", params={"name": name})

    def change(self, method: str, path: str, body: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Calls a route of the extensions that changes something, and gives its answer."""
        return self._json(method, f"{self._api}{PREFIX}{path}", json=body, params=params)

    # --- reading ------------------------------------------------------------------------------------------------------

    def get_json(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON at a path of the API."""
        return self._json("GET", self._api + path, params=params)

    def get_packed(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """What a path of the extensions gives, arrays as bytes."""
        return _unpacked(self._call("GET", self._api + path, params=params, headers={"Accept": MSGPACK}))

    def ask_packed(self, path: str, body: Mapping[str, Any]) -> Any:
        """What a path of the extensions answers to a question too long for an address."""
        return _unpacked(self._call("POST", self._api + path, json=body, headers={"Accept": MSGPACK}))

    @contextmanager
    def download(self, url: str) -> Iterator[Iterator[bytes]]:
        """The bytes at a file's address, in pieces; the key goes along to the server itself only."""
        full = httpx.URL(self._api).join(url)
        own = {(one.scheme, one.host, one.port) for one in map(httpx.URL, (self._api, self._ingest))}
        http = self._http if (full.scheme, full.host, full.port) in own else self._plain
        with _network("GET", full):
            with http.stream("GET", full) as response:
                if not response.is_success:
                    response.read()
                    _check(response)
                yield response.iter_bytes(CHUNK_BYTES)

    # ------------------------------------------------------------------------------------------------------------------

    def _sent(self, project: Any) -> Any:
        """What the server calls a project: a stock one keys what is logged by a header, which takes printable ASCII."""
        if not isinstance(project, str) or printable(project) == project:
            return project
        if self._stock is None:
            self.info()
        if not self._stock:
            return project
        sent = log_name(project)
        self._projects[sent] = project
        return sent

    def _place(self, run: int, project: str) -> dict[str, str]:
        # Pluto's own server knows the project by the run.
        return {"X-Run-Id": str(run), "X-Project-Name": printable(self._sent(project))}

    def _named(self, answer: Any) -> Any:
        """The answer with the projects' own names."""
        if not self._projects:
            return answer
        if isinstance(answer, list):
            return [self._named(item) for item in answer]
        if not isinstance(answer, dict):
            return answer
        found = {key: self._named(value) if isinstance(value, list) else value for key, value in answer.items()}
        if found.get("projectName") in self._projects:
            found["projectName"] = self._projects[found["projectName"]]
        return found

    def _opened(self, response: httpx.Response) -> RunAnswer:
        answer = self._as(RunAnswer, response)
        answer.project_name = self._projects.get(answer.project_name or "", answer.project_name)
        return answer

    def _call(self, method: str, url: str, *, http: httpx.Client | None = None, **options: Any) -> httpx.Response:
        for part in ("json", "params"):
            given = options.get(part)
            if isinstance(given, Mapping) and "projectName" in given:
                options[part] = {**given, "projectName": self._sent(given["projectName"])}
        with _network(method, httpx.URL(url)):
            response = (http or self._http).request(method, url, **options)
        _check(response)
        if response.content[:1] == b"<":
            # A page, as a hotel's network or a proxy serves one in the place of any answer.
            raise Unreachable(f"{method} {_shown(response.request.url)}: a web page instead of an answer")
        return response

    def _json(self, method: str, url: str, **options: Any) -> Any:
        response = self._call(method, url, **options)
        try:
            return self._named(response.json())
        except ValueError:
            raise Unreachable(f"{method} {_shown(response.request.url)}: an answer that is not JSON") from None

    @staticmethod
    def _as(type: type[T], response: httpx.Response) -> T:
        try:
            return msgspec.json.decode(response.content, type=type, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError):
            url = _shown(response.request.url)
            raise Unreachable(f"{response.request.method} {url}: an answer that makes no sense") from None


def reason(response: httpx.Response) -> str:
    """What the server says was wrong, at most 500 characters."""
    try:
        body = response.json()
    except ValueError:
        return response.text[:_TEXT_CHARS]
    if isinstance(body, dict):
        parts = [str(body[name]) for name in ("code", "error", "message", "detail") if body.get(name)]
        if parts:
            return ": ".join(parts)[:_TEXT_CHARS]
    return response.text[:_TEXT_CHARS]


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    text = reason(response)
    if status in (401, 403):
        raise Unauthorized(status, text)
    if status == 404:
        raise NotFound(status, text)
    if status in (408, 425, 429) or status >= 500:
        raise Unavailable(status, text)
    if status < 400:
        raise Unreachable(f"{_shown(response.request.url)}: {status}, an answer that makes no sense")
    raise Refused(status, text)


@contextmanager
def _network(method: str, url: httpx.URL) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        heard = not isinstance(error, _UNHEARD)
        raise Unreachable(f"{method} {_shown(url)}: {type(error).__name__}: {error}", heard=heard) from None
    except (UnicodeError, ValueError) as error:
        raise Refused(400, f"{method} {_shown(url)}: this can't be sent: {type(error).__name__}") from None


def _unpacked(response: httpx.Response) -> Any:
    """msgpack, or the JSON of what msgpack can't hold: whole numbers of any size, halves of surrogate pairs."""
    try:
        if MSGPACK in response.headers.get("Content-Type", ""):
            return msgspec.msgpack.decode(response.content)
        return response.json()
    except (msgspec.DecodeError, ValueError):
        request = response.request
        raise Unreachable(f"{request.method} {_shown(request.url)}: an answer that makes no sense") from None


def _shown(url: httpx.URL) -> str:
    return str(url.copy_with(query=None, username=None, password=None))


def _chunks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _member(answer: Any, *names: str) -> Any:
    for name in names:
        if not isinstance(answer, dict) or name not in answer:
            raise Unreachable(f"an answer without {name!r}")
        answer = answer[name]
    return answer
