"""The chain of hashes, checked by arithmetic of its own: what the database could be talked into is not trusted."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain, and the text of the entry that stands there."""

    seq: int
    entry_id: int
    prev_hash: str
    hash: str
    text: str  # as `audit_text` of migration 0002 makes it


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the chain's end was once, kept elsewhere: only this shows that later entries were cut off."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was found; `faults` are sentences, empty for a chain that holds."""

    count: int
    head: str
    faults: tuple[str, ...]
    anchored: bool

    @property
    def holds(self) -> bool:
        """Whether no fault was found."""
        return not self.faults


MAX_FAULTS = 20  # after the first, one rewritten chain makes every later link wrong too


def verify(links: Iterable[Link], *, unlinked: int, anchors: Mapping[int, Anchor]) -> ChainReport:
    """Walk the chain from its first link and report what does not hold."""
    faults: list[str] = []
    if unlinked:
        faults.append(f"{unlinked} entries stand outside the chain: they were put in around the trigger.")
    seq, head = 0, GENESIS
    for link in links:
        faults += _faults_of(link, seq + 1, head, anchors)
        seq, head = link.seq, link.hash
    faults += [
        f"The chain ends at {seq}, but was seen to reach {anchor.seq}: its end was cut off."
        for anchor in anchors.values()
        if anchor.seq > seq
    ]
    return ChainReport(count=seq, head=head, faults=tuple(faults[:MAX_FAULTS]), anchored=bool(anchors))


def _faults_of(link: Link, expected: int, head: str, anchors: Mapping[int, Anchor]) -> list[str]:
    faults = []
    if link.seq != expected:
        faults.append(f"Link {expected} is missing; {link.seq} follows.")
    if link.prev_hash != head:
        faults.append(f"Link {link.seq} does not follow the link before it.")
    if hashlib.sha256(link.text.encode()).hexdigest() != link.hash:
        faults.append(f"Link {link.seq} does not match entry {link.entry_id}: one of them was changed.")
    anchor = anchors.get(link.seq)
    if anchor is not None and anchor.hash != link.hash:
        faults.append(f"Link {link.seq} is not the one that was seen there: the chain was made anew.")
    return faults
