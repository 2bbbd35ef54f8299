"""The names a run goes by: number, display id, and the short id of its web address."""

from __future__ import annotations

import re
import string

from sqids import Sqids

_SQIDS = Sqids(alphabet=string.ascii_lowercase + string.ascii_uppercase + string.digits, min_length=5)
_DISPLAY_ID = re.compile(r"([A-Za-z0-9]+)-([0-9]{1,9})")
_SEPARATORS = re.compile(r"[-_\s.]+")

PREFIX_MAX = 4


def run_prefix(project: str) -> str:
    """The start of the display ids of a project's runs: `my-ml-project` gives `MMP`, `training` gives `TRA`.

    Of a name with slashes what is behind the last one counts.
    """
    words = [word for word in _SEPARATORS.split(project.rpartition("/")[2]) if word]
    if not words:
        return "RUN"
    if len(words) == 1:
        letters = words[0][:3]
    else:
        letters = "".join(word[0] for word in words)
        if len(letters) < 3:
            letters = letters[:-1] + words[-1][: 3 - len(letters) + 1]
    # Anything else would not be found again by the pattern of display ids.
    letters = "".join(letter for letter in letters.upper() if letter in string.ascii_uppercase + string.digits)
    return letters[:PREFIX_MAX] or "RUN"


def parse_display_id(text: str) -> tuple[str, int] | None:
    """Prefix and number of `MMP-12`, None for anything else."""
    match = _DISPLAY_ID.fullmatch(text)
    return (match[1].upper(), int(match[2])) if match else None


def encode_sqid(run: int) -> str:
    return _SQIDS.encode([run])


def decode_sqid(text: str) -> int | None:
    """The run's number, None for a text that no run's number gives."""
    if len(text) > 20 or not text.isascii() or not text.isalnum():
        return None
    numbers = _SQIDS.decode(text)
    if len(numbers) != 1 or numbers[0] >> 63 or _SQIDS.encode(numbers) != text:
        return None
    return numbers[0]
