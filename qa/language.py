"""Which language a text is in, by py3langid: no download, the network is never asked."""

from functools import cache
from typing import TYPE_CHECKING, Final

from qa.errors import StoreError
from qa.types import Article

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SAMPLE: Final = 1000  # characters that are looked at: a millisecond's work
LEAST: Final = 40  # bytes of letters (UTF-8) from which on a guess is worth anything: a dozen ideographs, a short sentence of Latin letters
SURE: Final = 0.6  # least probability
# Of these words no other language has more than two or three; of English prose they are a quarter. With a share of 0.14, 97% of the news of
# a public set (RealTimeQA) is told without the model.
ENGLISH: Final = frozenset(
    "the of and to that with from by which were this have they had been would their who but said his its after more about".split()
)
ENGLISH_SHARE: Final = 0.14  # of all words
WIDER: Final = {"arz": "ar", "ary": "ar", "wuu": "zh", "yue": "zh"}  # spoken kinds of a language that has a code of ISO 639-1


def language(text: str) -> str | None:
    """The language of a text as ISO 639-1, "en"; None for too little text, one in no language, or where it is not sure.

    Raises StoreError, where there is no room for the temporary file through which py3langid reads its model.
    """
    sample = _middle(text)
    if len("".join(filter(str.isalpha, sample)).encode("utf-8", "replace")) < LEAST:
        return None
    if _plainly_english(sample):
        return "en"
    name, probability = _identifier().classify(sample.encode("utf-8", "replace"))
    code = WIDER.get(name, name)
    return code if probability >= SURE and len(code) == 2 else None


def language_of(text: str, articles: tuple[Article, ...]) -> str | None:
    """The language of what is kept of a text, without the menus around it."""
    return language("\n".join(block.of(text) for article in articles for block in article.blocks))


def _middle(text: str) -> str:
    start = max(0, (len(text) - SAMPLE) // 2)
    return text[start : start + SAMPLE]


def _plainly_english(sample: str) -> bool:
    """Spares the model where nobody could doubt: it takes a second and 80 MB."""
    words = sample.lower().split()
    told = [word for word in words if word in ENGLISH]
    return len(words) >= 12 and len(told) >= ENGLISH_SHARE * len(words) and len(set(told)) >= 4


@cache
def _identifier() -> "LanguageIdentifier":
    """The model that py3langid brings along, with probabilities."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # here, because it is slow and only a sync needs it

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:
        raise StoreError(
            f"What tells languages apart cannot be loaded: {error}", "Free some disk space, or have TMPDIR name a folder that has some."
        ) from error
