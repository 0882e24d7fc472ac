"""What one mailbox counts, on its owner's thread and on others, while it lives and behind its end."""

from __future__ import annotations

import threading

from peerbus.actors import ActorStopped, MailboxFull
from peerbus.actors.mailbox.ledger import Tally
from peerbus.actors.mailbox.mailbox_account import MailboxAccount


def on_another_thread(account: MailboxAccount) -> None:
    def act() -> None:
        account.refuse(MailboxFull("full"))
        account.count_outside("dropped", "drop_newest")

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def owned() -> MailboxAccount:
    account = MailboxAccount()
    account.owner = threading.get_ident()
    return account


def test_a_send_is_counted_with_its_end_on_whatever_thread() -> None:
    account = owned()
    account.refuse(MailboxFull("full"))
    on_another_thread(account)
    found = account.account
    assert (found.sent, found.delivered, found.failed, found.dropped) == (
        3,
        1,
        {"mailbox_full": 2},
        {"drop_newest": 1},
    )
    assert found.balanced


def test_what_waits_is_pending() -> None:
    account = owned()
    account.kept_out = account.waiting = 1
    assert account.account.pending == 1
    assert account.account.balanced


def test_a_handler_that_failed_is_counted_by_reason() -> None:
    account = owned()
    account.count_undone("handler_failed")
    account.count_undone("handler_failed")
    assert account.account.undone == {"handler_failed": 2}


def test_behind_the_end_all_goes_to_the_tally() -> None:
    account, tally = owned(), Tally()
    account.refuse(MailboxFull("full"))
    account.settle(tally)
    account.settle(tally)  # once
    account.refuse(ActorStopped("over"))
    account.count_late("actor_stopped")
    on_another_thread(account)
    found = tally.account
    assert found.failed == {"mailbox_full": 2, "actor_stopped": 1}
    assert (found.sent, found.delivered, found.dropped) == (4, 1, {"actor_stopped": 1})
    assert found.balanced


def test_what_was_kept_out_and_has_no_end_shows_in_the_account() -> None:
    account = owned()
    account.delivered = 2
    account.kept_out = 1
    found = account.account
    assert (found.sent, found.delivered, found.pending, found.failed) == (3, 2, 0, {})
    assert not found.balanced, "one that was sent is neither here nor refused nor does it wait"
