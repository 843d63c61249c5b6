"""Female and male in the words of the languages people write tables in, one line a language."""

import unicodedata
from collections.abc import Iterable

FEMALE = """
female woman girl women lady feminine female_feminine
weiblich frau
femme feminin féminin féminine
mujer femenino femenina
femmina femminile donna
feminino feminina mulher
vrouw vrouwelijk
kvinna kvinnlig kvinde kvindelig kvinne kvinnelig
nainen naispuolinen
naine naissoost
kadın kadin bayan
kobieta żeńska żeński
žena ženský ženská žensko ženska
nő női
femeie
γυναίκα θηλυκό θήλυ
женский женщина жен жіноча жінка
אישה נקבה
أنثى انثى امرأة
زن مونث مؤنث عورت خاتون
महिला स्त्री औरत
মহিলা নারী
பெண்
స్త్రీ మహిళ
ሴት
mwanamke mace
perempuan wanita
nữ
หญิง ผู้หญิง
女 女性 女生 여 여자 여성
"""
MALE = """
male man boy men gentleman masculine male_masculine
männlich maennlich mann
homme masculin
hombre masculino varón varon
maschio maschile uomo
masculina homem
mannelijk
manlig mand mandlig mannlig
mies miespuolinen
mees meessoost
erkek bay
mężczyzna męska męski
muž mužský muško muški moški
férfi
bărbat
άνδρας άντρας αρσενικό άρρεν
мужской мужчина муж чоловіча чоловік
גבר זכר
ذكر رجل
مرد مذکر
पुरुष आदमी
পুরুষ
ஆண்
పురుషుడు
ወንድ
mwanaume namiji
laki-laki pria
nam
ชาย ผู้ชาย
男 男性 男生 남 남자 남성
"""
# one letter means what the other letters of its column make it: in "H, M" the M is a mujer, in "N, F" the F a férfi
LETTERS = ("fm", "wm", "fh", "mh", "vm", "km", "ke", "žm", "zm", "nm", "nf", "pl", "жм", "жч", "γα")
UNSTATED = """
unknown unk none null nan na n/a - ? unbekannt inconnu desconocido do_not_wish_to_say
other others diverse divers d x o nonbinary non-binary transgender intersex
"""
_UNSTATED = frozenset(UNSTATED.split())
_OF_WORD = {**dict.fromkeys(FEMALE.split(), "female"), **dict.fromkeys(MALE.split(), "male")}


def gender(text: str | None) -> str | None:
    """ "female" or "male", however spelled, a single letter in English; None for unknown and for every other gender."""
    return genders([text])[0]


def genders(column: Iterable[str | None]) -> list[str | None]:
    """ "female", "male" or None for each cell of a table's column; letters are read by what else the column holds."""
    words = [None if text is None else _plain(text) for text in column]
    letters = {word for word in words if word and len(word) == 1 and word not in _OF_WORD and word not in _UNSTATED}
    known = letters & set("".join(LETTERS))
    pair = next((pair for pair in LETTERS if known <= set(pair)), "")
    of = {**_OF_WORD, **dict(zip(pair, ("female", "male"), strict=False))}
    return [None if word is None else of.get(word) for word in words]


def stated(text: str | None) -> bool:
    """Whether a cell says anything: not empty, not "unknown", not a gender that is neither."""
    return text is not None and _plain(text) not in _UNSTATED


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().rstrip(".").casefold()
