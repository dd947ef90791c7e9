"""What Dateline says in its own name: in the language of the question, with the nearest thing it has."""

import asyncio
import string
import tomllib
from pathlib import Path

import pytest

import bot.wording
from bot.answer import Question
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from bot.language import language_of
from index import Archive, Filter
from tests.conftest import article, day

TEXTS = tomllib.loads((Path(bot.wording.__file__).parent / "wording.toml").read_text("utf-8"))
QUESTIONS = {
    "en": ["Who is the mayor of Port Arlen?", "Did Le Monde and El País report on La La Land?", "Kessary death toll"],
    "de": ["Wer ist der Bürgermeister von Port Arlen?", "Warum wurde die Brücke gesperrt?", "Wie viele Tote?"],
    "fr": ["Qui est le maire de Port Arlen ?", "Pourquoi le pont a-t-il été fermé ?", "Combien de morts ?"],
    "es": ["¿Quién es el alcalde de Port Arlen?", "¿Por qué se cerró el puente?", "¿Cuántos muertos?"],
    "it": ["Chi è il sindaco di Port Arlen?", "Perché il ponte è stato chiuso?", "Quanti sono i morti?"],
    "pt": ["Quem é o prefeito de Port Arlen?", "Por que a ponte foi fechada?", "Quantos mortos foram?"],
    "nl": ["Wie is de burgemeester van Port Arlen?", "Waarom werd de brug gesloten?", "Hoeveel doden waren er?"],
}


@pytest.mark.parametrize(("language", "question"), [(each, q) for each in QUESTIONS for q in QUESTIONS[each]])
def test_the_language_of_a_question_is_told_by_its_small_words(language: str, question: str) -> None:
    assert language_of(question) == language


def test_every_language_has_every_text_with_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert set(TEXTS) == set(QUESTIONS)
    for language, texts in TEXTS.items():
        assert {key: blanks(text) for key, text in texts.items()} == {
            key: blanks(text) for key, text in TEXTS["en"].items()
        }, language


@pytest.mark.parametrize(
    ("question", "said", "date"),
    [
        ("Wer hat das Schachfinale gewonnen?", "Im Archiv habe ich darauf keine Antwort gefunden.", "1.9.2026"),
        ("Qui a gagné la finale d'échecs ?", "Je n'ai pas trouvé de réponse dans les archives.", "01/09/2026"),
        ("Who won the chess final?", "I found no answer to this in the archive.", "September 1, 2026"),
    ],
)
def test_an_abstention_is_said_in_the_language_of_the_question_with_the_nearest_article(
    archive: Archive, question: str, said: str, date: str
) -> None:
    archive.ingest([article("bridge", "The bridge will close.", publisher="The Bell", published_at=day("2026-09-01"))])
    given = asyncio.run(complete(Question(question), archive, ExtractiveWriter()))
    assert given.status == "abstained"
    assert given.text.startswith(said)
    assert "Bridge" in given.text
    assert f"(The Bell, {date})" in given.text


def test_an_archive_without_articles_says_so_in_the_language_of_the_question(archive: Archive) -> None:
    empty = asyncio.run(complete(Question("Wer ist der Bürgermeister?"), archive, ExtractiveWriter()))
    assert empty.text.startswith("Das kann ich nicht beantworten: Das Archiv hat noch keine Artikel.")
    filtered = Question("Wer ist der Bürgermeister?", Filter(since=day("2026-09-02")))
    assert "Kein Artikel des Archivs" in asyncio.run(complete(filtered, archive, ExtractiveWriter())).text
