"""Corpus of mail replies in eight languages, each with its writer's words and its quoted words.

Written for this project. The layouts are those of replies from Gmail, Apple Mail, Thunderbird and Outlook. The texts
are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

SUPPORT = "Help Desk <support@example.net>"


@dataclass(frozen=True, slots=True)
class Pair:
    """A reply with the words to keep and the words to remove."""

    name: str
    text: str
    own: str
    """The writer's words; every one of them must be kept."""
    quoted: str
    """The quoted words, which may be removed; empty if they are mixed with the writer's words and all is kept."""
    html: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    own: str
    quoted: str
    gmail: str
    """The line that introduces a quote in Gmail; `apple` and `thunderbird` hold the other programs' lines."""
    apple: str
    thunderbird: str
    outlook: tuple[str, str, str, str]
    """Outlook's names for the headers From, Sent, To and Subject; the second includes the date as Outlook writes it."""
    reply: str
    """The prefix of a reply's subject, without the colon."""


LANGUAGES = {
    "English": Language(
        "Thank you, that worked.\n\nThe key was on the second hook. On Monday she wrote: take the small one.\n\nAda",
        "Have you tried the other key?\nIt hangs beside the door.",
        "On Fri, Mar 13, 2026 at 12:04 PM Help Desk <support@example.net> wrote:",
        "On 13. Mar 2026, at 12:04, Help Desk <support@example.net> wrote:",
        "On 3/13/26 12:04 PM, Help Desk wrote:",
        ("From", "Sent: Friday, March 13, 2026 12:04 PM", "To", "Subject"),
        "Re",
    ),
    "German": Language(
        "Vielen Dank, es geht.\n\nVon: hier aus gesehen hing er links.\n\nMit freundlichen Grüßen\nJörg Weiß",
        "Haben Sie den anderen Schlüssel versucht?\nEr hängt neben der Tür.",
        "Am Fr., 13. März 2026 um 12:04 Uhr schrieb Help Desk <support@example.net>:",
        "Am 13.03.2026 um 12:04 schrieb Help Desk <support@example.net>:",
        "Am 13.03.26 um 12:04 schrieb Help Desk:",
        ("Von", "Gesendet: Freitag, 13. März 2026 12:04", "An", "Betreff"),
        "AW",
    ),
    "French": Language(
        "Merci, ça marche.\n\nLe numéro est le 12:04, je crois :\nla petite clé.\n\nCordialement,\nÉlise",
        "Avez-vous essayé l'autre clé ?\nElle est à côté de la porte.",
        "Le ven. 13 mars 2026 à 12:04, Help Desk <support@example.net> a écrit :",
        "Le 13 mars 2026 à 12:04, Help Desk <support@example.net> a écrit :",
        "Le 13/03/2026 à 12:04, Help Desk a écrit :",
        ("De", "Envoyé : vendredi 13 mars 2026 12:04", "À", "Objet"),
        "RE",
    ),
    "Spanish": Language(
        "Gracias, ya funciona.\n\nEl lunes me escribió: con la pequeña.\n\nUn saludo,\nÍñigo",
        "¿Ha probado la otra llave?\nEstá junto a la puerta.",
        "El vie, 13 mar 2026 a las 12:04, Help Desk (<support@example.net>) escribió:",
        "El 13 mar 2026, a las 12:04, Help Desk <support@example.net> escribió:",
        "El 13/3/26 a las 12:04, Help Desk escribió:",
        ("De", "Enviado: viernes, 13 de marzo de 2026 12:04", "Para", "Asunto"),
        "RE",
    ),
    "Italian": Language(
        "Grazie, ora funziona.\n\nDa: quando è nuova la serratura non si blocca.\n\nSaluti,\nNiccolò",
        "Ha provato l'altra chiave?\nÈ accanto alla porta.",
        "Il giorno ven 13 mar 2026 alle ore 12:04 Help Desk <support@example.net> ha scritto:",
        "Il giorno 13 mar 2026, alle ore 12:04, Help Desk <support@example.net> ha scritto:",
        "Il 13/03/26 12:04, Help Desk ha scritto:",
        ("Da", "Inviato: venerdì 13 marzo 2026 12:04", "A", "Oggetto"),
        "R",
    ),
    "Portuguese": Language(
        "Obrigado, já funciona.\n\nEm 2026 trocamos a fechadura: a pequena serve.\n\nAbraço,\nJoão",
        "Já experimentou a outra chave?\nEstá ao lado da porta.",
        "Em sex., 13 de mar. de 2026 às 12:04, Help Desk <support@example.net> escreveu:",
        "No dia 13/03/2026, às 12:04, Help Desk <support@example.net> escreveu:",
        "Em 13/03/2026 12:04, Help Desk escreveu:",
        ("De", "Enviada: sexta-feira, 13 de março de 2026 12:04", "Para", "Assunto"),
        "RES",
    ),
    "Dutch": Language(
        "Bedankt, het werkt.\n\nVan: links naar rechts is het de tweede.\n\nGroeten,\nAnneke",
        "Heeft u de andere sleutel geprobeerd?\nHij hangt naast de deur.",
        "Op vr 13 mrt 2026 om 12:04 schreef Help Desk <support@example.net>:",
        "Op 13 mrt. 2026, om 12:04 heeft Help Desk <support@example.net> het volgende geschreven:",
        "Op 13-03-2026 om 12:04 schreef Help Desk:",
        ("Van", "Verzonden: vrijdag 13 maart 2026 12:04", "Aan", "Onderwerp"),
        "Antw",
    ),
    "Polish": Language(
        "Dziękuję, działa.\n\nDo: drzwi pasuje mały klucz.\n\nPozdrawiam,\nŁucja",
        "Czy próbowała Pani drugiego klucza?\nWisi obok drzwi.",
        "pt., 13 mar 2026 o 12:04 Help Desk <support@example.net> napisał(a):",
        "Wiadomość napisana przez Help Desk <support@example.net> w dniu 13 mar 2026, o godz. 12:04:",
        "W dniu 13.03.2026 o 12:04, Help Desk pisze:",
        ("Od", "Wysłano: piątek, 13 marca 2026 12:04", "Do", "Temat"),
        "Odp",
    ),
}


def marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _outlook_block(said: Language, *, bold: bool = False) -> str:
    sender, sent, to, subject = said.outlook
    sent_name, _, day = sent.partition(":")
    pairs = [(sender, SUPPORT), (sent_name.strip(), day.strip()), (to, "Ada"), (subject, "The door")]
    colon = " :" if " :" in sent else ":"
    return "\n".join(f"*{name}{colon}* {value}" if bold else f"{name}{colon} {value}" for name, value in pairs)


def _paragraphs(text: str) -> str:
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


def _plain(said: Language) -> dict[str, str]:
    return {
        "Gmail": f"{said.own}\n\n{said.gmail}\n\n{marked(said.quoted)}\n",
        "Apple Mail": f"{said.own}\n\n> {said.apple}\n> \n{marked(said.quoted)}\n",
        "Thunderbird": f"{said.own}\n\n{said.thunderbird}\n{marked(said.quoted)}\n",
        "Outlook": f"{said.own}\n\n{_outlook_block(said)}\n\n{said.quoted}\n",
    }


def _html(said: Language) -> dict[str, str]:
    own, quoted = _paragraphs(said.own), _paragraphs(said.quoted)
    block = "<br>".join(
        f"<b>{escape(line.partition(':')[0])}:</b>{escape(line.partition(':')[2])}"
        for line in _outlook_block(said).split("\n")
    )
    return {
        "Gmail": f'<div dir="ltr">{own}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        f'{escape(said.gmail)}<br></div><blockquote class="gmail_quote">{quoted}</blockquote></div>',
        "Apple Mail": f'<html><body>{own}<div><br><blockquote type="cite"><div>{escape(said.apple)}</div><br>'
        f"<div>{quoted}</div></blockquote></div></body></html>",
        "Thunderbird": f'<html><body>{own}<div class="moz-cite-prefix">{escape(said.thunderbird)}<br></div>'
        f'<blockquote type="cite" cite="mid:x">{quoted}</blockquote></body></html>',
        "Outlook": f'<html><body><div class="WordSection1">{own}<div style="border-top:solid #E1E1E1 1.0pt">'
        f'<p class="MsoNormal">{block}</p></div>{quoted}</div></body></html>',
    }


def _of_programs() -> list[Pair]:
    return [
        Pair(f"{program}, {language}{', HTML' if html else ''}", text, said.own, said.quoted, html=html)
        for language, said in LANGUAGES.items()
        for html, made in ((False, _plain(said)), (True, _html(said)))
        for program, text in made.items()
    ]


ENGLISH = LANGUAGES["English"]
_WRAPPED = "On Fri, Mar 13, 2026 at 12:04 PM Help Desk of the Customer\n<support@example.net> wrote:"
_MIXED = (
    f"{ENGLISH.gmail}\n> Have you tried the other key?\n\nYes.\n\n> It hangs beside the door.\n\nNo, it does not.\n"
)
_BELOW = f"{ENGLISH.gmail}\n{marked(ENGLISH.quoted)}\n\nThank you, that worked.\nAda\n"
_TIMETABLE = "Please book:\n\nFrom: Berlin\nTo: Paris\nDate: 3 May 2026\n\nand a seat at the window.\n"
_CODE = "I ran this:\n\n> select 1;\n> go\n\nand it said nothing.\nSince 12:04 the log wrote:\n\nout of memory\n"
_ASKED = "On 12 March at 12:04 a@b.example wrote to me:\n\nWhat does that mean?\n"
_HEADERS = "Hello,\n\nFrom: my side it is fine.\nTo: be sure, ask Bob.\nSubject: to change.\n\nAda\n"
_OLD = "-----Original Message-----\nFrom: Help\nSubject: x"
_ONE = ENGLISH.quoted.partition("\n")[0]
_SIGNED = "It opens.\n\n-- \nAda Byron\nCustomer Ltd"
_MOBILE = "Works, thanks!\n\nSent from my phone"

SPECIAL = [
    Pair(
        "a wrapped attribution",
        f"{ENGLISH.own}\n\n{_WRAPPED}\n\n{marked(ENGLISH.quoted)}\n",
        ENGLISH.own,
        ENGLISH.quoted,
    ),
    Pair("answers between the quotes", _MIXED, _MIXED, ""),
    Pair("an answer below the quote", _BELOW, "Thank you, that worked.\nAda", ""),
    Pair("a timetable", _TIMETABLE, _TIMETABLE, ""),
    Pair("code and a log", _CODE, _CODE, ""),
    Pair(
        "a signature above", f"{_SIGNED}\n\n{ENGLISH.thunderbird}\n{marked(ENGLISH.quoted)}\n", _SIGNED, ENGLISH.quoted
    ),
    Pair("a telephone", f"{_MOBILE}\n\n{ENGLISH.apple}\n\n{marked(ENGLISH.quoted)}\n", _MOBILE, ENGLISH.quoted),
    Pair("an old Outlook", f"Done.\n\n{_OLD}\n\n{ENGLISH.quoted}\n", "Done.", ENGLISH.quoted),
    Pair(
        "Outlook in bold",
        f"Done.\n\n{_outlook_block(ENGLISH, bold=True)}\n\n{ENGLISH.quoted}\n",
        "Done.",
        ENGLISH.quoted,
    ),
    Pair(
        "a rule above", f"Done.\n\n{'_' * 32}\n{_outlook_block(ENGLISH)}\n\n{ENGLISH.quoted}\n", "Done.", ENGLISH.quoted
    ),
    Pair("two levels", f"Done.\n\n{ENGLISH.gmail}\n> Yes?\n>\n> {ENGLISH.apple}\n>> {_ONE}\n", "Done.", "Yes?"),
    Pair("no attribution", f"Done.\n\n{marked(ENGLISH.quoted)}\n", "Done.", ENGLISH.quoted),
    Pair("nothing quoted", f"{ENGLISH.own}\n", ENGLISH.own, ""),
    Pair("a question of the writer's with a colon", _ASKED, _ASKED, ""),
    Pair("three own lines like headers", _HEADERS, _HEADERS, ""),
    Pair("only a quote", f"{marked(ENGLISH.quoted)}\n", "", ""),
]

PAIRS = {pair.name: pair for pair in (*_of_programs(), *SPECIAL)}
