"""What shows that a claim does not stand to its matter as its source does: denial, certainty, opposites, who does it to whom. Pure."""

import functools
from collections.abc import Sequence
from typing import Final

from qa.demand import telling_words
from qa.facts import MONTHS
from qa.spelling import respelt
from qa.stance import OPPOSITE_ROLES, Action, Kind, Stance, Token, actions, is_hedge, verbs
from qa.synonyms import synonymous
from qa.words import akin, fold, is_stopword, stem

OPPOSITES: Final = tuple(
    (stem(pair.split(":")[0]), stem(pair.split(":")[1]))
    for pair in """
    rise:fall increase:decrease increase:fall rise:drop rise:decline increase:decline grow:shrink raise:lower raise:cut gain:lose
    expand:shrink strengthen:weaken improve:worsen more:fewer more:less higher:lower larger:smaller largest:smallest
    biggest:smallest highest:lowest longest:shortest tallest:shortest oldest:youngest oldest:newest best:worst most:least first:last
    earliest:latest maximum:minimum majority:minority north:south east:west northern:southern eastern:western import:export
    approve:reject accept:reject accept:refuse accept:deny admit:deny agree:disagree support:oppose favor:oppose welcome:condemn
    praise:criticize allow:ban allow:forbid permit:prohibit open:close start:end begin:end start:finish start:stop arrive:leave
    arrive:depart enter:leave join:leave appoint:dismiss hire:fire victory:defeat success:failure succeed:fail ally:enemy
    legal:illegal lawful:unlawful male:female man:woman boy:girl son:daughter father:mother brother:sister husband:wife uncle:aunt
    king:queen guilty:innocent convict:acquit alive:dead safe:dangerous public:private foreign:domestic same:different true:false
    hot:cold warm:cold wet:dry early:late rich:poor full:empty widen:narrow attack:defend confirm:deny lift:impose upgrade:downgrade
    support:reject
    """.split()
)
CONVERSES: Final = tuple(  # opposites that say the same of the other side
    (stem(one), stem(other))
    for one, other in (
        ("buy", "sell"),
        ("win", "lose"),
        ("beat", "lose"),
        ("lend", "borrow"),
        ("give", "receive"),
        ("succeed", "precede"),
        ("follow", "precede"),
    )
)
HEDGES: Final[tuple[Kind, ...]] = ("possible", "planned", "future")
TOGETHER: Final = frozenset(
    stem(verb) for verb in "meet discuss talk agree sign join cooperate marry play trade partner negotiate border share".split()
)


def contradiction(claim: Stance, sources: Sequence[Stance], asked: Stance) -> str | None:
    """Why a claim does not stand to its matter as its source does; None when nothing shows that."""
    return (
        _denial(claim, sources, asked)
        or _certainty(claim, sources)
        or _attribution(claim, sources, asked)
        or _opposite(claim, sources)
        or _reversal(claim, sources)
        or _substitution(claim, sources)
    )


def counterclaim(statement: Stance, sources: Sequence[Stance]) -> str | None:
    """The same of a statement most of whose words are a question's own: what the source denies, hedges or tells the other way round."""
    return (
        _affirmation(statement, sources)
        or _dropped_hedge(statement, sources)
        or _opposite(statement, sources)
        or _reversal(statement, sources)
    )


def _denial(claim: Stance, sources: Sequence[Stance], asked: Stance) -> str | None:
    present = frozenset(token.stem for source in sources for token in source.tokens)
    denied = frozenset().union(*(source.reached("denied") for source in sources))
    for mark in claim.of("denied"):
        known = mark.target in present or denied or opposites(mark.target) & present or next(asked.of("denied"), None)
        if mark.target in present - denied or not known:
            return f"it denies “{claim.spelt(mark.target)}”, and its source does not"
    return _affirmation(claim, sources)


def _affirmation(claim: Stance, sources: Sequence[Stance]) -> str | None:
    for root in {mark.target for source in sources for mark in source.of("denied") if not mark.conditional}:
        times = sum(mark.target == root for source in sources for mark in source.of("denied"))
        if claim.times(root) and root not in claim.reached("denied") and sum(source.times(root) for source in sources) <= times:
            return f"it affirms “{claim.spelt(root)}”, which its source denies"
    return None


def _certainty(claim: Stance, sources: Sequence[Stance]) -> str | None:
    """Hedges that a claim drops, weakens to a mere future, or adds."""
    if reason := _dropped_hedge(claim, sources):
        return reason
    hedged = frozenset().union(*(source.reached(*HEDGES) for source in sources))
    for mark in claim.of(*HEDGES):
        if mark.target not in hedged and any(source.done(mark.target) for source in sources):
            return f"it makes “{claim.spelt(mark.target)}” a possibility, and its source a fact"
    return None


def _dropped_hedge(claim: Stance, sources: Sequence[Stance]) -> str | None:
    marks = [mark for source in sources for mark in source.of(*HEDGES)]
    for root in {mark.target for mark in marks if claim.times(mark.target)}:
        kinds = {mark.kind for mark in marks if mark.target == root}
        if root[0].isdigit() or sum(source.times(root) for source in sources) > sum(mark.target == root for mark in marks):
            continue  # it is said without a hedge too
        if root in claim.reached("possible", "planned") or claim.infinitive(root):
            continue
        if root in claim.reached("future") and kinds == {"possible"}:
            return f"it says that “{claim.spelt(root)}” will be, and its source that it may be"
        if root not in claim.reached("future") and (kinds != {"future"} or claim.done(root)):
            return f"it states “{claim.spelt(root)}” as a fact, and its source as {'a possibility' if 'possible' in kinds else 'a plan'}"
    return None


def _attribution(claim: Stance, sources: Sequence[Stance], asked: Stance) -> str | None:
    said = {token.stem for token in claim.tokens}
    main = max(sources, key=lambda source: len(said & {token.stem for token in source.tokens}))
    if main.attributed and not (claim.reports or asked.reports or claim.hedged()) and claim.predicates():
        return "it states as a fact what its source reports as the word of another"
    return None


def _opposite(claim: Stance, sources: Sequence[Stance]) -> str | None:
    said = frozenset(token.stem for token in claim.tokens)
    present = frozenset(token.stem for source in sources for token in source.tokens)
    denied = claim.reached("denied").union(*(source.reached("denied") for source in sources))
    for root in said - present - denied:
        for other in (opposites(root) & present) - said - denied:
            if other not in _converses(root) or _same_doer(claim, root, sources, other):
                return f"it says “{claim.spelt(root)}” where its source says “{_spelt(other, sources)}”"
    return None


@functools.cache
def opposites(root: str) -> frozenset[str]:
    """The stems that say the opposite of a stem."""
    pairs = (*OPPOSITES, *CONVERSES)
    return frozenset([*(b for a, b in pairs if a == root), *(a for a, b in pairs if b == root)])


@functools.cache
def _converses(root: str) -> frozenset[str]:
    return frozenset([*(b for a, b in CONVERSES if a == root), *(a for a, b in CONVERSES if b == root)])


def _spelt(root: str, sources: Sequence[Stance]) -> str:
    return next(source.spelt(root) for source in sources if source.times(root))


def _same_doer(claim: Stance, root: str, sources: Sequence[Stance], other: str) -> bool:
    """Whether nothing shows that the claim tells it of the other side."""
    doers = frozenset(name for action in actions(claim, root) for name in action.doers)
    others = frozenset(name for source in sources for action in actions(source, other) for name in action.others)
    return not doers or not doers <= others


def _reversal(claim: Stance, sources: Sequence[Stance]) -> str | None:
    roles = frozenset().union(*(source.roles for source in sources))
    for role, root in sorted(claim.roles - roles):
        if (OPPOSITE_ROLES.get(role), root) in roles:
            word = claim.spelt(root)
            return f"it says “{role} {word}” where its source says “{OPPOSITE_ROLES[role]} {word}”"
    for verb in verbs(claim) - TOGETHER:
        known = [action for source in sources for action in actions(source, verb)]
        said = frozenset(token.stem for source in sources for token in source.tokens)
        for action in actions(claim, verb) if known else ():
            if all(_swapped(action, other) for other in known):
                return f"it says the other way round who “{claim.spelt(verb)}” whom"
            if claim.done(verb) and action.subject <= said and all(_of_another(action, other) for other in known):
                return f"its source says of another that it “{claim.spelt(verb)}”"
    return None


def _swapped(claim: Action, source: Action) -> bool:
    both = claim.doers & source.doers  # a surname that two share
    return bool((claim.doers - both) & source.others and (source.doers - both) & claim.others)


def _of_another(claim: Action, source: Action) -> bool:
    """Whether who did it in the claim is spoken of outside the clause in which another does it, or is another in that clause."""
    here, there = claim.doers - source.doers, source.doers - claim.doers
    if here and there and here <= source.others:
        return True
    return bool(claim.subject and source.subject) and not claim.subject & source.clause


def _substitution(claim: Stance, sources: Sequence[Stance]) -> str | None:
    """A word that stands among the same words as another one in the source: "the cotton mill closed" for "the paper mill closed"."""
    present = frozenset(token.stem for source in sources for token in source.tokens)
    for i, token in enumerate(claim.tokens):
        if token.stem in present or not _is_telling(token) or akin(token.text, present):
            continue
        for source in sources:
            for j, other in enumerate(source.tokens):
                both_hedge = is_hedge(token.text) and is_hedge(other.text)
                same = (
                    both_hedge
                    or (token.name and respelt(token.text, other.text))
                    or synonymous(token.stem, other.stem)
                    or MONTHS.get(fold(token.text), 0) == MONTHS.get(fold(other.text))
                )
                if _is_telling(other) and not same and _same_frame(claim.tokens, i, source.tokens, j):
                    return f"it says “{token.text}” where its source says “{other.text}”"
    return None


def _is_telling(token: Token) -> bool:
    return not is_stopword(token.text) and bool(telling_words(token.text))


def _same_frame(claim: Sequence[Token], i: int, source: Sequence[Token], j: int) -> bool:
    """Whether three of the four words around two places are the same, among these the next ones."""
    same = {
        step: 0 <= i + step < len(claim) and 0 <= j + step < len(source) and claim[i + step].stem == source[j + step].stem
        for step in (-2, -1, 1, 2)
    }
    return same[-1] and same[1] and (same[-2] or same[2])
