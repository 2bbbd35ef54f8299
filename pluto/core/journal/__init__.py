"""The journal: what a training process logged, on disk before `log()` returns, in segments of SQLite."""

from pluto.core.journal.blobs import BlobFolder, Placed
from pluto.core.journal.reader import Batch, Damage, Reader, Row
from pluto.core.journal.writer import Journal

__all__ = ["Batch", "BlobFolder", "Damage", "Journal", "Placed", "Reader", "Row"]
