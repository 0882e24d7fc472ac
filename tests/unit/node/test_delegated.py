"""A delegated property is got once, and may be overridden."""

from __future__ import annotations

from collections.abc import Callable

from peerbus.node.delegated import Delegated


class Shop:
    def __init__(self) -> None:
        self.asked = 0

    @Delegated
    def sell(self) -> Callable[[str], str]:
        """Sell something."""
        self.asked += 1
        return lambda what: f"sold {what}"


class Dear(Shop):
    def sell(self, what: str) -> str:
        return super().sell(what).replace("sold", "sold dearly")


def test_it_is_looked_up_once_for_each_instance() -> None:
    shop, other = Shop(), Shop()
    assert [shop.sell("a"), shop.sell("b"), other.sell("c")] == ["sold a", "sold b", "sold c"]
    assert (shop.asked, other.asked) == (1, 1)
    assert "sell" in shop.__dict__


def test_a_subclass_that_overrides_it_is_not_passed_by() -> None:
    dear = Dear()
    assert [dear.sell("a"), dear.sell("b")] == ["sold dearly a", "sold dearly b"]
    assert "sell" not in dear.__dict__


def test_of_the_class_it_is_itself() -> None:
    assert isinstance(Shop.sell, Delegated)
    assert Shop.sell.__doc__ == "Sell something."
