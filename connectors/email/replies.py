"""What does a reply say itself, and where does it begin to quote? One pass over its lines, in many languages.

Losing what somebody wrote is worse than keeping what they quoted: a line of prose that resembles the start of a quote
is none, and where words of their own follow the quoted lines nothing is cut at all. Signatures stay. No library for
this was found whose patterns take a time that grows with the length of the text and not with its cube.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_LINES = 5_000
"""Lines that are looked at; whatever a reply says itself stands in them."""

MAX_LINE = 400
"""Characters of a line that are looked at."""

ATTRIBUTION_LINES = 4
"""Lines over which programs wrap the line that names whom they quote."""

HEADER_LINES = 8
"""Lines over which a block of quoted headers may stretch."""

WROTE = (
    "wrote", "writes", "schrieb", "schrieb am", "schreef", "het volgende geschreven",
    "a écrit", "a ecrit", "escribió", "escribio", "ha scritto",
    "scritto", "escreveu", "napisał", "napisał(a)", "napisała", "pisze", "skrev", "napsal", "napsal(a)", "napísal(a)",
    "kirjoitti", "írta", "a scris", "yazdı", "написал", "написал(а)", "написала", "пишет", "написав", "έγραψε", "كتب",
    "כתב", "さんは書きました", "のメール", "写道", "寫道", "님이 작성", "작성",
)  # fmt: skip
"""The words before the colon that ends the line which names whom a program quotes."""

BEFORE_THE_NAME = ("schrieb", "schreef", "skrev", "napisana przez")
"""Those that stand between the time and the name."""

ORIGINAL = (
    "original message", "original appointment", "ursprüngliche nachricht", "originalnachricht", "message d'origine",
    "message original", "mensaje original", "messaggio originale", "messaggio original", "oorspronkelijk bericht",
    "mensagem original", "wiadomość oryginalna", "oprindelig meddelelse", "ursprungligt meddelande",
    "original meddelelse", "opprinnelig melding", "původní zpráva", "pôvodná správa", "alkuperäinen viesti",
    "eredeti üzenet", "исходное сообщение", "оригинальное сообщение", "orijinal ileti", "原始邮件", "原始郵件",
    "元のメッセージ", "원본 메시지", "원본 메일",
)  # fmt: skip
"""What stands between the dashes before a quoted mail."""

QUOTED_HEADERS: dict[str, tuple[str, ...]] = {
    "from": (
        "from", "von", "de", "da", "van", "od", "fra", "från", "lähettäjä", "feladó", "от", "kimden", "发件人",
        "寄件者", "差出人", "보낸 사람",
    ),
    "sent": (
        "sent", "date", "gesendet", "datum", "envoyé", "enviado", "enviada", "enviado el", "enviado em", "fecha",
        "inviato", "data", "verzonden", "wysłano", "odesláno", "sendt", "dato", "skickat", "lähetetty", "küldve",
        "отправлено", "дата", "gönderme tarihi", "发送时间", "日期", "送信日時", "日時", "날짜",
    ),
    "to": (
        "to", "an", "à", "a", "para", "aan", "do", "komu", "til", "till", "vastaanottaja", "címzett", "кому", "kime",
        "收件人", "宛先", "받는 사람", "cc",
    ),
    "subject": (
        "subject", "betreff", "objet", "asunto", "oggetto", "onderwerp", "assunto", "temat", "předmět", "emne",
        "ämne", "aihe", "tárgy", "тема", "konu", "主题", "主旨", "件名", "제목",
    ),
}  # fmt: skip
"""The names of the headers that mail programs repeat above what they quote."""

STARTERS = (
    "on ", "am ", "le ", "el ", "il ", "op ", "em ", "den ", "dne ", "dňa ", "w dniu ", "în ", "tarihinde ", "в ",
)  # fmt: skip
"""How such a line begins, where a program wraps it before it comes to the name."""

_HEADER_NAMES = {word: header for header, words in QUOTED_HEADERS.items() for word in words}
_RULE = re.compile(r"[-_=*\s]+")
_A_DIGIT = re.compile(r"[0-9]")
_DATE = re.compile(r"[12][0-9]{3}|[0-9]{1,2}[./-] ?[0-9]{1,2}[./-]")


def own_words(text: str) -> str | None:
    """What a reply says before what it quotes; None where it quotes nothing, or where that cannot be told apart."""
    lines = text.split("\n", MAX_LINES)[:MAX_LINES]
    at = _start_of_quote([line[:MAX_LINE].strip() for line in lines])
    if at is None:
        return None
    while at > 0 and _RULE.fullmatch(lines[at - 1].strip() or "-"):
        at -= 1
    return "\n".join(lines[:at]).strip() or None


def _start_of_quote(lines: Sequence[str]) -> int | None:
    """The line at which the quoted mail begins, the reply's own text before it."""
    filled = [index for index, line in enumerate(lines) if line]
    quoted = [index for index in filled if lines[index].startswith(">")]
    last_unquoted = max(set(filled) - set(quoted), default=-1)
    for position, index in enumerate(filled):
        line = lines[index]
        if line.startswith(">"):
            if position and index == quoted[0] and last_unquoted < index:
                return index
            continue
        if position and (_is_original(line) or _is_header_block(lines, index)):
            return index
        start = _attribution(lines, index)
        if start is None or start <= filled[0]:
            continue
        below = filled[position + 1 :]
        # All of it marked, or nothing (as from HTML): what is mixed holds answers between the quotes.
        if below and (below[0] > last_unquoted or not quoted or quoted[-1] < index):
            return start
    return None


def _is_original(line: str) -> bool:
    """`-----Original Message-----`"""
    return line[0] in "-_=*" and line.strip("-_=* ").lower() in ORIGINAL


def _is_header_block(lines: Sequence[str], index: int) -> bool:
    """From and the other headers that programs repeat; without an address all of them: a timetable has three too."""
    if _header_name(lines[index]) != "from":
        return False
    found = {_header_name(line) for line in lines[index : index + HEADER_LINES]} - {None}
    return len(found) >= (3 if "@" in lines[index] else 4)


def _header_name(line: str) -> str | None:
    name, colon, _ = line.lstrip("* ").replace("：", ":").partition(":")
    return _HEADER_NAMES.get(name.strip(" *").lower()) if colon else None


def _attribution(lines: Sequence[str], end: int) -> int | None:
    """The first line of `On Monday, Ada wrote:` where it ends here; of its wrapped lines as few as make sense."""
    if not lines[end].endswith((":", "：")):
        return None
    joined = ""
    for start in range(end, max(-1, end - ATTRIBUTION_LINES), -1):
        if not lines[start] or lines[start].startswith(">"):
            return None
        joined = f"{lines[start]} {joined}".strip()
        if _is_attribution(joined):
            above = lines[start - 1].lower() if start else ""
            return start - 1 if above.startswith(STARTERS) and _A_DIGIT.search(above) else start
    return None


def _is_attribution(line: str) -> bool:
    """Prose says "at noon she wrote:" too. What a program writes names a day or an address as well."""
    said = line.rstrip(":： ").lower()
    names_day = _DATE.search(said) is not None
    if said.endswith(WROTE) or any(f" {verb} " in said for verb in BEFORE_THE_NAME):
        return names_day or "@" in said
    return said.endswith(">") and names_day and "@" in said
