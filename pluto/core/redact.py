"""Takes secrets out of text that is recorded. What the terminal shows is never touched."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence

REDACTED = "***REDACTED***"
_KEY_LINES = 200
"""A private key that never ends stops hiding lines after so many."""

_NAMES = (
    r"(?:api|access|auth|secret|private|account|encryption|client|session|refresh|id)[_-]?(?:access[_-]?)?(?:key|token|secret)"
    r"|password|passwd|passphrase|secret"
)


# Every repetition is of one character class that can't match what follows it, or is bounded: matching stays linear.
@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Made when the first line needs them: that takes a few milliseconds, and a run's start shall not.
    return (
        # scheme://user:password@host
        (re.compile(r"(://[^\s/:@?#]{0,256}:)[^\s/@]{1,1024}(?=@)"), rf"\1{REDACTED}"),
        # Authorization: Bearer …
        (re.compile(r"\b(bearer|basic)(\s{1,8})[A-Za-z0-9._~+/=-]{6,4096}", re.I), rf"\1\2{REDACTED}"),
        # NAME_API_KEY=…, "password": "…"
        (
            re.compile(rf"((?:{_NAMES})[\"']?\s{{0,3}}[=:]\s{{0,3}}[\"']?)(?!\*\*\*)[^\s\"',;}})\]&]{{4,4096}}", re.I),
            rf"\1{REDACTED}",
        ),
        # --password …, --api-key …
        (
            re.compile(rf"(--?(?:[\w-]{{0,40}}[_-])?(?:{_NAMES})\s{{1,3}})(?![-*])[^\s]{{4,4096}}", re.I),
            rf"\1{REDACTED}",
        ),
        # ?token=…, presigned URLs
        (
            re.compile(
                r"([?&](?:x-amz-(?:signature|credential|security-token)|sig|signature|token|key)=)[^\s&\"'*]{4,4096}",
                re.I,
            ),
            rf"\1{REDACTED}",
        ),
        # Keys with a shape of their own.
        (
            re.compile(
                r"(?<![A-Za-z0-9_-])(?:"
                r"mlp[si]_[A-Za-z0-9_-]{8,128}"
                r"|(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])"
                r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{20,128}"
                r"|sk-[A-Za-z0-9_-]{20,256}|[srp]k_(?:live|test)_[A-Za-z0-9]{16,128}"
                r"|hf_[A-Za-z0-9]{20,128}|wandb_v1_[A-Za-z0-9_-]{16,128}"
                r"|xox[abeoprs]-[A-Za-z0-9-]{10,256}"
                r"|pypi-[A-Za-z0-9_-]{16,512}|npm_[A-Za-z0-9]{20,128}"
                r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9._-]{20,512}"
                r"|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}"
                r"|eyJ[A-Za-z0-9_-]{16,8192}(?:\.[A-Za-z0-9_-]{4,8192}){0,2}={0,2}"
                r")"
            ),
            REDACTED,
        ),
        (re.compile(r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----.{0,16384}"), REDACTED),
    )


_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----")
_KEY_END = "PRIVATE KEY-----"
_SUSPECT = re.compile(r"://|[=:?-]|key|token|pass|secret|bearer|basic|_|AKIA|ASIA|AIza|eyJ|sk-|SG\.|ya29", re.I)


class Redactor:
    """Redacts the lines of one stream; a private key may stretch over several.

    `secrets` are taken out wherever they stand.
    """

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._secrets = [secret for secret in secrets if secret and len(secret) >= 4]
        self._key_lines = 0

    def line(self, line: str) -> str:
        """The line without its secrets."""
        if self._key_lines:
            ended = _KEY_END in line or self._key_lines >= _KEY_LINES
            self._key_lines = 0 if ended else self._key_lines + 1
            return REDACTED
        for secret in self._secrets:
            line = line.replace(secret, REDACTED)
        if not _SUSPECT.search(line):
            return line
        begin = _KEY_BEGIN.search(line)
        if begin and "-----END" not in line[begin.end() :]:
            self._key_lines = 1
        for pattern, replacement in _patterns():
            line = pattern.sub(replacement, line)
        return line


def redact(text: str, *secrets: str | None) -> str:
    """The text, line by line, without its secrets."""
    redactor = Redactor(secrets)
    return "\n".join(redactor.line(line) for line in text.split("\n"))


def arguments(command: Sequence[str]) -> list[str]:
    """A command line without its secrets: also the word after `--api-key` and its like."""
    clean = []
    hide = False
    for word in command:
        clean.append(REDACTED if hide else redact(word))
        hide = bool(_SECRET_FLAG.fullmatch(word))
    return clean


_SECRET_FLAG = re.compile(rf"--?(?:[\w-]{{0,40}}[_-])?(?:{_NAMES}|token|key)", re.I)
