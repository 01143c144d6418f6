"""Separates a reply's own words from the quoted mail, in one pass over the lines, in many languages.

Losing a person's words is worse than keeping a quote. A line of prose that resembles the start of a quote is not taken
for one, and a text with own words after the quoted lines is not cut at all. Signatures stay. No library was found whose
patterns take linear time; those found take cubic time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_LINES = 5_000
"""Lines that are read; a reply's own words are among them."""

MAX_LINE = 400
"""Characters of a line that are read."""

ATTRIBUTION_LINES = 4
"""Lines over which mail programs wrap the attribution, such as `On Monday, Ada wrote:`."""

HEADER_LINES = 8
"""Lines over which a block of quoted headers may stretch."""

WROTE = (
    "wrote", "writes", "schrieb", "schrieb am", "schreef", "het volgende geschreven",
    "a écrit", "a ecrit", "escribió", "escribio", "ha scritto",
    "scritto", "escreveu", "napisał", "napisał(a)", "napisała", "pisze", "skrev", "napsal", "napsal(a)", "napísal(a)",
    "kirjoitti", "írta", "a scris", "yazdı", "написал", "написал(а)", "написала", "пишет", "написав", "έγραψε", "كتب",
    "כתב", "さんは書きました", "のメール", "写道", "寫道", "님이 작성", "작성",
)  # fmt: skip
"""Words before the colon that ends an attribution."""

BEFORE_THE_NAME = ("schrieb", "schreef", "skrev", "napisana przez")
"""Words between the time and the name in an attribution."""

ORIGINAL = (
    "original message", "original appointment", "ursprüngliche nachricht", "originalnachricht", "message d'origine",
    "message original", "mensaje original", "messaggio originale", "messaggio original", "oorspronkelijk bericht",
    "mensagem original", "wiadomość oryginalna", "oprindelig meddelelse", "ursprungligt meddelande",
    "original meddelelse", "opprinnelig melding", "původní zpráva", "pôvodná správa", "alkuperäinen viesti",
    "eredeti üzenet", "исходное сообщение", "оригинальное сообщение", "orijinal ileti", "原始邮件", "原始郵件",
    "元のメッセージ", "원본 메시지", "원본 메일",
)  # fmt: skip
"""Words between the dashes before a quoted mail."""

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
"""Names of the headers that mail programs repeat above a quoted mail."""

STARTERS = (
    "on ", "am ", "le ", "el ", "il ", "op ", "em ", "den ", "dne ", "dňa ", "w dniu ", "în ", "tarihinde ", "в ",
)  # fmt: skip
"""First words of an attribution that is wrapped before the name."""

_HEADER_NAMES = {word: header for header, words in QUOTED_HEADERS.items() for word in words}
_RULE = re.compile(r"[-_=*\s]+")
_A_DIGIT = re.compile(r"[0-9]")
_DATE = re.compile(r"[12][0-9]{3}|[0-9]{1,2}[./-] ?[0-9]{1,2}[./-]")


def own_words(text: str) -> str | None:
    """Return the words of a reply before its quote; None without a quote, or if the two cannot be separated."""
    lines = text.split("\n", MAX_LINES)[:MAX_LINES]
    at = _start_of_quote([line[:MAX_LINE].strip() for line in lines])
    if at is None:
        return None
    while at > 0 and _RULE.fullmatch(lines[at - 1].strip() or "-"):
        at -= 1
    return "\n".join(lines[:at]).strip() or None


def _start_of_quote(lines: Sequence[str]) -> int | None:
    """Return the line at which the quoted mail begins, after the reply's own text."""
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
        # The quote is all marked or (as from HTML) not at all. A mixed text holds answers between the quotes.
        if below and (below[0] > last_unquoted or not quoted or quoted[-1] < index):
            return start
    return None


def _is_original(line: str) -> bool:
    """True for `-----Original Message-----`."""
    return line[0] in "-_=*" and line.strip("-_=* ").lower() in ORIGINAL


def _is_header_block(lines: Sequence[str], index: int) -> bool:
    """True for a block of quoted headers. Without an address all four are required: a timetable has three too."""
    if _header_name(lines[index]) != "from":
        return False
    found = {_header_name(line) for line in lines[index : index + HEADER_LINES]} - {None}
    return len(found) >= (3 if "@" in lines[index] else 4)


def _header_name(line: str) -> str | None:
    name, colon, _ = line.lstrip("* ").replace("：", ":").partition(":")
    return _HEADER_NAMES.get(name.strip(" *").lower()) if colon else None


def _attribution(lines: Sequence[str], end: int) -> int | None:
    """Return the first line of an attribution that ends at `end`, with as few wrapped lines as possible; else None."""
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
    """True for an attribution. It names a day or an address, unlike prose such as "at noon she wrote:"."""
    said = line.rstrip(":： ").lower()
    names_day = _DATE.search(said) is not None
    if said.endswith(WROTE) or any(f" {verb} " in said for verb in BEFORE_THE_NAME):
        return names_day or "@" in said
    return said.endswith(">") and names_day and "@" in said
