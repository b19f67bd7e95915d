"""Words of a text as the field counts them: tokens, stems, content words, forms of one name, near spellings. Pure."""

import functools
import re
import threading
import unicodedata
from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Final

import snowballstemmer

WORD: Final = re.compile(r"[^\W_]+(?:[.'’](?=[^\W_])[^\W_]+)*")
STOPWORDS: Final = frozenset(
    """
    a an the this that these those some any each every all both either neither no not nor and or but if then else than so as of in
    on at by for from to into onto upon with without within about after before between during since until over under up down out
    off again further once is am are was were be been being do does did doing done have has had having will would shall should can
    could may might must i you he she it we they me him her us them my your his its our their mine yours hers ours theirs myself
    yourself himself herself itself who whom whose which what when where why how there here now just only very too also more most
    much many few other another such same own tell say says said please know give let mention mentioned according however
    therefore nevertheless thus hence meanwhile although though while because article articles document documents text s t d ll re
    ve m let's ca wo ai per
    """.split()
)
IRREGULAR: Final = dict(  # past forms that no stemmer joins to their verb
    pair.split(":")
    for pair in """
    became:become began:begin begun:begin bought:buy broke:break broken:break brought:bring built:build came:come caught:catch
    chose:choose chosen:choose died:die dies:die drew:draw drawn:draw driven:drive drove:drive fallen:fall fell:fall flew:fly flown:fly
    fought:fight gave:give given:give gone:go grew:grow grown:grow heard:hear held:hold kept:keep knew:know known:know led:lead left:leave
    lent:lend lost:lose made:make meant:mean met:meet paid:pay ran:run risen:rise rose:rise sank:sink sent:send shook:shake shot:shoot
    sold:sell sought:seek spent:spend spoke:speak spoken:speak stole:steal stolen:steal stood:stand struck:strike sunk:sink swore:swear
    sworn:swear taken:take taught:teach thought:think told:tell took:take understood:understand went:go withdrawn:withdraw
    withdrew:withdraw woke:wake shown:show seen:see saw:see hidden:hide hid:hide tore:tear torn:tear rode:ride ridden:ride sang:sing
    sung:sing found:find felt:feel dealt:deal slept:sleep swept:sweep fled:flee fed:feed lit:light hung:hang dug:dig stuck:stick
    blew:blow blown:blow threw:throw thrown:throw froze:freeze frozen:freeze forgot:forget arose:arise arisen:arise overtook:overtake
    overtaken:overtake underwent:undergo won:win wore:wear worn:wear written:write wrote:write children:child men:man women:woman feet:foot
    wives:wife
    """.split()
)
SPELLINGS: Final = dict(  # British to American, where no rule does it
    pair.split(":")
    for pair in """
    centre:center centres:centers cheque:check defence:defense defences:defenses fibre:fiber grey:gray kilometre:kilometer
    kilometres:kilometers licence:license litre:liter litres:liters metre:meter metres:meters offence:offense offences:offenses
    programme:program programmes:programs theatre:theater theatres:theaters tonnes:tonne travelled:traveled cancelled:canceled
    """.split()
)
SAME: Final = tuple(  # forms of one name, title or unit; the words of a form are joined by `_`
    tuple(form.replace("_", " ") for form in group.split())
    for group in """
    afghanistan afghan|africa african|albania albanian|algeria algerian|argentina argentine argentinian|armenia armenian|asia asian
    australia australian|austria austrian|azerbaijan azerbaijani azeri|bahrain bahraini|bangladesh bangladeshi|belarus belarusian
    belgium belgian|bolivia bolivian|bosnia bosnian|brazil brazilian|bulgaria bulgarian|cambodia cambodian|canada canadian
    chile chilean|china chinese|colombia colombian|croatia croatian|cuba cuban|cyprus cypriot|denmark danish danes|egypt egyptian
    england english|estonia estonian|ethiopia ethiopian|europe european|finland finnish|france french|georgia georgian|germany german
    ghana ghanaian|greece greek|hungary hungarian|iceland icelandic|india indian|indonesia indonesian|iran iranian|iraq iraqi
    ireland irish|israel israeli|italy italian|jamaica jamaican|japan japanese|jordan jordanian|kazakhstan kazakh|kenya kenyan
    korea korean|kuwait kuwaiti|latvia latvian|lebanon lebanese|libya libyan|lithuania lithuanian|malaysia malaysian|mali malian
    mexico mexican|mongolia mongolian|morocco moroccan|myanmar burma burmese|nepal nepalese nepali|netherlands dutch|nigeria nigerian
    norway norwegian|oman omani|pakistan pakistani|palestine palestinian|peru peruvian|philippines philippine filipino|poland polish
    portugal portuguese|qatar qatari|romania romanian|russia russian|saudi_arabia saudi saudi_arabian|scotland scottish|senegal senegalese
    serbia serbian|singapore singaporean|slovakia slovak|slovenia slovenian|somalia somali|spain spanish|sri_lanka sri_lankan
    sudan sudanese|sweden swedish|switzerland swiss|syria syrian|taiwan taiwanese|tanzania tanzanian|thailand thai|tunisia tunisian
    turkey turkish turkiye|uganda ugandan|ukraine ukrainian|uruguay uruguayan|uzbekistan uzbek|venezuela venezuelan|vietnam vietnamese
    wales welsh|yemen yemeni|zambia zambian|zimbabwe zimbabwean
    united_states us usa america american|united_kingdom uk britain british|european_union eu|united_nations un
    united_arab_emirates uae emirati|prime_minister pm|general gen|lieutenant lt|colonel col|captain capt|senator sen|governor gov
    doctor dr|professor prof|representative rep|saint st|kilometer km|kilogram kg kilo|percent per_cent|television tv
    """.replace("\n", "|").split("|")
    if group.strip()
)
ENDINGS: Final = frozenset(
    "e y ment ement al er or ant ent ance ence ion tion sion ation ition ive ative ity ship ist ian an ic ical t s d ce".split()
) | {""}
_CLITIC: Final = re.compile(r"(?:(?<=ca)n't|(?<=wo)n't|n't|'(?:s|re|ll|ve|m|d))$")
_stemmer = snowballstemmer.stemmer("english")
_stemming = threading.Lock()  # PyStemmer, which snowballstemmer uses where it is installed, serves one thread at a time
_BRITISH: Final = re.compile(r"^(\w{3,}[lnrtmdcg])is(?=e|ing|ation)|^(\w{3,})our(?=s?$|ed$|ing$|ite|able)")


def one_line(text: str) -> str:
    """The text with single blanks for all that is blank in it."""
    return " ".join(text.split())


def fold(text: str) -> str:
    """Lower case, without accents, with plain apostrophes."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(character for character in plain if not unicodedata.combining(character)).casefold()


@functools.lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of one word by the English Snowball stemmer (Porter2), past forms and British spellings joined to the others.

    `U.S.` counts as `us`, `Pakistan's` as `pakistan`, `withdrew` as `withdraw`, `organisation` as `organization`.
    """
    plain = fold(word).removesuffix("'s").replace(".", "").replace("'", "")
    plain = SPELLINGS.get(plain) or IRREGULAR.get(plain) or _BRITISH.sub(lambda m: f"{m[1]}iz" if m[1] else f"{m[2]}or", plain)
    with _stemming:
        return str(_stemmer.stemWord(plain))


_FORMS_OF: Final = {verb: (verb, *(past for past, of in IRREGULAR.items() if of == verb)) for verb in IRREGULAR.values()}


def forms(word: str) -> tuple[str, ...]:
    """The word with the other forms of its verb or noun that no rule makes of it: of "met" also "meet"."""
    plain = fold(word)
    return (word, *(form for form in _FORMS_OF.get(IRREGULAR.get(plain, plain), ()) if form != plain))


TITLES: Final = frozenset(
    stem(word)
    for word in """
    president minister prime secretary foreign chief general colonel captain lieutenant mayor governor senator director chairman chairwoman
    doctor dr professor prof king queen prince princess judge ambassador commander leader founder headmaster coach officer chancellor pope
    bishop chair spokesman spokeswoman army gen col lt sen gov rep pm deputy vice former commissioner adviser advisor representative admiral
    marshal brigadier premier envoy delegate inspector superintendent speaker
    """.split()
)
"""Stems of words before a name that tell an office and not who holds it."""


def words(text: str) -> list[str]:
    """The words of a text in order, as written, accents joined to their letters."""
    return WORD.findall(unicodedata.normalize("NFC", text))


def stems(text: str) -> list[str]:
    """The stems of all words of a text, in order."""
    return [stem(word) for word in words(text)]


@functools.lru_cache(maxsize=100_000)
def is_stopword(word: str) -> bool:
    """Whether a word carries no content; `US` in capitals is a name."""
    return _CLITIC.sub("", fold(word)) in STOPWORDS and word not in ("US", "IT")


def content_words(text: str) -> list[str]:
    """The words that carry content, each stem once, in order."""
    seen: dict[str, str] = {}
    for word in words(text):
        if not is_stopword(word):
            seen.setdefault(stem(word), word)
    return list(seen.values())


_FORMS: Final = {tuple(stems(form)): group for group in SAME for form in group}


@functools.lru_cache(maxsize=10_000)
def vocabulary(text: str) -> frozenset[str]:
    """The stems of a text with the other forms of its names: of "American" also those of "US" and "United States"."""
    found = [stem(word) for word in words(text) if word != "us"]
    known = [_FORMS[form] for form in ((root,) for root in found) if form in _FORMS]
    known += [_FORMS[pair] for pair in pairwise(found) if pair in _FORMS]
    return frozenset([*found, *(part for group in known for form in group for part in stems(form))])


@functools.lru_cache(maxsize=100_000)
def same_name(name: str) -> str:
    """The stem of the first one-word form of a name that has several ("us" for "American" and "United States"); else its own."""
    group = _FORMS.get(tuple(stems(name)))
    return stem(next(form for form in group if " " not in form) if group else name)


def is_place(name: str) -> bool:
    """Whether a name is one of those, mostly of countries, whose forms are known."""
    return tuple(stems(name)) in _FORMS


def akin(word: str, present: Collection[str]) -> bool:
    """Whether a stem of a text differs from a word by an ending of derivation only: "agreement" and "agreed"."""
    root = stem(word)
    return any(other[:4] == root[:4] and _derived(root, other) for other in present)


def _derived(a: str, b: str) -> bool:
    shared = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return any(a[cut:] in ENDINGS and b[cut:] in ENDINGS for cut in range(max(4, shared - 2), shared + 1))


def distance(a: str, b: str, most: int) -> int:
    """Edits from `a` to `b`, `most + 1` when more: insertions, deletions, replacements, swaps of neighbours (Damerau 1964)."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before, row = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        now = [i]
        for j, y in enumerate(b, 1):
            cost = min(row[j] + 1, now[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        if min(now) > most and min(row) > most:
            return most + 1
        before, row = row, now
    return min(row[-1], most + 1)


def tolerance(word: str) -> int:
    """How many slips of the pen a word of its length may hold: none below 5 letters, one below 9, else two."""
    return 0 if len(word) < 5 or any(c.isdigit() for c in word) else 1 if len(word) < 9 else 2


def near(word: str, vocabulary: Iterable[str]) -> str | None:
    """The word of the vocabulary that is most nearly spelt like `word`, within its tolerance; None when there is none."""
    most, letters = tolerance(word), set(word)
    alike = (other for other in vocabulary if len(letters.symmetric_difference(other)) <= 2 * most)  # as a slip changes two at most
    best = min(((distance(word, other, most), other) for other in alike), default=(most + 1, ""))
    return best[1] if best[0] <= most else None


_CLUSTERS: Final = (("tsch", "k"), ("tch", "k"), ("sch", "s"), ("ts", "s"), ("tz", "s"), ("ph", "f"), ("dzh", "j"), ("dj", "j"))
_SOUNDS: Final = str.maketrans({"c": "k", "q": "k", "g": "k", "z": "s", "v": "f", "w": "f", "x": "ks"})
_FIRST: Final = str.maketrans("eiouy", "aaaaj")
_SILENT: Final = str.maketrans("", "", "aeiouyhj'.")
_BEGINNINGS: Final = {"k": "cgkqt", "s": "stz", "f": "fpvw", "j": "djy", "a": "aeiou"}


@functools.lru_cache(maxsize=100_000)
def skeleton(name: str) -> str:
    """The consonants of a name as they sound, with an `a` for a vowel that begins it: "kdf" of Gaddafi, Qaddafi and Kadhafi.

    After Soundex (Russell 1918), but for the spellings that transliterators choose between.
    """
    plain = fold(name)
    for cluster, sound in _CLUSTERS:
        plain = plain.replace(cluster, sound)
    plain = re.sub(r"(\w)\1+", r"\1", plain.translate(_SOUNDS))
    return plain[:1].translate(_FIRST) + plain[1:].translate(_SILENT)


def beginnings(name: str) -> str:
    """The letters that a name may begin with, differently transliterated."""
    return _BEGINNINGS.get(skeleton(name)[:1], fold(name)[:1])


def respelling(name: str) -> int:
    """In how many letters two transliterations of a name may differ: two in five, since Volodymyr is not Vladimir."""
    return 2 * len(name) // 5


def transliterated(name: str, vocabulary: Iterable[str]) -> str | None:
    """The word of the vocabulary that may be the same name by another transliterator, the most nearly spelt; None when there is none.

    At least three sounds have to agree.
    """
    bones, most = skeleton(name), respelling(name)
    alike = (other for other in vocabulary if len(bones) > 2 and skeleton(other) == bones)
    best = min(((distance(fold(name), other, most), other) for other in alike), default=(most + 1, ""))
    return best[1] if best[0] <= most else None


def stands_in(word: str, present: Collection[str]) -> bool:
    """Whether a word of a question stands among the stems of a text (see `vocabulary`), misspelt or not.

    A misspelt word keeps its first letter, and the name of another country is no slip of the pen.
    """
    root = stem(word)
    if root in present:
        return True
    if is_place(word) or not tolerance(root):
        return False
    return near(root, (other for other in present if other[:1] == root[:1] or other[:2] == root[1::-1])) is not None
