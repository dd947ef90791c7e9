"""The commands `ingest`, `ask`, `status`, `check`, `serve` and `demo`; `chat` and `mcp` are in modules of their own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.shell.output import console, print_json, progress

if TYPE_CHECKING:
    from bot.answer import Answer, Question
    from bot.settings import Settings
    from index import Archive, IngestReport

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

DEMO_QUESTION = "Why did Petra Vanstone resign?"


def add_to(app: typer.Typer) -> None:
    """Register the commands in the order the help shows them."""
    from bot.shell.chat import chat
    from bot.shell.mcp import mcp

    for command in (demo, ingest, ask, chat, serve, mcp, status, check):
        app.command()(command)


def ingest(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files and folders (text, Markdown, HTML, PDF, JSON, JSON Lines), and addresses of articles, feeds "
            "and sitemaps. Without any, those of the setting `sources`."
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on polling them until interrupted.")] = False,
    as_json: Json = False,
) -> None:
    """Read articles into the archive. What is unchanged is left alone; a bad one is reported and the rest goes on."""
    from bot.shell.start import start
    from bot.wiring import open_archive
    from index import BadRequest

    settings = start()
    chosen = sources or list(settings.sources)
    if not chosen:
        raise BadRequest("sources", "Say what to ingest: files, folders or addresses; or set `sources`.")
    with open_archive(settings) as archive:
        report = _watched(archive, chosen, settings) if watch else ingest_sources(archive, chosen, settings)
    show_report(report, as_json=as_json)
    if report.failed and not watch:
        raise typer.Exit(1)


def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    since: Annotated[str | None, typer.Option("--from", help="Only articles published on or after this date.")] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Only articles published up to and including this date.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Answer as the archive stood at this date or time.")] = None,
    publisher: Annotated[list[str] | None, typer.Option(help="Only this publisher; may be repeated.")] = None,
    k: Annotated[int, typer.Option(help="How many passages to read.")] = 10,
    as_json: Json = False,
) -> None:
    """Ask a question; every sentence of the answer carries a quote."""
    from bot.answer import Question
    from bot.shell.start import start
    from bot.times import parse_filter
    from bot.wiring import open_archive

    chosen = parse_filter(since, until, as_of, publisher or [])
    settings = start()
    with open_archive(settings) as archive:
        _answer(Question(question, chosen, k), archive, settings, as_json=as_json)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8321,
) -> None:
    """Answer over HTTP: a page for people, an API, and what OpenAI and MCP clients speak."""
    from bot.http import create_app, keyless
    from bot.http import serve as serve_http
    from bot.polling import following, polling
    from bot.shell.start import start
    from bot.slack import slack_router, uses_slack
    from bot.wiring import open_archive, writer

    settings = start()
    with_slack = uses_slack(settings)
    with open_archive(settings) as archive, following(archive), polling(archive, settings):
        answers_with = writer(settings)
        without_key = keyless(host, archive.keys)
        more = [slack_router(archive, answers_with, settings)] if with_slack else []
        app = create_app(archive, answers_with, settings, more, keyless=without_key)
        serve_http(app, host, port, lambda url: _show_where_to_go(url, with_key=archive.keys.any_minted()))


def _show_where_to_go(url: str, *, with_key: bool) -> None:
    access = "Every request needs a key." if with_key else "No key is needed on this machine."
    console(stderr=True).print(
        f"Dateline listens on {url} (stop with Ctrl-C). {access}\n"
        f"  {url}/                     ask in the browser\n"
        f"  {url}/v1/answers           the API; its schema is at {url}/openapi.json\n"
        f"  {url}/v1                   base URL for OpenAI clients, with the model `dateline`\n"
        f"  {url}/mcp                  for MCP clients",
        soft_wrap=True,
    )


def status(as_json: Json = False) -> None:
    """Say what the archive holds."""
    from bot.encoding import time_json
    from bot.polling import sources_json
    from bot.shell.start import start
    from bot.wiring import open_archive, writer

    settings = start()
    with open_archive(settings) as archive:
        now = archive.status()
        polled = sources_json(archive, settings)
    held = now.holdings
    answers_with = writer(settings)
    value = {
        "home": str(now.home),
        "articles": held.articles,
        "versions": held.versions,
        "passages": held.passages,
        "oldest": time_json(held.oldest),
        "newest": time_json(held.newest),
        "publishers": list(now.publishers),
        "embedding_model": now.model,
        "dimension": now.dimension,
        "waiting_changes": now.waiting_changes,
        "writer": answers_with.name,
        "llm_model": answers_with.model,
    }
    if as_json:
        print_json({**value, **polled})
        return
    screen = console()
    for name, each in value.items():
        shown = ", ".join(each) if isinstance(each, list) else "–" if each is None else str(each)
        screen.print(f"{name.replace('_', ' '):<16} {shown}")
    _show_sources(polled)


def check(
    repair: Annotated[bool, typer.Option(help="Rebuild the indexes from the truth.")] = False, as_json: Json = False
) -> None:
    """Compare the indexes with the truth; --repair rebuilds them."""
    from bot.shell.start import start
    from bot.wiring import open_archive

    with open_archive(start()) as archive:
        problems = archive.problems()
        if repair:
            archive.repair()
        left = archive.problems() if repair else problems
    if as_json:
        print_json({"problems": problems, "repaired": repair, "left": left})
    else:
        screen = console()
        for problem in problems or ["The archive is sound."]:
            screen.print(problem)
        if repair:
            screen.print("The indexes were rebuilt." if not left else "The indexes were rebuilt; the problems stay.")
        elif problems:
            screen.print("`dateline check --repair` rebuilds the indexes from the truth.")
    if left:
        raise typer.Exit(1)


def demo(as_json: Json = False) -> None:
    """Ingest the sample articles into a data directory of their own and ask them a question."""
    from bot.answer import Question
    from bot.shell.start import start
    from bot.wiring import open_archive

    settings = start()
    home = settings.home.parent / f"{settings.home.name or '.dateline'}-demo"
    samples = Path(__file__).parents[1] / "samples"
    with open_archive(settings, home) as archive:
        report = ingest_sources(archive, [str(samples)], settings)
        if not as_json:
            _show_report(report)
            console().print(f'\n$ dateline ask "{DEMO_QUESTION}"\n')
        _answer(Question(DEMO_QUESTION), archive, settings, as_json=as_json)
    if not as_json:
        _show_next_steps(home)


def ingest_sources(archive: "Archive", sources: list[str], settings: "Settings") -> "IngestReport":
    """Read paths and addresses into an archive with a progress bar on a terminal."""
    from bot.wiring import fetcher
    from index import count_sources, read_sources

    with progress("Ingesting", count_sources(sources), unit="articles") as done:
        return archive.ingest(read_sources(sources, fetcher(settings)), lambda _: done())


def _watched(archive: "Archive", sources: list[str], settings: "Settings") -> "IngestReport":
    """Poll until interrupted, a line on stderr for each round that brought something; what came in all."""
    import signal
    from threading import Event

    from bot.polling import watch
    from index import IngestReport

    stop, total = Event(), IngestReport()

    def tell(report: IngestReport) -> None:
        nonlocal total
        total += report
        _show_report(report, stderr=True)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    console(stderr=True).print(f"Watching {len(sources)} sources (stop with Ctrl-C)")
    watch(archive, sources, settings, stop, tell)
    return total


def _answer(question: "Question", archive: "Archive", settings: "Settings", *, as_json: bool) -> None:
    import asyncio

    from bot.encoding import answer_json
    from bot.engine import complete
    from bot.wiring import writer

    answer: Answer = asyncio.run(complete(question, archive, writer(settings)))
    if as_json:
        print_json(answer_json(answer))
    else:
        show(answer, archive)


def show(answer: "Answer", archive: "Archive") -> None:
    """Print an answer with its quotes where they stand."""
    from bot.shell.render import show_answer

    bodies = {
        each.article.id: archive.quoted_body(each.article.id, each.quote, each.start) for each in answer.citations
    }
    show_answer(console(), answer, bodies)


def show_report(report: "IngestReport", *, as_json: bool) -> None:
    """Print what became of what was read."""
    if not as_json:
        _show_report(report)
        return
    print_json(
        {
            "new": report.new,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "duplicates": report.duplicates,
            "retracted": report.retracted,
            "failed": report.failed,
            "errors": [{"source": source, "reason": reason} for source, reason in report.errors],
        }
    )


def _show_report(report: "IngestReport", *, stderr: bool = False) -> None:
    for source, reason in report.errors:
        console(stderr=True).print(f"{source}: {reason}")
    parts = ["new", "updated", "unchanged", "duplicates", "failed", *(["retracted"] if report.retracted else [])]
    console(stderr=stderr).print(", ".join(f"{getattr(report, part)} {part}" for part in parts))


def _show_sources(polled: dict[str, Any]) -> None:
    screen = console()
    for each in polled["sources"]:
        last = f"last success {each['last_success']}" if each["last_success"] else "no success yet"
        pages = f"{each['pages']} pages, {each['pages_waiting']} waiting, {each['pages_given_up']} given up"
        screen.print(f"{each['health']:<8} {each['source']}: {last}; {pages}")
        if each["reason"]:
            screen.print(f"         {each['failures']} failures: {each['reason']} Next poll {each['next_poll']}.")
    for each in polled["dead_letters"]:
        screen.print(f"given up {each['url']}: {each['reason']}")


def _show_next_steps(home: Path) -> None:
    shown = home if not home.is_absolute() else f"'{home}'"
    console().print(
        "\nGo on:\n"
        f'  DATELINE_HOME={shown} .venv/bin/dateline ask "Who is the mayor of Skerrivane?"\n'
        "  .venv/bin/dateline ingest PATH…        your own articles, into .dateline\n"
        '  .venv/bin/dateline ask "…"             ask them\n'
        f"  DATELINE_HOME={shown} .venv/bin/dateline serve\n"
        "                                         then open http://127.0.0.1:8321/ to ask in the browser\n"
        "These answers are extracts. With OPENAI_API_KEY or DATELINE_LLM_BASE_URL set, an LLM writes them, checked."
    )
