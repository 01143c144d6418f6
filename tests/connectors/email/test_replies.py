"""Tests of separating a reply's own words from its quotes; own words are never taken for a quote."""

from __future__ import annotations

import pytest

from connectors.email.replies import own_words
from tests.connectors.email.mails import event, settings

OWN = "Thanks, it opens now.\n\nAda"

QUOTES = {
    "Gmail": "On Fri, Mar 13, 2026 at 12:04 PM Help Desk <support@example.net> wrote:\n\n> Try it.\n>\n> Help",
    "Gmail, wrapped": "On Fri, Mar 13, 2026 at 12:04 PM Help Desk <support@example.net>\nwrote:\n\n> Try it.",
    "Gmail, German": "Am Fr., 13. März 2026 um 12:04 Uhr schrieb Help <support@example.net>:\n\n> Den anderen.",
    "Gmail, French": "Le ven. 13 mars 2026 à 12:04, Help <support@example.net> a écrit :\n\n> Essayez l'autre clé.",
    "Gmail, Spanish": "El vie, 13 mar 2026 a las 12:04, Help (<support@example.net>) escribió:\n\n> Con la otra.",
    "Gmail, Italian": "Il giorno ven 13 mar 2026 alle ore 12:04 Help <support@example.net> ha scritto:\n\n> Prova.",
    "Gmail, Portuguese": "Em sex., 13 de mar. de 2026 às 12:04, Help <support@example.net> escreveu:\n\n> Tente.",
    "Gmail, Dutch": "Op vr 13 mrt 2026 om 12:04 schreef Help <support@example.net>:\n\n> De andere sleutel.",
    "Gmail, Polish": "pt., 13 mar 2026 o 12:04 Help <support@example.net> napisał(a):\n\n> Drugi klucz.",
    "Gmail, Russian": "пт, 13 мар. 2026 г. в 12:04, Help <support@example.net>:\n\n> Другой ключ.",
    "Gmail, Japanese": "2026年3月13日(金) 12:04 Help <support@example.net>:\n\n> 別の鍵を。",
    "Gmail, Chinese": "Help <support@example.net> 于2026年3月13日周五 12:04写道：\n\n> 另一把钥匙。",
    "Gmail, Swedish": "Den fre 13 mars 2026 kl 12:04 skrev Help <support@example.net>:\n\n> Den andra.",
    "Gmail, Czech": "pá 13. 3. 2026 v 12:04 odesílatel Help <support@example.net> napsal:\n\n> Druhý klíč.",
    "Apple Mail": "> On 13. Mar 2026, at 12:04, Help <support@example.net> wrote:\n> \n> Try the other key.",
    "Apple Mail, outside": "On Mar 13, 2026, at 12:04 PM, Help <support@example.net> wrote:\n\n> Try the other key.",
    "Apple Mail, German": "Am 13.03.2026 um 12:04 schrieb Help <support@example.net>:\n\n> Den anderen.",
    "Thunderbird": "On 3/13/26 12:04 PM, Help wrote:\n> Try the other key.\n>\n>> It is stuck.",
    "Thunderbird, German": "Am 13.03.26 um 12:04 schrieb Help:\n> Den anderen Schlüssel.",
    "Thunderbird, French": "Le 13/03/2026 à 12:04, Help a écrit :\n> L'autre clé.",
    "Outlook": "From: Help <support@example.net>\nSent: Friday, March 13, 2026\nTo: Ada\nSubject: Door\n\nTry it.",
    "Outlook, a rule": "________________________________\nFrom: Help\nSent: Friday\nTo: Ada\nSubject: Door\n\nTry it.",
    "Outlook, bold": "*From:* Help <support@example.net>\n*Sent:* Friday\n*To:* Ada\n*Subject:* Door\n\nTry it.",
    "Outlook, German": "Von: Help <support@example.net>\nGesendet: Freitag\nAn: Ada\nBetreff: Tür\n\nDen anderen.",
    "Outlook, French": "De : Help <support@example.net>\nEnvoyé : vendredi\nÀ : Ada\nObjet : Porte\n\nL'autre.",
    "Outlook, Spanish": "De: Help <support@example.net>\nEnviado: viernes\nPara: Ada\nAsunto: Puerta\n\nLa otra.",
    "Outlook, Italian": "Da: Help <support@example.net>\nInviato: venerdì\nA: Ada\nOggetto: Porta\n\nL'altra.",
    "Outlook, Chinese": "发件人: Help <support@example.net>\n发送时间: 2026年3月\n收件人: Ada\n主题: 门\n\n另一把",
    "Outlook, old": "-----Original Message-----\nFrom: Help\nSubject: Door\n\nTry it.",
    "Outlook, old, German": "-----Ursprüngliche Nachricht-----\nVon: Help\n\nDen anderen.",
    "from HTML, without marks": "On Fri, Mar 13, 2026 at 12:04 PM Help <support@example.net> wrote:\n\nTry it.",
    "no attribution": "> Try the other key.\n> It is on the hook.",
}


@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES)
def test_a_reply_above_its_quote_is_cut_off_from_it(quote: str) -> None:
    assert own_words(f"{OWN}\n\n{quote}\n") == OWN


@pytest.mark.parametrize(
    "text",
    [
        "It is stuck.\n",
        "",
        "> only a quote\n> of somebody\n",
        "On Fri, Mar 13, 2026 at 12:04 PM Help <support@example.net> wrote:\n> Which key?\n\nThe small one.\n",
        "Hello,\n\nOn Mar 13, 2026, Help <support@example.net> wrote:\n> Which key?\nThe small one.\n> Where?\nHere.\n",
        "Hello,\n> Which key?\nThe small one.\n> Which door?\nThis one.\n",
        "I asked the neighbours.\nThis is what she wrote:\nthe key is gone.\n",
        "On Monday my colleague wrote:\nit does not open.\n",
        "My trip.\n\nFrom: Berlin\nTo: Paris\nDate: 3 May 2026\n\nPlease book it.\n",
        "The mail says\nFrom: root@db-1\nand nothing else.\n",
        "From: Help <support@example.net>\nSent: Friday\nTo: Ada\nSubject: Door\n\nAll of it is quoted.\n",
        "Best,\nAda\n\n-- \nAda Byron\nCustomer Ltd\n",
        "Three things:\n- one\n- two\n--\nThanks,\nmore words after the thanks\n",
    ],
)
def test_where_own_words_cannot_be_told_apart_nothing_is_cut(text: str) -> None:
    assert own_words(text) is None


def test_the_words_before_a_wrapped_attribution_are_kept() -> None:
    text = "Hello,\n\nit opens.\nOn Friday, March 13, 2026,\nHelp <support@example.net> wrote:\n> Try it.\n"
    assert own_words(text) == "Hello,\n\nit opens."


REPLY = f"{OWN}\n\n{QUOTES['Gmail']}\n"
ANSWERS: dict[str, str | None] = {"In-Reply-To": "<parent.1@customer.example>"}


def test_a_note_says_the_reply_first_and_keeps_the_whole_below() -> None:
    text = event(REPLY, ANSWERS).text
    assert text == f"From: Ada Byron <ada@customer.example>\n\n{OWN}\n\n--- full message ---\n{REPLY.rstrip()}"


def test_nothing_is_cut_from_a_new_mail_nor_where_the_source_does_not_want_it() -> None:
    assert "full message" not in event(REPLY).text
    assert "full message" not in event(REPLY, ANSWERS, settings(strip_replies=False)).text
    assert "full message" not in event("It opens.\n", ANSWERS).text


def test_own_words_are_kept_whole_where_the_quote_is_longer_than_a_note() -> None:
    text = event(
        f"{OWN}\n\nOn 2026-03-13 Help <a@b.example> wrote:\n" + "> x\n" * 5_000, ANSWERS, settings(max_text=1_000)
    ).text
    assert len(text) <= 1_000
    assert OWN in text
