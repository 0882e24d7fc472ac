"""The stop flag is an event, whichever thread sets it and whenever others began to wait."""

from __future__ import annotations

import threading

from peerbus.actors.base.stop_flag import StopFlag


def test_it_is_set_once_and_says_so() -> None:
    flag = StopFlag()
    assert not flag.is_set()
    assert "not stopped" in repr(flag)
    flag.set()
    flag.set()
    assert flag.is_set()
    assert flag.wait()
    assert "not" not in repr(flag)


def test_a_wait_that_ends_by_its_time_says_that_it_has_not_stopped() -> None:
    assert StopFlag().wait(0) is False


def test_all_that_wait_are_woken() -> None:
    flag, woken = StopFlag(), []
    threads = [threading.Thread(target=lambda: woken.append(flag.wait(60))) for _ in range(4)]
    for thread in threads:
        thread.start()
    flag.set()
    for thread in threads:
        thread.join(60)
    assert woken == [True] * 4


def test_without_a_waiter_it_makes_no_lock() -> None:
    flag = StopFlag()
    flag.set()
    assert vars(flag) == {"flag": True, "_event": None}
