"""Installing into further workspaces: `/slack/install` leads to Slack, which leads back with a token."""

from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings

from bot.settings import Settings
from bot.slack.manifest import bot_scopes
from bot.slack.parts import Slack
from bot.slack.workspaces import SealedStore, States


def oauth_flow(slack: Slack, settings: Settings) -> AsyncOAuthFlow | None:
    """The flow, None where one workspace's token is set."""
    if settings.slack_client_id is None or settings.slack_client_secret is None or slack.seal is None:
        return None
    records = slack.archive.slack
    return AsyncOAuthFlow(
        client=slack.workspaces.client(None),
        settings=AsyncOAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret.get_secret_value(),
            scopes=bot_scopes(),
            install_path="/slack/install",
            install_page_rendering_enabled=False,  # it leads on to Slack at once
            redirect_uri_path="/slack/oauth_redirect",
            installation_store=SealedStore(records, slack.seal),
            state_store=States(records),
        ),
    )
