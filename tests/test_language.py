"""Which language a text is in: real sentences of many, and the cases in which nobody could say."""

import subprocess
import sys
from pathlib import Path

import pytest

from qa.article import articles
from qa.language import SAMPLE, language, language_of
from qa.read import read

SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))
SPOKEN = {
    "en": "The mayor opened the new bridge on Monday, and many people from the town came to see it in the rain.",
    "de": "Der Bürgermeister hat am Montag die neue Brücke eröffnet, und viele Leute aus der Stadt sind gekommen.",
    "fr": "Le maire a inauguré le nouveau pont lundi, et beaucoup d'habitants de la ville sont venus le voir.",
    "es": "El alcalde inauguró el lunes el nuevo puente, y mucha gente de la ciudad vino a verlo bajo la lluvia.",
    "it": "Il sindaco ha inaugurato lunedì il nuovo ponte, e molte persone della città sono venute a vederlo.",
    "pt": "O prefeito inaugurou a nova ponte na segunda-feira, e muitas pessoas da cidade vieram para vê-la.",
    "nl": "De burgemeester heeft maandag de nieuwe brug geopend, en veel mensen uit de stad kwamen kijken.",
    "sv": "Borgmästaren invigde den nya bron i måndags, och många människor från staden kom för att se den.",
    "pl": "Burmistrz otworzył w poniedziałek nowy most, a wielu ludzi z miasta przyszło go zobaczyć.",
    "tr": "Belediye başkanı pazartesi günü yeni köprüyü açtı ve şehirden birçok insan onu görmeye geldi.",
    "ru": "Мэр открыл в понедельник новый мост, и многие жители города пришли на него посмотреть.",
    "uk": "Мер відкрив у понеділок новий міст, і багато мешканців міста прийшли на нього подивитися.",
    "el": "Ο δήμαρχος εγκαινίασε τη Δευτέρα τη νέα γέφυρα και πολλοί κάτοικοι της πόλης ήρθαν να τη δουν.",
    "he": "ראש העיר פתח ביום שני את הגשר החדש, ואנשים רבים מן העיר באו לראות אותו בגשם.",
    "ar": "افتتح رئيس البلدية يوم الاثنين الجسر الجديد في المدينة، وجاء كثير من الناس لمشاهدته تحت المطر.",
    "ur": "میئر نے پیر کو شہر میں نئے پل کا افتتاح کیا اور بہت سے لوگ بارش میں اسے دیکھنے آئے۔",
    "hi": "महापौर ने सोमवार को शहर में नए पुल का उद्घाटन किया और बहुत से लोग उसे देखने के लिए आए।",
    "th": "นายกเทศมนตรีเปิดสะพานใหม่เมื่อวันจันทร์ และมีคนจำนวนมากมาชม",
    "ja": "市長は月曜日に新しい橋を開通させ、町から大勢の人が見物に来ました。",
    "zh": "市长星期一为城里的新大桥揭幕，许多市民冒着雨前来参观这座大桥。",
    "ko": "시장은 월요일에 새 다리를 개통했고, 도시에서 많은 사람들이 보러 왔다.",
}


@pytest.mark.parametrize("code", SPOKEN)
def test_a_sentence_is_enough(code: str) -> None:
    assert language(SPOKEN[code]) == code


@pytest.mark.parametrize(
    "text", ["", "hello", "1998 1999 2000", "x = f(y); return 1", "12.4 15.6 17.8 99.1 " * 40, "\ud800" * 200, "a\n" * 5]
)
def test_too_little_is_no_language(text: str) -> None:
    assert language(text) is None


def test_strings_of_random_letters_are_not_taken_for_certain() -> None:
    assert language("qwrtz plmkn jhgfd xcvbn qazws edcrf vtgby hnujm ikolp zxqwj kvbxq") is None


def test_the_middle_decides_not_a_foreign_beginning() -> None:
    assert language(SPOKEN["de"] + "\n" + (SPOKEN["fr"] + "\n") * 40) == "fr"


def test_a_half_character_in_the_text_does_no_harm() -> None:
    assert language(SPOKEN["ru"] + "\ud83d") == "ru"


def test_a_long_text_costs_no_more_than_its_sample() -> None:
    assert language("я" * SAMPLE * 10 + SPOKEN["en"] * 12 + "я" * SAMPLE * 10) == "en"


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_the_shipped_articles_are_english(path: Path) -> None:
    assert [document.language for document in read(path, path.name)] == ["en"]


def test_what_is_dropped_has_no_say() -> None:
    german = SPOKEN["de"].replace("neue", "gute")
    text = f"Neue Brücke eröffnet\n\nNeue Brücke eröffnet\n\nUpdated 4 May 1998\n\n{SPOKEN['de']}\n\n{german}\n\nRecent posts\n\n"
    text += "The of and to that with from by which were.\n\n" * 3
    found = articles(text, "x")
    assert language_of(text, found) == "de"


def test_plain_english_is_told_without_the_model_and_nothing_is_loaded_before_it_is_needed() -> None:
    code = f"import sys, qa.language as l; assert l.language({SPOKEN['en'] * 3!r}) == 'en'; sys.exit('py3langid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_room_for_what_loading_needs_is_told() -> None:
    code = (
        "import resource, qa.language as l; from qa.errors import StoreError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))\n"
        f"try: l.language({SPOKEN['de']!r})\n"
        "except StoreError as error: print(error.line())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("What tells languages apart cannot be loaded: ")
    assert "Free some disk space" in done.stdout
