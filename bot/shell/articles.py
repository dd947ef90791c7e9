"""The commands under `dateline articles`: list, show, remove, reembed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.shell.commands import Json
from bot.shell.output import console, print_json, progress

if TYPE_CHECKING:
    from index import AffectedAnswer, Copy

app = typer.Typer(help="The articles of the archive.", no_args_is_help=True)

ArticleId = Annotated[str, typer.Argument(help="An article's id, as `dateline articles list` shows it.")]


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50, as_json: Json = False
) -> None:
    """List articles, newest first."""
    from bot.encoding import article_json
    from bot.shell.start import start
    from bot.wiring import open_archive

    with open_archive(start()) as archive:
        found = archive.articles(limit)
        total = archive.holdings().articles
    if as_json:
        print_json({"articles": [article_json(each.article) for each in found], "total": total})
        return
    screen = console()
    for each in found:
        article = each.article
        date = article.published_at.date().isoformat() if article.published_at else "no date   "
        screen.print(
            f"{article.id}  {date}  {article.publisher or '–'}: {article.title}", no_wrap=True, overflow="ellipsis"
        )
    screen.print(f"{len(found)} of {total} articles")


@app.command()
def show(
    article_id: ArticleId,
    affected: Annotated[bool, typer.Option("--affected", help="List the answers whose quotes of it are gone.")] = False,
    as_json: Json = False,
) -> None:
    """Show an article with its versions, its corrections, who else carries it, and what else tells its story."""
    from bot.encoding import versions_json
    from bot.shell.start import start
    from bot.wiring import open_archive

    with open_archive(start()) as archive:
        if affected:
            _show_affected(article_id, archive.affected(article_id), as_json=as_json)
            return
        versions, copies = archive.versions(article_id), archive.carriers(article_id)
        story, correction = archive.story(article_id), archive.correction(article_id)
    if as_json:
        print_json(versions_json(versions, copies, story, correction))
        return
    article = versions[-1].article
    screen = console()
    screen.print(article.title, style="bold")
    facts = (article.publisher, article.byline, article.published_at and f"{article.published_at:%Y-%m-%d %H:%M} UTC")
    screen.print(" · ".join(str(fact) for fact in (*facts, article.url or article.source) if fact), style="dim")
    for version in versions[:-1]:
        screen.print(f"version {version.number} of {version.seen_at:%Y-%m-%d %H:%M} UTC was replaced", style="dim")
    if correction is not None:
        from bot.shell.render import corrected

        by = f" ({correction.notice_id})" if correction.notice_id else ""
        screen.print(f"{corrected(correction)}{by}", style="yellow")
    for copy in copies if len(copies) > 1 else ():
        screen.print(f"carried by {copy.publisher or copy.title}, {_when(copy)}: {copy.article_id}", style="dim")
    for other in story.others:
        by = f"{other.publisher}: {other.title}" if other.publisher else other.title
        screen.print(f"same story, {_when(other)}, {by} ({other.article_id})", style="dim")
    screen.print(f"\n{article.body}")


@app.command()
def remove(
    article_id: ArticleId,
    reason: Annotated[str | None, typer.Option(help="Why its publisher has withdrawn it; the reason is kept.")] = None,
    as_json: Json = False,
) -> None:
    """Delete an article with all its versions; with --reason as a retraction. Says which answers had quoted it."""
    from bot.shell.start import start
    from bot.wiring import open_archive

    with open_archive(start()) as archive:
        if reason is None:
            archive.remove(article_id)
        else:
            archive.retract(article_id, reason)
        affected = archive.affected(article_id)
    if as_json:
        print_json({"removed": article_id, "reason": reason, "affected": [_affected_json(each) for each in affected]})
    elif affected:
        console().print(
            f"{article_id} was removed; {len(affected)} answers had quoted it (show {article_id} --affected)."
        )
    else:
        console().print(f"{article_id} was removed.")


@app.command()
def reembed(as_json: Json = False) -> None:
    """Embed the whole archive again with the model the settings name; goes on where it was broken off."""
    from bot.shell.start import start
    from bot.wiring import open_archive

    with open_archive(start(), reembed=True) as archive:
        total = archive.holdings().passages
        with progress("Embedding", total, unit="passages") as done:
            archive.reembed(done)
        model = archive.embedder.id
    if as_json:
        print_json({"embedding_model": model, "passages": total})
    else:
        console().print(f"{total} passages are embedded with {model}.")


def _when(copy: "Copy") -> str:
    return f"{copy.published_at:%Y-%m-%d %H:%M} UTC" if copy.published_at else "no date"


def _show_affected(article_id: str, affected: "tuple[AffectedAnswer, ...]", *, as_json: bool) -> None:
    if as_json:
        print_json({"article_id": article_id, "affected": [_affected_json(each) for each in affected]})
        return
    screen = console()
    for each in affected:
        screen.print(f"{each.answer_id}  {each.answered_at:%Y-%m-%d %H:%M} UTC  {each.question}")
        for quote in each.quotes:
            screen.print(f"    “{quote}”", style="dim")
    screen.print(f"{len(affected)} answers rest on words that are gone")


def _affected_json(answer: "AffectedAnswer") -> dict[str, Any]:
    from bot.encoding import time_json

    return {
        "answer_id": answer.answer_id,
        "question": answer.question,
        "answered_at": time_json(answer.answered_at),
        "quotes": list(answer.quotes),
    }
