"""The commands under `dateline articles`: list, show, remove, reembed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.shell.commands import Json
from bot.shell.output import console, print_json, progress

if TYPE_CHECKING:
    from index import ArticleVersion

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
def show(article_id: ArticleId, as_json: Json = False) -> None:
    """Show an article with its versions."""
    from bot.shell.start import start
    from bot.wiring import open_archive

    with open_archive(start()) as archive:
        versions = archive.versions(article_id)
    if as_json:
        print_json(_article_json(versions))
        return
    article = versions[-1].article
    screen = console()
    screen.print(article.title, style="bold")
    facts = (article.publisher, article.byline, article.published_at and f"{article.published_at:%Y-%m-%d %H:%M} UTC")
    screen.print(" · ".join(str(fact) for fact in (*facts, article.url or article.source) if fact), style="dim")
    for version in versions[:-1]:
        screen.print(f"version {version.number} of {version.seen_at:%Y-%m-%d %H:%M} UTC was replaced", style="dim")
    screen.print(f"\n{article.body}")


@app.command()
def remove(article_id: ArticleId, as_json: Json = False) -> None:
    """Delete an article with all its versions."""
    from bot.shell.start import start
    from bot.wiring import open_archive

    with open_archive(start()) as archive:
        archive.remove(article_id)
    if as_json:
        print_json({"removed": article_id})
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


def _article_json(versions: "tuple[ArticleVersion, ...]") -> dict[str, Any]:
    from bot.encoding import article_json, time_json

    current = versions[-1]
    return {
        **article_json(current.article),
        "first_seen_at": time_json(current.first_seen_at),
        "published_origin": current.article.published_origin,
        "modified_origin": current.article.modified_origin,
        "body": current.article.body,
        "versions": [
            {"number": each.number, "seen_at": time_json(each.seen_at), "current": each.current} for each in versions
        ],
    }
