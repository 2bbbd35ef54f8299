"""Names for runs that were given none."""

from __future__ import annotations

import secrets
import string

_ADJECTIVES = (
    "able amber apt brisk candid cheery crimson dapper deep dusky early fleet fond frank gentle glad golden grand hardy"
    " hazel ivory jolly keen kind lively loyal lucid mellow merry mild misty modest noble novel olive patient plucky"
    " prime proud quick quiet rapid rosy rustic sandy serene sharp silver smooth snug sober solid spry stellar sunny"
    " tidy tranquil true velvet vivid warm wise witty zesty"
).split()
_NOUNS = (
    "acorn anchor aspen aurora badger bay beacon birch brook cedar cliff comet coral crane creek delta dune elm ember"
    " falcon fern fjord garnet glade grove harbor hare heron hill iris island ivy jade kestrel lagoon lake lark laurel"
    " maple marsh meadow meteor moss nebula oak orbit otter peak pebble pine plain pond quartz reef ridge river robin"
    " sage shore sparrow spruce summit thistle tide valley willow wren"
).split()
_SUFFIX_LETTERS = 5


def generate_run_id() -> str:
    """A readable id nobody else has, such as `sunny-otter-x3k9q`. Seeding `random` does not change it."""
    letters = string.ascii_lowercase + string.digits
    suffix = "".join(secrets.choice(letters) for _ in range(_SUFFIX_LETTERS))
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_NOUNS)}-{suffix}"


def external_id() -> str:
    """The identity of a new run: 16 letters and digits nobody else has."""
    letters = string.ascii_lowercase + string.digits
    return "".join(secrets.choice(letters) for _ in range(16))
