"""Groups of customers who are one person: which links hold, who is the master, and what the table `merges` says.

The links in force form a forest: every customer but the master of a group is linked to one other of it.
So a group can be taken apart again link by link, and what hung on an undone link goes with it.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

BY_HAND = "by_hand"
RULES = ("exact_email", "exact_phone", "same_identifier", "probabilistic", BY_HAND)
Age = tuple[bool, datetime | None, str]


class Link(NamedTuple):
    """Two customers, why they are thought to be one person, and who decided it when."""

    one: str
    other: str
    rule: str
    score: float
    evidence: str
    run: int
    decided_at: datetime
    author: str


class Merge(NamedTuple):
    """A row of the table `merges`, in the order of its columns."""

    customer_id: str
    master_id: str
    linked_id: str
    rule: str
    score: float
    evidence: str
    run: int
    decided_at: datetime
    author: str
    undone_at: datetime | None
    recorded_at: datetime

    @property
    def in_force(self) -> bool:
        """Whether the row, being its customer's newest, makes another customer the master."""
        return self.undone_at is None and self.master_id != self.customer_id

    @property
    def link(self) -> Link:
        """The link that the row rests on."""
        return Link(
            self.customer_id,
            self.linked_id,
            self.rule,
            self.score,
            self.evidence,
            self.run,
            self.decided_at,
            self.author,
        )


class Groups:
    """Disjoint groups of customers (union–find), and the pairs that a person took apart."""

    def __init__(self, apart: Iterable[frozenset[str]] = ()) -> None:
        self._parent: dict[str, str] = {}
        self._foes: defaultdict[str, set[str]] = defaultdict(set)
        for pair in apart:
            one, other = sorted(pair)
            self._foes[one].add(other)
            self._foes[other].add(one)

    def root(self, customer: str) -> str:
        """The one customer that stands for the group; not its master."""
        parent = self._parent.setdefault(customer, customer)
        while parent != self._parent[parent]:
            self._parent[parent] = self._parent[self._parent[parent]]
            parent = self._parent[parent]
        self._parent[customer] = parent
        return parent

    def together(self, one: str, other: str) -> bool:
        """Whether two customers are in one group."""
        return self.root(one) == self.root(other)

    def hostile(self, one: str, other: str) -> bool:
        """Whether a pair taken apart would come together if both groups did."""
        root, target = self.root(one), self.root(other)
        if len(self._foes.get(root, ())) > len(self._foes.get(target, ())):
            root, target = target, root
        return any(self.root(foe) == target for foe in self._foes.get(root, ()))

    def join(self, one: str, other: str) -> bool:
        """Make one group of two; False where they are one already."""
        root, target = self.root(one), self.root(other)
        if root == target:
            return False
        self._parent[root] = target
        if root in self._foes:
            self._foes[target] |= self._foes.pop(root)
        return True


def state(history: Sequence[Merge]) -> dict[str, Merge]:
    """The newest row of every customer; `history` is in the order of recording."""
    return {row.customer_id: row for row in history}


def links_in_force(history: Sequence[Merge]) -> list[Link]:
    """The links that hold now."""
    return [row.link for row in state(history).values() if row.in_force]


def pairs_apart(history: Sequence[Merge]) -> set[frozenset[str]]:
    """Pairs whose merge was undone and not made again since."""
    apart: set[frozenset[str]] = set()
    for row in history:
        pairs = {frozenset((row.customer_id, other)) for other in (row.linked_id, row.master_id)}
        pairs = {pair for pair in pairs if len(pair) == 2}
        if row.undone_at is not None:
            apart |= pairs
        else:
            apart -= pairs
    return apart


def accept(links: Iterable[Link], groups: Groups) -> tuple[list[Link], list[Link]]:
    """The links that bring two groups together, and those that undone merges forbid; earlier ones go first."""
    taken: list[Link] = []
    refused: list[Link] = []
    for link in links:
        if groups.together(link.one, link.other):
            continue
        if groups.hostile(link.one, link.other):
            refused.append(link)
        else:
            groups.join(link.one, link.other)
            taken.append(link)
    return taken, refused


def next_rows(
    history: Sequence[Merge], links: Iterable[Link], ages: Mapping[str, Age], moment: datetime
) -> list[Merge]:
    """The rows to add so that `links`, a forest, and no others are in force. They are recorded at `moment`."""
    before = state(history)
    wanted = _placed(list(links), ages)
    rows: list[Merge] = []
    for customer in sorted({*wanted, *(name for name, row in before.items() if row.in_force)}):
        old = before.get(customer)
        if customer in wanted:
            master, link = wanted[customer]
            linked = link.other if link.one == customer else link.one
            row = Merge(customer, master, linked, *link[2:], None, moment)
            if old is None or not old.in_force or old[:9] != row[:9]:
                rows.append(row)
        elif old is not None:
            rows.append(old._replace(master_id=customer, linked_id=customer, recorded_at=moment))
    return rows


def undoing(row: Merge, author: str, moment: datetime) -> Merge:
    """The row that undoes `row`."""
    return row._replace(author=author, undone_at=moment, recorded_at=moment)


def after(history: Sequence[Merge], moment: datetime) -> datetime:
    """`moment`, or just after the newest row where the clock stands behind it."""
    return max([moment, *(row.recorded_at + timedelta(microseconds=1) for row in history[-1:])])


def _placed(links: list[Link], ages: Mapping[str, Age]) -> dict[str, tuple[str, Link]]:
    """Every customer but the masters, with the master of the group and the link on the way to it."""
    neighbours: defaultdict[str, list[tuple[str, Link]]] = defaultdict(list)
    for link in links:
        neighbours[link.one].append((link.other, link))
        neighbours[link.other].append((link.one, link))
    # Who was merged into another by hand is not the master, however old.
    given_away = {link.one for link in links if link.rule == BY_HAND}
    oldest = sorted(neighbours, key=lambda customer: (customer in given_away, ages[customer]))
    placed: dict[str, tuple[str, Link]] = {}
    masters: set[str] = set()
    for master in oldest:
        if master in placed:
            continue
        masters.add(master)
        waiting = deque([master])
        while waiting:
            for neighbour, link in neighbours[waiting.popleft()]:
                if neighbour not in placed and neighbour not in masters:
                    placed[neighbour] = (master, link)
                    waiting.append(neighbour)
    return placed
