"""What the real `openai` client must get from a running server. Run with the Python of any version of the client:

    python tests/openai_trial.py URL KEY

Each check is named as it passes; the first that fails ends the run with its traceback.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import openai

QUESTION = "What do the bridge repairs cost?"
TURN = [{"role": "user", "content": QUESTION}]


def models(client: Any) -> None:
    assert [each.id for each in client.models.list()] == ["dateline"]
    assert client.models.retrieve("dateline").owned_by == "dateline"
    try:
        client.models.retrieve("gpt-9")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found"
    else:
        raise AssertionError("an unknown model was found")


def completion(client: Any) -> None:
    got = client.chat.completions.create(model="dateline", messages=TURN)
    (choice,) = got.choices
    assert choice.finish_reason == "stop" and choice.message.role == "assistant"
    assert choice.message.content.startswith("Repairs cost 12 million crowns. [1]")
    links = [each.url_citation for each in choice.message.annotations]
    assert [choice.message.content[each.start_index : each.end_index] for each in links] == ["[1]"]
    assert links[0].title == "Bridge" and links[0].url.startswith("http")
    assert got.usage.total_tokens == got.usage.prompt_tokens + got.usage.completion_tokens
    assert got.model_extra["dateline"]["citations"][0]["quote"] == "Repairs cost 12 million crowns."


def stream_is_the_same_text(client: Any) -> None:
    whole = client.chat.completions.create(model="dateline", messages=TURN).choices[0].message.content
    chunks = list(client.chat.completions.create(model="dateline", messages=TURN, stream=True))
    assert "".join(each.choices[0].delta.content or "" for each in chunks) == whole
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(each.usage is None and each.choices for each in chunks)
    assert len({(each.id, each.created, each.model) for each in chunks}) == 1


def usage_when_asked_for(client: Any) -> None:
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client.chat.completions.create(model="dateline", messages=TURN, **asked))
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens >= 0
    assert all(each.usage is None for each in chunks[:-1])


def stream_helper_keeps_annotations(client: Any) -> None:
    with client.chat.completions.stream(model="dateline", messages=TURN) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.content.startswith("Repairs cost")
    annotation = message.annotations[0]
    link = annotation["url_citation"] if isinstance(annotation, dict) else annotation.url_citation
    assert (link["title"] if isinstance(link, dict) else link.title) == "Bridge"


def conversation(client: Any) -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Who is the mayor?"}]},
        {"role": "assistant", "content": "Ana Sol. [1]"},
        {"role": "user", "content": "What did she oppose?"},
    ]
    got = client.chat.completions.create(model="dateline", messages=turns)
    assert "mayor" in got.model_extra["dateline"]["standalone_question"]


def extra_body(client: Any) -> None:
    ours = {"filters": {"publisher": ["The Bell"]}, "k": 3}
    assert client.chat.completions.create(model="dateline", messages=TURN, extra_body=ours).choices


def responses(client: Any) -> None:
    got = client.responses.create(model="dateline", input=QUESTION)
    assert got.output_text.startswith("Repairs cost 12 million crowns. [1]") and got.status == "completed"
    link = got.output[0].content[0].annotations[0]
    assert link.type == "url_citation" and got.output_text[link.start_index : link.end_index] == "[1]"
    assert client.responses.retrieve(got.id).output_text == got.output_text
    then = client.responses.create(model="dateline", input="Who opposed them?", previous_response_id=got.id)
    assert then.previous_response_id == got.id
    assert then.model_extra["dateline"]["conversation_id"] == got.model_extra["dateline"]["conversation_id"]
    items = [{"role": "user", "content": [{"type": "input_text", "text": QUESTION}]}]
    unkept = client.responses.create(model="dateline", input=items, store=False)
    for gone in (unkept.id, "resp_none"):
        try:
            client.responses.retrieve(gone)
        except openai.NotFoundError:
            continue
        raise AssertionError(f"{gone} is kept")


def responses_stream(client: Any) -> None:
    kinds = []
    with client.responses.stream(model="dateline", input=QUESTION) as stream:
        for event in stream:
            kinds.append(event.type)
        final = stream.get_final_response()
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert "response.output_text.annotation.added" in kinds
    assert final.output_text.startswith("Repairs cost") and final.usage.total_tokens >= 0
    assert final.output[0].content[0].annotations[0].title == "Bridge"


def errors(client: Any) -> None:
    def refused(kind: type[openai.APIStatusError], **request: Any) -> openai.APIStatusError:
        try:
            client.chat.completions.create(**{"model": "dateline", "messages": TURN, **request})
        except kind as error:
            assert error.request_id
            return error
        raise AssertionError(f"{request} was not refused")

    assert refused(openai.NotFoundError, model="gpt-9").body["param"] == "model"  # type: ignore[index]
    assert refused(openai.BadRequestError, messages=[]).body["param"] == "messages"  # type: ignore[index]
    assert refused(openai.BadRequestError, n=2).body["param"] == "n"  # type: ignore[index]
    refused(openai.BadRequestError, messages=[{"role": "user", "content": " "}])
    refused(openai.BadRequestError, response_format={"type": "json_object"})
    refused(openai.BadRequestError, messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}])
    refused(openai.APIStatusError, messages=[{"role": "user", "content": "x" * 3_000_000}])
    for request in (
        {"model": "gpt-9", "input": "q"},
        {"model": "dateline", "input": [{"role": "system", "content": "x"}]},
    ):
        try:
            client.responses.create(**request)
        except (openai.NotFoundError, openai.BadRequestError):
            continue
        raise AssertionError(f"{request} was not refused")


def wrong_key(client: Any) -> None:
    try:
        client.with_options(api_key="dl_00000000_nothing").models.list()
    except openai.AuthenticationError as error:
        assert error.code == "NoValidKey" and error.request_id
    else:
        raise AssertionError("a wrong key was taken")


def asynchronous(client: Any) -> None:
    async def ask() -> str:
        async with openai.AsyncOpenAI(base_url=client.base_url, api_key=client.api_key) as own:
            asking: Any = own.chat.completions.create
            stream = await asking(model="dateline", messages=TURN, stream=True)
            return "".join([each.choices[0].delta.content or "" async for each in stream])

    assert asyncio.run(ask()).startswith("Repairs cost")


def trailing_slash(client: Any) -> None:
    other = openai.OpenAI(base_url=f"{str(client.base_url).rstrip('/')}/", api_key=client.api_key)
    assert other.models.list().data


CHECKS: tuple[Callable[[Any], None], ...] = (
    models,
    completion,
    stream_is_the_same_text,
    usage_when_asked_for,
    stream_helper_keeps_annotations,
    conversation,
    extra_body,
    responses,
    responses_stream,
    errors,
    wrong_key,
    asynchronous,
    trailing_slash,
)

if __name__ == "__main__":
    client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
    sys.stdout.write(f"openai {openai.__version__}\n")
    for check in CHECKS:
        check(client)
        sys.stdout.write(f"{check.__name__}\n")
