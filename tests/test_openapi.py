"""The OpenAPI document is true: whatever is made up from it is answered as it says, and never with a 5xx."""

import re
import subprocess
import sys
from pathlib import Path

from bot.extractive import ExtractiveWriter
from index import Archive
from tests.conftest import article, day
from tests.serving import serving

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)


def test_made_up_requests_are_answered_as_the_document_says(archive: Archive, tmp_path: Path) -> None:
    archive.ingest([article("bridge", "The harbour bridge will close on Monday.", published_at=day("2026-09-01"))])
    with serving(archive, ExtractiveWriter()) as client:
        # More of it by hand: --max-examples 200 --phases examples,coverage,fuzzing,stateful makes some thousand cases.
        limits = ["--max-examples", "2", "--phases", "examples,fuzzing", "--seed", "1", "--no-color"]
        command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{client.base_url}/openapi.json"]
        done = subprocess.run(
            [*command, "--checks", CHECKS, *limits],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=tmp_path,
            env={"NO_PROXY": "*", "PATH": "/usr/bin:/bin"},
        )
    assert done.returncode == 0, done.stdout[-3000:]
    made = re.search(r"(\d+) generated", done.stdout)
    assert made is not None and int(made[1]) >= 50


OPERATIONS = {
    "/v1/answers": {"post": "post_answer"},
    "/v1/answers/{answer_id}": {"get": "get_answer"},
    "/v1/answers/{answer_id}/events": {"get": "get_events"},
    "/v1/answers/{answer_id}/cancel": {"post": "cancel"},
    "/v1/answers/{answer_id}/feedback": {"post": "post_feedback"},
    "/v1/archive": {"get": "archive"},
    "/v1/articles": {"get": "list_articles", "post": "post_article"},
    "/v1/articles/{article_id}": {"get": "get_article", "delete": "delete_article"},
    "/v1/conversations": {"get": "list_conversations"},
    "/v1/conversations/{conversation_id}": {"get": "get_conversation", "delete": "delete_conversation"},
    "/v1/search": {"post": "post_search"},
    "/v1/session": {"get": "get_session", "post": "begin_session", "delete": "end_session"},
    "/v1/models": {"get": "list_models"},
    "/v1/models/{model}": {"get": "get_model"},
    "/v1/chat/completions": {"post": "post_completion"},
    "/v1/responses": {"post": "post_response"},
    "/v1/responses/{response_id}": {"get": "get_response", "delete": "delete_response"},
    "/healthz": {"get": "healthz"},
    "/readyz": {"get": "readyz"},
    "/metrics": {"get": "metrics"},
}


def test_the_operations_are_these(archive: Archive) -> None:
    with serving(archive, ExtractiveWriter()) as client:
        paths = client.get("/openapi.json").json()["paths"]
    found = {path: {method: each["operationId"] for method, each in of.items()} for path, of in paths.items()}
    assert {path: of for path, of in found.items() if path in OPERATIONS} == OPERATIONS


def test_operations_are_named_once_with_examples(archive: Archive) -> None:
    with serving(archive, ExtractiveWriter()) as client:
        document = client.get("/openapi.json").json()
    operations = [each for path in document["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names)) and "post_answer" in names
    assert document["components"]["schemas"]["AskRequest"]["examples"]
    assert all(
        "default" in each["responses"] for each in operations if each["operationId"] not in ("healthz", "readyz")
    )
