"""Answers and events as JSON values, one shape for every surface (DESIGN.md section 7)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.answer import Answer, AnswerSentence, Citation, Source
from bot.events import (
    AnswerCancelled,
    AnswerCompleted,
    AnswerCreated,
    AnswerFailed,
    Event,
    SearchCompleted,
    SearchStarted,
    SentenceProven,
)
from index import Article, ArticleVersion, Copy, Correction, Story


def answer_json(answer: Answer) -> dict[str, Any]:
    """The Answer of the public contract."""
    return {
        "answer_id": answer.id,
        "conversation_id": answer.conversation_id,
        "question": answer.question,
        "standalone_question": answer.standalone_question,
        "status": answer.status,
        "text": answer.text,
        "as_of": time_json(answer.as_of),
        "sentences": [_sentence(each) for each in answer.sentences],
        "citations": [_citation(each) for each in answer.citations],
        "sources": [source_json(each) for each in answer.sources],
        "writer": answer.writer,
        "model": answer.model,
        "usage": {
            "prompt_tokens": answer.usage.prompt_tokens,
            "completion_tokens": answer.usage.completion_tokens,
            "cost_usd": answer.usage.cost_usd,
        },
        "timings_ms": {
            "search": round(answer.timings.search, 1),
            "first_sentence": round(answer.timings.first_sentence, 1),
            "total": round(answer.timings.total, 1),
        },
    }


def event_json(event: Event) -> tuple[str, dict[str, Any]]:
    """An event's name and data as they go over the wire."""
    match event:
        case AnswerCreated(answer_id, conversation_id, question):
            return "answer.created", {
                "answer_id": answer_id,
                "conversation_id": conversation_id,
                "question": question,
            }
        case SearchStarted(query):
            return "search.started", {"query": query}
        case SearchCompleted(sources, _):
            return "search.completed", {"sources": [source_json(each) for each in sources]}
        case SentenceProven(index, delta, sentence, citations):
            return "sentence", {
                "index": index,
                "delta": delta,
                **_sentence(sentence),
                "new_citations": [_citation(each) for each in citations],
            }
        case AnswerCompleted() | AnswerCancelled() | AnswerFailed():
            return _end_json(event)


def _end_json(event: AnswerCompleted | AnswerCancelled | AnswerFailed) -> tuple[str, dict[str, Any]]:
    match event:
        case AnswerCompleted(answer):
            return "answer.completed", answer_json(answer)
        case AnswerCancelled(answer_id):
            return "answer.cancelled", {"answer_id": answer_id}
        case AnswerFailed(answer_id, code, message):
            return "error", {"answer_id": answer_id, "code": code, "message": message}


def replay(answer: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The events of a completed answer, from its JSON: the same names and data as when it was written."""
    head = {name: answer[name] for name in ("answer_id", "conversation_id", "question")}
    events: list[tuple[str, dict[str, Any]]] = [
        ("answer.created", head),
        ("search.started", {"query": answer["standalone_question"]}),
        ("search.completed", {"sources": answer["sources"]}),
    ]
    seen: set[int] = set()
    for index, sentence in enumerate(answer["sentences"]):
        delta = " " * (index > 0) + sentence["text"] + "".join(f" [{number}]" for number in sentence["citations"])
        new = [each for each in answer["citations"] if each["index"] in set(sentence["citations"]) - seen]
        seen.update(sentence["citations"])
        events.append(("sentence", {"index": index, "delta": delta, **sentence, "new_citations": new}))
    return [*events, ("answer.completed", answer)]


def source_json(source: Source) -> dict[str, Any]:
    """A source as the contract has it."""
    article = source.article
    return {
        "article_id": article.id,
        "title": article.title,
        "publisher": article.publisher,
        "published_at": time_json(article.published_at),
        "url": article.url,
        "score": round(source.score, 4),
        "outlets": source.outlets,
        "copies": [copy_json(each) for each in source.copies],
        "correction": None if source.correction is None else correction_json(source.correction),
    }


def copy_json(copy: Copy) -> dict[str, Any]:
    """An article that carries a report, as the sources and an article's own page list it."""
    return {
        "article_id": copy.article_id,
        "publisher": copy.publisher,
        "title": copy.title,
        "published_at": time_json(copy.published_at),
        "url": copy.url,
    }


def correction_json(correction: Correction) -> dict[str, Any]:
    """What was corrected of an article, and by which other article if not by itself."""
    return {
        "text": correction.text,
        "at": time_json(correction.at),
        "notice_id": correction.notice_id,
        "taken_back": list(correction.taken_back),
    }


def article_json(article: Article) -> dict[str, Any]:
    """An article's metadata, without its body."""
    return {
        "article_id": article.id,
        "title": article.title,
        "byline": article.byline,
        "publisher": article.publisher,
        "section": article.section,
        "language": article.language,
        "dateline": article.dateline,
        "published_at": time_json(article.published_at),
        "modified_at": time_json(article.modified_at),
        "correction": article.correction,
        "url": article.url,
        "source": article.source,
    }


def versions_json(
    versions: Sequence[ArticleVersion], copies: Sequence[Copy], story: Story, correction: Correction | None
) -> dict[str, Any]:
    """An article with its current body, its correction, who else carries it or tells its story, and its versions."""
    current = versions[-1]
    return {
        **article_json(current.article),
        "first_seen_at": time_json(current.first_seen_at),
        "published_origin": current.article.published_origin,
        "modified_origin": current.article.modified_origin,
        "body": current.article.body,
        "correction": None if correction is None else correction_json(correction),
        "copies": [copy_json(each) for each in copies],
        "story": {"story_id": story.id, "articles": [copy_json(each) for each in story.others]},
        "versions": [
            {
                "number": each.number,
                "seen_at": time_json(each.seen_at),
                "current": each.current,
                "stands_from": time_json(each.stands_from),
                "replaced_at": time_json(each.replaced_at),
            }
            for each in versions
        ],
    }


def time_json(time: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z."""
    return None if time is None else time.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _sentence(sentence: AnswerSentence) -> dict[str, Any]:
    return {"text": sentence.text, "citations": list(sentence.citations), "verdict": sentence.verdict}


def _citation(citation: Citation) -> dict[str, Any]:
    article = citation.article
    return {
        "index": citation.index,
        "article_id": article.id,
        "title": article.title,
        "publisher": article.publisher,
        "byline": article.byline,
        "published_at": time_json(article.published_at),
        "url": article.url,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "highlight_url": citation.highlight_url,
        "verdict": citation.verdict,
    }
