"""Files of comma separated values, read in pieces that end with a line: with pyarrow where it is there."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import zlib
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.tables.columns import Arrow, Cells, Column
from pluto_migration.sources.tables.piece import Piece, TableFile, unlike

_PIECE: Final = 1 << 20
_LONGEST: Final = 64 << 20
"""Bytes of a line that is still read."""
_PATIENCE: Final = 8 << 20
"""Bytes in which a quote is looked for that ends another."""
_SEPARATORS: Final = ",;\t|"
_TRIED: Final = 1000
"""Ends of lines that are looked at for one that is not within quotes."""


class CsvFile(TableFile):
    """A file with a line of names first. Quotes are `"`; cells may hold ends of lines within them."""

    def __init__(self, path: Path, separator: str | None = None, decimal: str = ".", encoding: str = "utf-8") -> None:
        super().__init__(path)
        self._separator = separator
        self._decimal = decimal
        self._encoding = encoding
        self._head: tuple[list[str], str] | None = None

    def names(self) -> Sequence[str]:
        """Of its first line; one that is there before, or missing, gets another name."""
        return self._header()[0]

    def pieces(
        self, problems: Problems, columns: Collection[str] | None = None, wanted: AbstractSet[int] | None = None
    ) -> Iterator[Piece]:
        """Lines with too many or too few cells are noted and left out."""
        names, separator = self._header()
        parse = _parsed_by_arrow if importlib.util.find_spec("pyarrow") else _parsed
        try:
            with self._opened() as file:
                for number, data in enumerate(self._blocks(file, problems)):
                    if wanted is not None and number not in wanted:
                        continue
                    if number == 0:
                        data = data[len(_first_record(data)) :]
                    data = self._as_utf8(data)
                    if not data.strip():
                        continue
                    found, rows, odd = parse(data, names, separator, self._decimal)
                    for count in odd:
                        problems.note(self.path, f"a line of {count} cells in the place of {len(names)} is left out")
                    kept = {name: one for name, one in found.items() if columns is None or name in columns}
                    yield Piece(number, rows, kept)
        except (OSError, EOFError, zlib.error) as error:
            problems.note(self.path, f"the rest of it can't be read: {error}")

    def _header(self) -> tuple[list[str], str]:
        if self._head is None:
            try:
                with self._opened() as file:
                    first = next(self._blocks(file), b"")
            except (OSError, EOFError, zlib.error) as error:
                raise SourceError(f"{self.path} can't be read: {error}") from error
            if first.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in first[:1000]:
                raise SourceError(f"{self.path} is no text in UTF-8; save it as such, or as CSV")
            line = self._as_utf8(_first_record(first)).decode().removeprefix("\ufeff")
            separator = self._separator or max(_SEPARATORS, key=lambda one: (line.count(one), -_SEPARATORS.index(one)))
            try:
                cells = next(csv.reader(io.StringIO(line, newline=""), delimiter=separator), [])
            except csv.Error as error:
                raise SourceError(f"{self.path} can't be read: {error}") from error
            names = [cell.strip() for cell in cells]
            if names and not names[0]:
                names[0] = "index"  # of a frame that pandas wrote
            self._head = unlike(names), separator
        return self._head

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        with self.path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield cast(BinaryIO, unpacked)
            else:
                yield file

    def _blocks(self, file: BinaryIO, problems: Problems | None = None) -> Iterator[bytes]:
        """The file, cut where a line ends that is not within quotes."""
        kept = b""
        while piece := file.read(_PIECE):
            kept += piece
            end = _end_of_lines(kept)
            if not end and len(kept) > _PATIENCE:
                end = kept.rfind(b"\n") + 1
                if problems is not None and end:
                    problems.note(self.path, "a quote has no other that ends it: lines behind it may be in its cell")
            if end:
                yield kept[:end]
                kept = kept[end:]
            elif len(kept) > _LONGEST:
                raise OSError(f"a line of more than {_LONGEST} bytes")
        if kept:
            yield kept

    def _as_utf8(self, data: bytes) -> bytes:
        try:
            text = data.decode(self._encoding)
        except UnicodeDecodeError:
            text = data.decode(self._encoding, "backslashreplace")
        except LookupError as error:
            raise SourceError(f"--set encoding={self._encoding}: unknown") from error
        else:
            if self._encoding.lower() in ("utf-8", "utf8"):
                return data
        return text.encode("utf-8", "backslashreplace")


def _end_of_lines(data: bytes) -> int:
    """Where the last line ends that is not within quotes, 0 for nowhere."""
    end = len(data)
    quotes = data.count(b'"')
    for _ in range(_TRIED):
        before = data.rfind(b"\n", 0, end) + 1
        if before == 0:
            return 0
        quotes -= data.count(b'"', before, end)
        if quotes % 2 == 0:
            return before
        end = before - 1
    return 0


def _first_record(data: bytes) -> bytes:
    end = 0
    while True:
        found = data.find(b"\n", end)
        if found < 0:
            return data
        end = found + 1
        if data.count(b'"', 0, end) % 2 == 0:
            return data[:end]


def _parsed_by_arrow(
    data: bytes, names: Sequence[str], separator: str, decimal: str
) -> tuple[dict[str, Column], int, list[int]]:
    import pyarrow as pa
    import pyarrow.csv as arrow

    odd: list[int] = []

    def left_out(row: object) -> str:
        odd.append(row.actual_columns)  # type: ignore[attr-defined]  # of pyarrow, which has no types
        return "skip"

    numbered = [str(place) for place in range(len(names))]
    try:
        table = arrow.read_csv(
            io.BytesIO(data),
            arrow.ReadOptions(column_names=numbered, block_size=len(data) + 1),
            arrow.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=left_out, ignore_empty_lines=True
            ),
            arrow.ConvertOptions(
                column_types=dict.fromkeys(numbered, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowException:
        return _parsed(data, names, separator, decimal)
    columns = {name: Arrow(table.column(place), decimal) for place, name in enumerate(names)}
    return dict(columns), table.num_rows, odd


def _parsed(
    data: bytes, names: Sequence[str], separator: str, decimal: str
) -> tuple[dict[str, Column], int, list[int]]:
    odd: list[int] = []
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(data.decode("utf-8", "backslashreplace"), newline=""), delimiter=separator)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:
            odd.append(0)
            continue
        if not row:
            continue
        if len(row) == len(names):
            rows.append(row)
        else:
            odd.append(len(row))
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return {name: Cells(cells[place], decimal) for place, name in enumerate(names)}, len(rows), odd
