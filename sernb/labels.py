"""The four emotion classes, and how the words of corpora and of people's own tables reach them."""

import unicodedata

EMOTIONS = ("angry", "happy", "neutral", "sad")
PROBABILITIES = [f"p_{emotion}" for emotion in EMOTIONS]
"""Columns of a model's probability for each class."""

# one line a language, nouns and adjectives, in the scripts people write tables in; "_" stands for a space
_WORDS = {
    "angry": """
        angry anger ang
        wut wütend ärger ärgerlich verärgert zorn zornig
        colère en_colère fâché
        ira enojo enojado enojada enfado enfadado enfadada rabia
        rabbia arrabbiato arrabbiata
        raiva zangado zangada
        boos boosheid woede
        ilska arg sint vrede vred
        viha vihainen
        öfke öfkeli kızgın kızgınlık
        złość zły gniew
        vztek hněv zlost ljutnja bijes
        düh dühös harag
        furie furios
        θυμός θυμωμένος θυμωμένη
        злость злой гнев злость_гнев
        غضب غاضب
        خشم عصبانی عصبانیت
        غصہ
        गुस्सा क्रोध
        রাগ রাগী ক্রোধ
        கோபம்
        కోపం
        ቁጣ
        hasira fushi
        marah kemarahan
        tức_giận giận_dữ giận
        โกรธ ความโกรธ
        愤怒 憤怒 生气 生氣 怒り 분노 화남
    """,
    # excited -> happy: Gong et al. 2025, section 3.1
    "happy": """
        happy happiness hap joy joyful excited excitement exc
        freude freudig fröhlich glücklich glück
        joie joyeux joyeuse heureux heureuse bonheur
        alegría alegre felicidad feliz
        gioia felicità felice
        alegria felicidade
        blij blijdschap vreugde
        glädje glad glede glæde
        ilo iloinen rõõm
        mutlu mutluluk neşe neşeli
        radość radosny szczęście szczęśliwy
        radost štěstí šťastný sreća
        öröm boldog boldogság vidám
        bucurie fericit fericire
        χαρά χαρούμενος χαρούμενη
        радость радостный счастье
        سعادة سعيد فرح
        شادی خوشحالی خوشحال
        خوشی خوش
        खुशी ख़ुशी खुश
        খুশি আনন্দ সুখ সুখী
        மகிழ்ச்சி
        సంతోషం
        ደስታ
        furaha farin_ciki
        senang bahagia gembira
        vui vui_vẻ hạnh_phúc
        มีความสุข ความสุข
        高兴 高興 开心 開心 快乐 快樂 喜び 행복 기쁨
    """,
    "neutral": """
        neutral neutrality neu
        neutre neutro neutra neutrale neutralità
        neutraal nøytral nøytralt neutralt
        neutraali neutraalne
        nötr
        neutralny neutralna neutralność
        neutrální neutralno
        semleges
        neutru
        ουδέτερο ουδέτερη ουδέτερος
        нейтральный нейтрально нейтральная
        محايد حيادي
        خنثی
        غیر_جانبدار
        तटस्थ
        নিরপেক্ষ
        நடுநிலை
        తటస్థం
        ገለልተኛ
        netral
        trung_tính trung_lập
        เป็นกลาง
        中性 中立 중립
    """,
    "sad": """
        sad sadness
        trauer traurig traurigkeit
        tristesse triste
        tristeza tristezza
        verdriet verdrietig
        sorg ledsen trist tristhet
        suru surullinen kurbus
        üzgün üzüntü
        smutek smutny
        smutný tuga
        szomorú szomorúság
        tristețe
        λύπη θλίψη λυπημένος λυπημένη
        грусть грустный печаль печальный
        حزن حزين
        غم غمگین ناراحتی
        اداس اداسی
        दुख दुःख उदास
        দুঃখ দুঃখিত
        சோகம்
        విచారం
        ሀዘን
        huzuni
        sedih kesedihan
        buồn buồn_bã
        เศร้า ความเศร้า
        悲伤 悲傷 伤心 傷心 难过 悲しみ 슬픔
    """,
}


def _plain(label: str) -> str:
    return "_".join(unicodedata.normalize("NFC", label).casefold().replace("_", " ").split())


_CLASS_OF = {_plain(word): emotion for emotion, words in _WORDS.items() for word in words.split()}


def to_class(source_label: str | None) -> str | None:
    """The class of a corpus's own label, or None: such a clip is kept as unlabelled speech.

    Near-labels (frustrated, calm, bored, ...) are not merged into a class: the paper names one merge only,
    excited -> happy (Gong et al. 2025, section 3.1).

    Examples:
        >>> to_class("Wut"), to_class("excited"), to_class("calm")
        ('angry', 'happy', None)
    """
    return None if source_label is None else _CLASS_OF.get(_plain(source_label))
