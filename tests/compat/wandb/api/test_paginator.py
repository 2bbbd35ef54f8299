"""Sequences that are read page by page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pluto.compat.wandb.apis.paginator import SizedPaginator


class Numbers(SizedPaginator[int]):
    def __init__(self, count: int, per_page: int = 3, start: str | None = None) -> None:
        self.count = count
        self.read = 0
        super().__init__(None, {"what": "numbers"}, per_page, start)

    def _source(self) -> Iterator[int]:
        for number in range(self.count):
            self.read = number + 1
            yield number


def test_only_what_is_asked_for_is_read() -> None:
    numbers = Numbers(100)
    assert numbers.read == 0
    assert numbers[0] == 0
    assert numbers.read == 3
    assert numbers[4] == 4
    assert numbers.read == 6
    assert next(iter(numbers)) == 0
    assert numbers[2:5] == [2, 3, 4]
    assert numbers.read == 6


def test_all_ways_to_the_end() -> None:
    for count in (0, 1, 3, 7):
        assert list(Numbers(count)) == list(range(count))
        assert len(Numbers(count)) == count
        assert Numbers(count)[:] == list(range(count))
        assert Numbers(count)[-2:] == list(range(count))[-2:]
        assert Numbers(count)[::-1] == list(range(count))[::-1]
    assert Numbers(7)[-1] == 6
    with pytest.raises(IndexError):
        Numbers(7)[7]


def test_it_is_read_once_and_can_be_gone_through_again() -> None:
    numbers = Numbers(7)
    assert list(numbers) == list(numbers)
    assert numbers.objects == list(range(7))
    assert not numbers.more


def test_a_cursor_goes_on_where_another_has_stopped() -> None:
    first = Numbers(7)
    assert first.cursor is None
    assert first[2] == 2
    assert list(Numbers(7, start=first.cursor)) == [3, 4, 5, 6]
    assert len(Numbers(7, start=first.cursor)) == 7


@pytest.mark.parametrize("start", ["x", "-1", ""])
def test_a_cursor_that_is_none(start: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        Numbers(3, start=start)


def test_a_page_holds_something() -> None:
    with pytest.raises(ValueError, match="per_page"):
        Numbers(3, per_page=0)
