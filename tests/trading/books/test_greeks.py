"""What positions are exposed to, together."""

import pytest

from allcore.kernel.quotes import Greeks
from trading.domain.greeks import OF_A_SHARE, net_greeks

PUT = Greeks(price=3.0, iv=0.5, delta=-0.30, gamma=0.01, theta=-0.20, vega=0.10, rho=0.0)


def test_greeks_add_up_over_options_and_shares() -> None:
    net = net_greeks([(-200, PUT), (100, OF_A_SHARE)])

    assert net is not None
    assert (net.delta, net.gamma, net.theta, net.vega) == pytest.approx((160.0, -2.0, 40.0, -20.0))


def test_nothing_held_is_exposed_to_nothing() -> None:
    net = net_greeks([])

    assert net is not None
    assert (net.delta, net.gamma, net.theta, net.vega) == (0.0, 0.0, 0.0, 0.0)


def test_one_unknown_makes_the_sum_unknown() -> None:
    assert net_greeks([(-200, PUT), (-100, None)]) is None
