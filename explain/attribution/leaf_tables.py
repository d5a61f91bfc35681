"""Trees against a background as flat arrays, ready for the interventional kernel.

What depends on the background is worked out here once: for every pool of leaves and every key a
row may have there, what each feature gets. A row then costs its keys and one look into each table,
however many rows the background has.

Tables for many features are large, and there is a most for all tables together. Beyond it, pools
are taken apart, and their leaves keep one sum for each key instead of all amounts; if that is too
much too, what the background does at the leaves with most features is listed instead.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..tree import Reading, Tree, UnsupportedForestError
from ..values import ADDITIVITY_TOLERANCE
from .forest import LANES, aligned
from .leaf_cells import CutTree, KeyOf, Leaf, Pool, Question, cut, key_of, pools_of
from .leaf_games import Answers, LeafGame, games_of, weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TABLE_NUMBERS_MAX = 8_000_000
"""The most numbers in all tables of a model together: 64 MB."""

LEAVES_MAX, LISTED_LEAVES_MAX = 100_000, 20_000
"""The most leaves of a model, and the most for which there may be no table. Forests of trees that
nobody pruned have more; they would take minutes to build and more memory than a service has."""

POOL_COST, SUMS_COST, LIST_COST = 1.0, 3.0, 60.0
"""What a look into a pool's table takes, one into a leaf's sums, and a game at a listed leaf."""

Fill = Callable[..., Any]
"""Compiled code that fills the room it is given."""


class Tables(NamedTuple):
    """An ensemble against a background, tree behind tree.

    ``asked`` names for each question the column it compares with its threshold; a column is a
    feature with a Reading. ``sets`` are the questions about codes; bit n of their words tells
    whether code n is a member. A pool's key is its ``origin`` and the change of each of its
    ``terms`` that is answered with yes; ``table`` is where its numbers begin, one for each of its
    features, key after key. A summed leaf has a sum a key there, and the share of its value
    for which background rows ``arrived``. A listed leaf has instead its ``others``: where
    background rows are led away, and the share of its value they stand for. ``weights`` are those
    of sizes, ``sizes`` times ``sizes`` many. ``questions`` is the most that any tree asks.
    """

    trees: "NDArray[Any]"
    asked: "NDArray[np.int32]"
    thresholds: "NDArray[np.float64]"
    sets: "NDArray[Any]"
    words: "NDArray[np.uint64]"
    columns: "NDArray[Any]"
    pools: "NDArray[Any]"
    summed: "NDArray[Any]"
    listed: "NDArray[Any]"
    terms: "NDArray[Any]"
    features: "NDArray[np.int32]"
    table: "NDArray[np.float64]"
    others: "NDArray[Any]"
    weights: "NDArray[np.float64]"
    sizes: int
    questions: int

    @property
    def octets(self) -> int:
        """How much memory the arrays take, in bytes."""
        return sum(part.nbytes for part in self if not isinstance(part, int))


class _Chosen(NamedTuple):
    """Of one tree: pools that get tables, leaves that get sums; all other leaves are listed."""

    pools: list[Pool]
    summed: list[Leaf]

    @property
    def size(self) -> int:
        """How many numbers that takes."""
        return sum(pool.size for pool in self.pools) + sum(map(_sums_size, self.summed))


class _Layout:
    """The arrays while trees are added."""

    def __init__(self, numbers: int, compiled: Any) -> None:
        self.table = aligned(numbers + LANES)
        self.table[:] = 0.0
        self._compiled = compiled
        self._trees: list[tuple[int, ...]] = []
        self._asked: list[int] = []
        self._thresholds: list[float] = []
        self._sets: list[tuple[int, ...]] = []
        self._words: list[int] = []
        self._columns: dict[tuple[int, Reading], int] = {}
        self._pools: list[tuple[float, ...]] = []
        self._summed: list[tuple[float, ...]] = []
        self._listed: list[tuple[float, ...]] = []
        self._terms: list[tuple[float, int]] = []
        self._features: list[int] = []
        self._others: list[tuple[int, float]] = []
        self._numbers = 0
        self._questions = 1

    def add(self, told: CutTree, chosen: _Chosen, games: Iterable[LeafGame]) -> None:
        """Lay one tree behind the others."""
        kinds: list[list[Any]] = [self._sets, self._pools, self._summed, self._listed]
        starts = [len(kind) for kind in kinds]
        first, asked = len(self._asked), dict[Question, int]()
        left = {id(game.leaf): game for game in games if game.leaf.allowed}
        for pool in chosen.pools:
            of_key = self._key(key_of(pool, told.bins), asked, pool.cells)
            self._pools.append((of_key[0], self._numbers, *of_key[1:]))
            room = self._room(pool.size).reshape(pool.keys, len(pool.cells))
            for leaf in pool.leaves:
                _add_leaf(room, pool, left.pop(id(leaf)), self._compiled.add_leaf)
        for leaf in chosen.summed:
            self._add_summed(left.pop(id(leaf)), asked)
        for game in left.values():
            self._add_listed(game, asked)
        for question, place in asked.items():
            self._add_question(question, place)
        self._asked += [0] * (-len(asked) % LANES)  # what is read eight at a time ends with eight
        self._thresholds += [0.0] * (-len(asked) % LANES)
        counts = [len(kind) - start for kind, start in zip(kinds, starts, strict=True)]
        self._trees.append((first, *starts, len(asked), *counts))
        self._questions = max(self._questions, len(asked))

    def _room(self, numbers: int) -> "NDArray[np.float64]":
        """The next so many numbers of the table."""
        self._numbers += numbers
        return self.table[self._numbers - numbers : self._numbers]

    def _key(
        self, key: KeyOf, asked: dict[Question, int], features: Iterable[int]
    ) -> tuple[float, ...]:
        """Note terms and features: the key's origin, where they begin, how many there are."""
        first_term, first_feature = len(self._terms), len(self._features)
        for question, change in key.terms:
            self._terms.append((float(change), asked.setdefault(question, len(asked))))
        self._features += features
        terms, all_features = len(self._terms), len(self._features)
        return (
            float(key.origin),
            *(first_term, terms - first_term, first_feature, all_features - first_feature),
        )

    def _add_summed(self, game: LeafGame, asked: dict[Question, int]) -> None:
        """Lay out a leaf with a sum for each of its keys."""
        origin, *of_key = self._key(game.key, asked, game.features)
        table, keys = self._numbers, 1 << len(game.features)
        told = (len(game.features), game.away, game.worth, weights())
        arrived, missed = self._compiled.add_sums(self._room(keys), *told)
        if not missed <= ADDITIVITY_TOLERANCE * max(1.0, abs(game.leaf.value)):
            msg = "the sums of a leaf do not say what its features get"
            raise UnsupportedForestError(msg)
        self._summed.append((origin, arrived, table, *of_key))

    def _add_listed(self, game: LeafGame, asked: dict[Question, int]) -> None:
        """Lay out a leaf with all that is there of the background."""
        origin, *of_key = self._key(game.key, asked, game.features)
        self._listed.append((origin, len(self._others), len(game.away), *of_key))
        self._others += zip(game.away.tolist(), game.worth.tolist(), strict=True)

    def _add_question(self, question: Question, place: int) -> None:
        column = (question.feature, question.reading)
        number = self._columns.setdefault(column, len(self._columns))
        self._asked.append(number)
        self._thresholds.append(question.threshold)
        if question.reading.is_code:
            size = max(1, -(-question.members.bit_length() // 64))
            self._sets.append((place, number, len(self._words), size))
            self._words += [question.members >> 64 * n & (2**64 - 1) for n in range(size)]

    def tables(self) -> Tables:
        """What was laid out, as arrays."""
        import numpy as np

        key = "first_term terms first_feature features"
        starts = "first_question first_set first_pool first_summed first_listed"
        known, (origin, arrived) = weights(), [(n, np.float64) for n in ("origin", "arrived")]
        thresholds = aligned(len(self._thresholds))
        thresholds[:] = self._thresholds
        return Tables(
            trees=np.array(self._trees, _record(f"{starts} questions sets pools summed listed")),
            asked=np.array(self._asked, np.int32),
            thresholds=thresholds,
            sets=np.array(self._sets, _record("question column first_word words")),
            words=np.array(self._words, np.uint64),
            columns=np.array(
                [(reading.gap, feature, *reading[1:]) for feature, reading in self._columns],
                [("gap", np.float64), *_record("feature zero_is_gap is_code").descr],
            ),
            pools=np.array(self._pools, [origin, *_record(f"table {key}").descr]),
            summed=np.array(self._summed, [origin, arrived, *_record(f"table {key}").descr]),
            listed=np.array(self._listed, [origin, *_record(f"first_other others {key}").descr]),
            terms=np.array(self._terms, [("change", np.float64), ("question", np.int64)]),
            features=np.array(self._features, np.int32),
            table=self.table,
            others=np.array(self._others, [("away", np.int64), ("share", np.float64)]),
            weights=known.ravel(),
            sizes=len(known),
            questions=self._questions,
        )


def _record(names: str) -> Any:
    """A record of whole numbers."""
    import numpy as np

    return np.dtype([(name, np.int64) for name in names.split()])


def _add_leaf(room: "NDArray[np.float64]", pool: Pool, game: LeafGame, fill: Fill) -> None:
    """Add what one leaf gives, at every key of its pool."""
    import numpy as np

    bits = {feature: 1 << place for place, feature in enumerate(game.features)}
    keys = np.zeros(1, np.int64)
    for feature, cells in pool.cells.items():
        bit, allowed = bits.get(feature, 0), game.leaf.allowed.get(feature, 0)
        away = np.array([0 if cell & allowed else bit for cell in cells], np.int64)
        keys = (keys[:, None] + away).ravel()
    places = {feature: place for place, feature in enumerate(pool.cells)}
    columns = np.array([places[feature] for feature in game.features], np.int64)
    fill(room, keys, columns, game.away, game.worth, weights())


def _sums_size(leaf: Leaf) -> int:
    """How many numbers a leaf's sums take."""
    return 1 << len(leaf.allowed)


def _choose(pools: Sequence[Sequence[Pool]], most: int) -> list[_Chosen]:
    """What each tree's leaves get, so that all of it takes no more numbers than this.

    First come the steps that cost least time for the room they save: pools are taken apart, and
    leaves with sums are given up.
    """
    found = [_Chosen(list(own), []) for own in pools]
    total = sum(chosen.size for chosen in found)
    steps: list[tuple[float, int, Pool, Leaf | None]] = []
    for tree, pool in ((tree, pool) for tree, own in enumerate(pools) for pool in own):
        leaves = len(pool.leaves)
        if (saved := pool.size - sum(map(_sums_size, pool.leaves))) > 0:
            steps.append(((leaves * SUMS_COST - POOL_COST) / saved, tree, pool, None))
        given_up = LIST_COST - SUMS_COST
        steps += [(given_up / _sums_size(leaf), tree, pool, leaf) for leaf in pool.leaves]
    for _, tree, pool, leaf in sorted(steps, key=lambda step: step[0]):
        if total <= most:
            break
        total -= found[tree].size
        if leaf is None:
            found[tree].pools.remove(pool)
            found[tree].summed.extend(pool.leaves)
        elif leaf in found[tree].summed:
            found[tree].summed.remove(leaf)
        total += found[tree].size
    return found


def _refuse_more_than(most: int, leaves: int) -> None:
    """UnsupportedForestError for too many leaves, before time is spent on them."""
    if leaves > most:
        msg = f"{leaves:,} leaves are too many to be held against a background"
        raise UnsupportedForestError(msg)


def tabulate(
    trees: Iterable[Tree],
    background: "NDArray[np.float64]",
    compiled: Any,
    most: int = TABLE_NUMBERS_MAX,
) -> Tables:
    """Trees against encoded background rows, as arrays.

    ``compiled`` is the module of the kernel. UnsupportedForestError for trees that cannot be cut
    into cells, and for forests that would take too much room.
    """
    forest = tuple(trees)
    _refuse_more_than(LEAVES_MAX, sum(len(tree.values) for tree in forest))
    cuts = [cut(tree) for tree in forest]
    pools = [pools_of(told) for told in cuts]
    choices = _choose(pools, most)
    kept = sum(len(pool.leaves) for chosen in choices for pool in chosen.pools)
    kept += sum(len(chosen.summed) for chosen in choices)
    _refuse_more_than(
        LISTED_LEAVES_MAX, sum(len(pool.leaves) for own in pools for pool in own) - kept
    )
    layout = _Layout(sum(chosen.size for chosen in choices), compiled)
    for told, chosen in zip(cuts, choices, strict=True):
        layout.add(told, chosen, games_of(told, Answers(background)))
    return layout.tables()
