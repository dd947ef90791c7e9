"""The command `mcp`: the tools for an MCP client that starts Dateline itself."""


def mcp() -> None:
    """Speak MCP over standard input and output: ask, search, get_article. The client starts and stops it."""
    from bot.http.service import make_service
    from bot.http.tools import tool_server
    from bot.polling import following
    from bot.shell.start import start
    from bot.wiring import open_archive, writer

    settings = start()
    with open_archive(settings) as archive, following(archive):
        tool_server(make_service(archive, writer(settings), settings)).run("stdio")
