"""What the page shows of articles, and for whom: marked quotes, hostile text, keyboard and screen reader."""

import json
import random
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from bot.extractive import ExtractiveWriter
from index import Archive, Article
from tests.browsing import CHROMIUM, Reader, served
from tests.conftest import WordEmbedder, article, day

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no browser is installed: apt install chromium")

RESIGNED = "Why did Petra Vanstone resign?"


@pytest.mark.parametrize(
    ("scheme", "width", "height"), [("light", 1280, 860), ("dark", 1280, 860), ("light", 390, 800)]
)
def test_axe_finds_nothing_to_object_to(chromium: Browser, address: str, scheme: str, width: int, height: int) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        bypass_csp=True,  # axe itself is a script that is put into the page
    )
    reader = Reader(context, address)
    reader.page.locator(".front li").first.wait_for()
    reader.page.locator(".narrow summary").click()
    if width >= 940:
        assert objections(reader) == ""
    reader.page.locator(".narrow summary").click()
    reader.ask(RESIGNED)
    reader.page.get_by_role("button", name="Not helpful").click()
    reader.ask("Who won the 1998 football world cup in France?")
    if width < 940:  # on a wider page the article stands beside all this
        assert objections(reader) == ""
    reader.page.locator(".pill").first.click()
    reader.page.locator("mark.current").wait_for()
    assert objections(reader) == ""
    context.close()


def test_everything_can_be_done_from_the_keyboard(reader: Reader) -> None:
    keyboard = reader.page.keyboard
    focused = (
        "(function f(root) { const a = root.activeElement; return a?.shadowRoot ? f(a.shadowRoot) : a })(document)"
    )
    keyboard.press("Tab")
    keyboard.type(RESIGNED)
    keyboard.press("Enter")
    reader.page.locator(".turn.answered").wait_for()
    assert reader.page.evaluate(f"{focused}.id") == "question"
    while reader.page.evaluate(f"{focused}.className") != "pill":
        keyboard.press("Shift+Tab")
    assert reader.page.locator(".card").is_visible()
    keyboard.press("Enter")
    reader.page.locator("mark.current").wait_for()
    assert reader.page.evaluate(f"{focused}.textContent") == reader.text(".sheet h2")
    keyboard.press("Escape")
    assert reader.page.locator("dialog[open]").count() == 0
    assert reader.page.evaluate(f"{focused}.className") == "pill"


def test_an_article_opens_beside_the_answer_with_the_quote_marked(reader: Reader) -> None:
    reader.ask(RESIGNED)
    with reader.page.expect_response("**/v1/articles/*") as fetched:
        reader.page.locator(".pill").first.click()
    stored = fetched.value.json()
    marked = reader.page.locator("mark.current").inner_text()
    assert marked in stored["body"]
    assert (
        marked == "Petra Vanstone resigned as chief executive of Tarnholt Cells on Tuesday, 19 days after she took "
        "the job, in a quarrel with the board over the company’s planned factory in Dunmarrick."
    )
    assert reader.text(".body").split() == stored["body"].split()
    out = reader.page.locator(".panel a.out")
    assert "#:~:text=Petra%20Vanstone%20resigned" in (out.get_attribute("href") or "")
    assert "noopener" in (out.get_attribute("rel") or "")


def test_the_article_stands_beside_the_answer_or_over_it_as_the_window_is_wide(reader: Reader) -> None:
    reader.ask(RESIGNED)
    reader.page.locator(".pill").first.click()
    reader.page.locator(".beside mark.current").wait_for()
    reader.page.set_viewport_size({"width": 390, "height": 800})
    reader.page.locator(".panel:modal mark.current").wait_for()
    reader.page.set_viewport_size({"width": 1280, "height": 860})
    reader.page.locator(".beside .panel[open]:not(:modal) mark.current").wait_for()
    reader.page.keyboard.press("Escape")
    reader.page.locator(".panel").wait_for(state="hidden")


def test_quotes_are_stepped_through(reader: Reader) -> None:
    reader.ask("How many people died when the ferry Kessary capsized?")
    numbers = reader.page.locator(".turn .pill").all_inner_texts()
    assert len(numbers) > 1
    reader.page.locator(".pill").first.click()
    for number in range(1, len(numbers) + 1):
        expect(reader.page.locator(".place")).to_have_text(f"Quote {number} of {len(numbers)}")
        expect(reader.page.locator("mark.current").first).to_be_visible()
        if number < len(numbers):
            reader.page.get_by_role("button", name="Next quote").click()
    expect(reader.page.get_by_role("button", name="Next quote")).to_be_disabled()


def test_an_abstention_is_drawn_as_one(reader: Reader) -> None:
    reader.ask("Who won the 1998 football world cup in France?")
    assert reader.page.locator(".turn.abstained").count() == 1
    assert reader.text(".kicker").lower() == "not in the archive"
    assert reader.page.locator(".turn .pill").count() == 0
    reader.page.locator(".turn .sources .title").first.click()
    reader.page.locator(".panel .body p").first.wait_for()


def objections(reader: Reader) -> str:
    results = Axe().run(reader.page)
    return results.generate_report() if results.violations_count else ""


HOSTILE = (
    "<script>document.title = 'taken'</script> The ferry 🚢👩‍👩‍👧 Orla & sons said: "
    "“The <b>bridge</b> cost 12 million crowns, <img src=x onerror=alert(1)> as planned.”\n\n"
    "وقال رئيس البلدية إن الجسر سيغلق يوم الاثنين. The bridge 🌉 closes on Monday for repairs."
)


def test_a_hostile_article_stays_text(chromium: Browser, tmp_path: Path, words: WordEmbedder) -> None:
    title = "<img src=x onerror=document.title='taken'> Bridge 🌉"
    hostile = [article("bridge", HOSTILE, title=title, publisher="<i>The Bell</i>", url="javascript:alert(1)")]
    with Archive(tmp_path / "home", words) as archive:
        archive.ingest([*hostile, *_others()])
        with served(archive, ExtractiveWriter()) as url:
            reader = Reader(chromium.new_context(), url)
            reader.ask("When does the bridge close for repairs and what did it cost?")
            for pill in reader.page.locator(".turn .pill").all():
                with reader.page.expect_response("**/v1/articles/*") as fetched:
                    pill.click()
                marked = "".join(reader.page.locator("mark.current").all_text_contents())
                quote = reader.page.evaluate(
                    "document.querySelector('dateline-chat').shadowRoot.querySelector('.turn').textContent"
                )
                assert marked
                assert marked in fetched.value.json()["body"]
                assert marked in quote
            assert reader.text(".sheet h2") == title
            assert reader.page.locator("dateline-chat :is(img, script, b, i, iframe)").count() == 0
            assert reader.page.locator("dateline-chat a[href^='javascript:']").count() == 0
            assert reader.page.title() == "Dateline"
            assert reader.violations() == []
            assert reader.complaints == []
            reader.context.close()


def _others() -> list[Article]:
    texts = ("The harbour was quiet.", "A court sat on Tuesday.", "Rain is expected in the north.")
    return [article(f"other-{n}", text, published_at=day("2026-09-01")) for n, text in enumerate(texts)]


def test_spans_are_found_by_code_points_whatever_the_text(reader: Reader) -> None:
    drawn = random.Random(7)
    alphabet = "ab é\u0301🚢👩‍👩‍👧وقال\n\n "
    texts = ["".join(drawn.choices(alphabet, k=drawn.randint(1, 60))) for _ in range(300)]
    spans = [sorted((drawn.randint(0, len(text)), drawn.randint(0, len(text)))) for text in texts]
    marked = reader.page.evaluate(
        """async ([texts, spans]) => {
          const { paragraphs } = await import("/page/text.js");
          return texts.map((text, at) => paragraphs(text, [{ start: spans[at][0], end: spans[at][1] }])
            .flat().filter((run) => run.spans.length).map((run) => run.text).join(""));
        }""",
        [texts, spans],
    )
    for text, (start, end), found in zip(texts, spans, marked, strict=True):
        assert "".join(found.split()) == "".join(text[start:end].split())  # but for where paragraphs are cut


def test_an_event_stream_is_read_however_it_is_cut(reader: Reader) -> None:
    wire = (
        ': ping\r\n\r\nid: 0\revent: answer.created\rdata: {"answer_id":\ndata: "ans_1"}\n\n'
        'event: sentence\nid:1\ndata:{"text": "🚢 e\u0301"}\nretry: 5\n\nid: 2\ndata: 3\r\n\r\ndata: lost'
    ).encode()
    read = reader.page.evaluate(
        """async (wire) => {
          const { events } = await import("/page/events.js");
          const read = [];
          for (let cut = 0; cut <= wire.length; cut += 1) {
            const body = new ReadableStream({ start(stream) {
              for (const part of [wire.slice(0, cut), wire.slice(cut)]) stream.enqueue(new Uint8Array(part));
              stream.close();
            } });
            const found = [];
            for await (const event of events(body)) found.push(event);
            read.push(JSON.stringify(found));
          }
          return [...new Set(read)];
        }""",
        list(wire),
    )
    assert [json.loads(each) for each in read] == [
        [
            {"id": "0", "name": "answer.created", "data": {"answer_id": "ans_1"}},
            {"id": "1", "name": "sentence", "data": {"text": "🚢 e\u0301"}},
            {"id": "2", "name": "message", "data": 3},
        ]
    ]


def test_a_report_that_several_outlets_carry_is_one_source(reader: Reader) -> None:
    reader.ask("How many people died when the ferry Kessary capsized?")
    reader.page.locator("ol.sources summary", has_text="3 outlets, one report").click()
    carried = reader.page.locator(".copies .facts").all_inner_texts()
    assert sorted(text.partition(" · ")[0] for text in carried) == ["Kessary Post", "Skerrivane Daily"]
    reader.page.locator(".copies .title").first.click()
    reader.page.locator(".panel .body p").first.wait_for()
