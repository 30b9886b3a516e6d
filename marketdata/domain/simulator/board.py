"""The listed options as columns, so that a whole market is priced at once."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from allcore.kernel.instruments import OptionContract, Right
from marketdata.domain.pricing import Flags, Floats
from marketdata.domain.simulator import world
from marketdata.domain.simulator.ladder import Ladders

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Board:
    """One entry an option in every column; `name` indexes `world.NAMES`, `expiry` `expiries`; strikes in dollars."""

    contracts: tuple[OptionContract, ...]
    symbols: tuple[str, ...]
    expiries: tuple[date, ...]
    name: Integers
    expiry: Integers
    strike: Floats
    is_call: Flags
    mark: Words

    @property
    def size(self) -> int:
        """How many options there are."""
        return len(self.symbols)


def board_of(ladders: Ladders) -> Board:
    """Return the board of the listed strikes, a call and a put each."""
    names = {name.symbol: (index, name) for index, name in enumerate(world.NAMES)}
    expiries = tuple(sorted({expiry for _, expiry in ladders}))
    listed = [
        (names[symbol][0], expiries.index(expiry), OptionContract(symbol, expiry, right, Decimal(strike).scaleb(-2)))
        for (symbol, expiry), ladder in sorted(ladders.items())
        for strike in ladder.strikes(names[symbol][1].strike_step, names[symbol][1].fine_step)
        for right in Right
    ]
    contracts = tuple(contract for _, _, contract in listed)
    symbols = tuple(contract.symbol for contract in contracts)
    return Board(
        contracts=contracts,
        symbols=symbols,
        expiries=expiries,
        name=np.array([n for n, _, _ in listed], dtype=np.int64),
        expiry=np.array([e for _, e, _ in listed], dtype=np.int64),
        strike=np.array([float(c.strike) for c in contracts]),
        is_call=np.array([c.right is Right.CALL for c in contracts], dtype=np.bool_),
        mark=np.array([crc32(s.encode()) for s in symbols], dtype=np.uint64),
    )


def uniform(mark: Words, number: Integers | int) -> Floats:
    """Return for each mark and number a fraction in [0, 1), always the same one.

    Source: Steele, Lea and Flood, SplitMix64, 2014.
    """
    with np.errstate(over="ignore"):
        word = mark + (np.asarray(number, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word ^= word >> np.uint64(31)
    fraction: Floats = (word >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return fraction
