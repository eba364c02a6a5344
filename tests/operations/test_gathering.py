"""What several threads want at once is done together, each is told its own, and nobody is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from time import sleep

import pytest

from releasedesk.operations.gathering import Gathering


class Doubling:
    """Doubles numbers, notes what it was given at a time, and can be made to wait."""

    def __init__(self, at_most: int = 100, lanes: int = 1) -> None:
        self.seen: list[list[int]] = []
        self.lanes: list[int] = []
        self.is_busy, self.may_go_on = Event(), Event()
        self.gathering = Gathering(self.do, lanes=lanes, at_most=at_most)

    def do(self, numbers: Sequence[int], lane: int) -> list[int]:
        self.seen.append(list(numbers))
        self.lanes.append(lane)
        self.is_busy.set()
        assert self.may_go_on.wait(10)
        if 13 in numbers:
            raise ValueError(numbers)
        return [2 * number for number in numbers]

    def asked_meanwhile(self, wishes: Sequence[tuple[str, int]]) -> list[int | None]:
        """Ask for these while a first one, of 0, is under way; in the order given."""
        with ThreadPoolExecutor(len(wishes) + 1) as pool:
            first = pool.submit(self.gathering, "a", 0)
            assert self.is_busy.wait(10)
            others = []
            for place, wish in enumerate(wishes, start=1):
                others.append(pool.submit(self.gathering, *wish))
                while len(self.gathering.waiting) < place:
                    pass
            self.may_go_on.set()
            assert first.result(10) == 0
            return [other.result(10) for other in others]


def test_what_is_asked_meanwhile_is_done_together_and_everybody_is_told_their_own() -> None:
    doubling = Doubling()
    assert doubling.asked_meanwhile([("a", 1), ("a", 2), ("a", 3)]) == [2, 4, 6]
    assert sorted(map(len, doubling.seen)) == [1, 3]


def test_only_what_is_of_one_kind_is_done_together() -> None:
    doubling = Doubling()
    assert doubling.asked_meanwhile([("a", 1), ("b", 2), ("a", 3), ("b", 4)]) == [2, 4, 6, 8]
    assert sorted(sorted(numbers) for numbers in doubling.seen) == [[0], [1, 3], [2, 4]]


def test_no_more_than_so_many_are_done_at_a_time() -> None:
    doubling = Doubling(at_most=2)
    assert doubling.asked_meanwhile([("a", number) for number in range(1, 6)]) == [2, 4, 6, 8, 10]
    assert max(map(len, doubling.seen)) == 2


def test_who_is_alone_waits_for_nobody() -> None:
    doubling = Doubling()
    doubling.may_go_on.set()
    assert [doubling.gathering("a", number) for number in (1, 2)] == [2, 4]
    assert doubling.seen == [[1], [2]]


def test_a_failure_is_told_to_the_one_whose_turn_it_was_and_the_others_know_of_no_answer() -> None:
    doubling = Doubling()
    doubling.may_go_on.set()
    with pytest.raises(ValueError, match="13"):
        doubling.gathering("a", 13)
    assert doubling.gathering("a", 1) == 2, "the next is not held up"

    failing = Doubling()
    answers: list[object] = []

    def ask(number: int) -> None:
        try:
            answers.append(failing.gathering("a", number))
        except ValueError:
            answers.append("failed")

    threads = [Thread(target=ask, args=(number,)) for number in (0, 13, 2)]
    threads[0].start()
    assert failing.is_busy.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(failing.gathering.waiting) < 2:
        pass
    failing.may_go_on.set()
    for thread in threads:
        thread.join(10)
    assert sorted(map(str, answers)) == ["0", "None", "failed"]


def test_a_second_lane_opens_as_soon_as_two_wait() -> None:
    doubling = Doubling(lanes=2)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(doubling.gathering, "a", 0)]
        assert doubling.is_busy.wait(10)
        asked.append(pool.submit(doubling.gathering, "a", 1))
        while not doubling.gathering.waiting:
            pass
        assert doubling.seen == [[0]], "one alone waits for the first"
        asked.append(pool.submit(doubling.gathering, "a", 2))
        while len(doubling.seen) < 2:
            pass
        assert sorted(doubling.seen[1]) == [1, 2]
        asked.append(pool.submit(doubling.gathering, "a", 3))
        while not doubling.gathering.waiting:
            pass
        doubling.may_go_on.set()
        assert [each.result(10) for each in asked] == [0, 2, 4, 6]
    assert doubling.seen[2:] == [[3]], "with both lanes busy it waited"
    assert set(doubling.lanes) == {0, 1}


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_in_one_lane_there_are_never_two_at_a_time(lanes: int) -> None:
    busy: list[int] = []
    collided: list[int] = []

    def do(numbers: Sequence[int], lane: int) -> list[int]:
        if lane in busy:
            collided.append(lane)
        busy.append(lane)
        sleep(0.0002)
        busy.remove(lane)
        return [2 * number for number in numbers]

    gathering = Gathering(do, lanes=lanes, at_most=3)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: gathering("a", number), range(500)))
    assert answers == [2 * number for number in range(500)]
    assert not collided
    assert not gathering.waiting


@pytest.mark.parametrize("lanes", [1, 2])
def test_every_one_of_many_is_told_its_own(lanes: int) -> None:
    doubling = Doubling(lanes=lanes)
    doubling.may_go_on.set()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: doubling.gathering("a", number), range(100, 1100)))
    assert answers == [2 * number for number in range(100, 1100)]
    assert sorted(number for numbers in doubling.seen for number in numbers) == list(range(100, 1100))
