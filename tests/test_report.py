"""Reports and comparisons of runs made by hand: safe with any text, and in one voice with the gate's code."""

import json
import random
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, Literal
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.case import Check, GateVerdict, Identity, Metric, Result, Run
from eval.compare import compare, render_comparison
from eval.report.html import render_html
from eval.report.junit import render_junit
from eval.report.markdown import LONGEST, render_markdown
from eval.report.style import STYLE
from index import BadConfiguration

IDENTITY = Identity(
    "smoke", "T0", "d" * 64, "c" * 64, "abc1234", {"llm": ""}, {"answer": 3}, {"k": "10"}, 7, "2026-11-23T09:30:00Z"
)
CHECKS = (
    Check("correct", "floor", False, "correct 0.700, lower bound 0.600 < floor 0.650"),
    Check("recall@5", "floor", True, "recall@5 1.000, lower bound 0.900 ≥ floor 0.800"),
)
WORDS: dict[Literal[0, 1, 2, 3], str] = {0: "PASS", 1: "REGRESSION", 2: "CONFIGURATION", 3: "UNMEASURED"}
VOID = {"meta", "br"}
ANY_TEXT = st.one_of(
    st.text(st.characters(categories=None)),
    st.sampled_from(
        [
            "</details></section><script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "```\n# Heading\n@everyone [x](https://example.org) |",
            "]]>&#0;\x00\x1b[2J\ud800\ufffe\u202e",
        ]
    ),
)


def case(number: int, *, right: bool, **details: Any) -> Result:
    said = {
        "question": f"Question {number}?",
        "answer": "An answer. [1]",
        "status": "answered",
        "quotes": ["A quote."],
        "evidence": ["A title"],
        "expected": [["one", "two"], ["three"]],
        "note": "a note",
        "failed": [] if right else ["correct"],
    }
    sure = 0.9 - number % 10 / 20
    scores: dict[str, float | None] = {
        "correct": float(right),
        "confidence": sure,
        "recall@5": 1.0,
        "wrongly_refused": 0.0,
    }
    latency = {"search": 5.0 + number, "first_sentence": 8.0 + number, "total": 10.0 + number}
    usage = {"prompt_tokens": 900.0, "completion_tokens": 40.0, "cost_usd": 0.002}
    return Result(f"case-{number}", "single" if number % 3 else "stale", scores, latency, usage, said | details)


def run_of(wrong: set[int], count: int = 40, **identity: Any) -> Run:
    results = tuple(case(number, right=number not in wrong) for number in range(count))
    share = 1 - len(wrong) / count
    metrics = (
        Metric("correct", share, share - 0.1, min(1.0, share + 0.1), count),
        Metric("recall@5", 1, 0.9, 1, count),
    )
    return Run(replace(IDENTITY, **identity), results, metrics)


RUN, BASELINE = run_of({1, 2, 3, 4, 5, 6, 7, 8}), run_of({8, 9}, revision="0ld0ld0", started_at="2026-11-20T09:30:00Z")


class Page(HTMLParser):
    """Reads a page as a browser does and keeps its elements; it says whether every element was closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text.append(text)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]


@pytest.mark.parametrize("code", WORDS)
def test_the_verdict_is_said_as_its_code_says(code: Literal[0, 1, 2, 3]) -> None:
    verdict = GateVerdict(code, CHECKS if code == 1 else (), "a reason")
    others = set(WORDS.values()) - {WORDS[code]}
    page = Page(render_html(RUN, verdict, BASELINE, ()))
    header = dict(page.elements[page.tags.index("header")][1])
    assert header["class"] == f"verdict {WORDS[code].lower()}"
    for text in (" ".join(page.text), render_markdown(RUN, verdict, BASELINE)):
        assert WORDS[code] in text
        assert not any(re.search(rf"\b{other}\b", text) for other in others)
    gate = ElementTree.fromstring(render_junit(RUN, verdict)).find("testsuite[@name='smoke.gate']")
    bad = gate is not None and int(gate.attrib["failures"]) + int(gate.attrib["errors"]) > 0
    assert bad == (code != 0)


def test_the_page_shows_the_failed_cases_and_counts_the_others() -> None:
    page = Page(render_html(RUN, GateVerdict(1, CHECKS), BASELINE, (BASELINE, RUN)))
    text = " ".join(page.text)
    assert [attrs.get("class") for tag, attrs in page.elements if tag == "details"].count("case") == 8
    assert "Question 8?" in text
    assert "Question 9?" not in text
    assert "“one” or “two”" in text
    assert "8 of 40 cases failed" in text
    assert text.index("REGRESSION") < text.index("Metrics") < text.index("8 failed cases") < text.index("The run")
    assert page.open == []


def test_the_page_loads_nothing() -> None:
    page = Page(render_html(RUN, GateVerdict(0, CHECKS[1:]), BASELINE, (BASELINE,)))
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert not any({"src", "href", "style", "onload"} & attrs.keys() for _, attrs in page.elements)
    assert "url(" not in render_html(RUN, None, None, ())
    assert "@import" not in render_html(RUN, None, None, ())


def test_columns_that_would_be_empty_are_left_out() -> None:
    alone = " ".join(Page(render_html(RUN, None, None, ())).text)
    assert "NOT JUDGED" in alone
    assert not re.search("baseline|history|gate", alone)


def test_a_baseline_of_other_cases_is_not_shown() -> None:
    other = run_of({1}, cases="e" * 64, revision="f0rf0r0")
    page = render_html(RUN, None, other, (other,))
    assert "f0rf0r0" not in page
    assert "it is not shown" in page
    assert "f0rf0r0" not in render_markdown(RUN, None, other)


def test_a_run_without_anything_is_shown() -> None:
    nothing = Run(IDENTITY, (), ())
    assert "Nothing was measured" in render_html(nothing, None, None, ())
    assert "NOT JUDGED" in render_markdown(nothing, None, None)
    assert ElementTree.fromstring(render_junit(nothing, None)).attrib["tests"] == "0"


def test_a_baseline_without_details_is_compared() -> None:
    bare = replace(
        BASELINE, results=tuple(replace(each, details={}, latency_ms={}, usage={}) for each in BASELINE.results)
    )
    page = render_html(RUN, None, bare, (bare,))
    assert "Dashed: the baseline" in page
    assert compare(bare, RUN).better[0].case_id == "case-9"
    alone = render_html(bare, None, None, ())
    assert "Nothing was spent" in alone
    assert "Which cases failed was not kept" in alone
    assert not re.search(r"\d of \d+ cases failed|Cases by kind", alone)
    assert "Which cases failed was not kept" in render_markdown(bare, None, None)


def test_what_a_run_took_is_shown_and_has_no_interval() -> None:
    page = Page(render_html(RUN, GateVerdict(1, CHECKS), BASELINE, ()))
    text = " ".join(page.text)
    table = text[text.index("What it took") : text.index("The band is the interval")]
    assert "first_sentence_ms_p95 45.000 40" in table
    assert "prompt_tokens 36,000 40" in table
    assert "no interval" not in table
    assert "cost_usd 0.080" in render_markdown(RUN, None, None)


def test_what_could_not_be_measured_is_counted_and_is_no_failed_case() -> None:
    lost = replace(case(1, right=True, failed=[]), scores={}, unmeasured="no reply is recorded")
    run = replace(RUN, results=(lost, case(2, right=True)))
    assert "0 of 2 cases failed; 1 could not be measured" in render_markdown(run, None, None)
    assert "1 of 1" in " ".join(Page(render_html(run, None, None, ())).text)
    skipped = ElementTree.fromstring(render_junit(run, None)).find(".//testcase[@name='case-1']/skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "not measured: no reply is recorded"


def test_an_area_has_no_interval() -> None:
    run = replace(RUN, metrics=(Metric("refusal_auc", 0.6, 0.6, 0.6, 40),))
    for text in (render_html(run, None, None, ()), render_markdown(run, None, None)):
        assert "no interval" in text
        assert "0.600 – 0.600" not in text


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_hostile_text_stays_text(data: st.DataObject) -> None:
    text = data.draw(ANY_TEXT)
    details = {"question": text, "answer": text, "quotes": [text], "evidence": [text], "expected": [[text]]}
    hostile = replace(case(0, right=False, **details, note=text, failed=[text or "x"]), case_id=text or "x", kind=text)
    identity = replace(IDENTITY, suite=text, revision=text, models={text: text}, started_at=text)
    run = Run(identity, (hostile,), (Metric(text, 0.5, 0.4, 0.6, 1),))
    tame = Run(IDENTITY, (case(0, right=False),), (Metric("x", 0.5, 0.4, 0.6, 1),))
    verdict = GateVerdict(1, (Check(text, "floor", False, text),), text)
    page = render_html(run, verdict, None, ())
    page.encode("utf-8")
    shown = Page(page)
    assert shown.open == []
    assert set(shown.tags) <= set(Page(render_html(tame, verdict, None, ())).tags)
    xml = render_junit(run, verdict)
    assert len(ElementTree.fromstring(xml.encode("utf-8")).findall("testsuite/testcase")) == 2
    assert len(render_markdown(run, verdict, None).encode("utf-8", "strict")) > 0


def test_what_cases_say_is_code_in_markdown() -> None:
    hostile = "````\n<script>x</script> @everyone ``` | [a](https://example.org)"
    result = case(0, right=False, question=hostile, answer=hostile)
    run = Run(IDENTITY, (replace(result, case_id="<b>@x`|"),), (Metric("a|`b", 0.5, 0.4, 0.6, 1),))
    comment = render_markdown(run, GateVerdict(1, (Check("a|`b", "floor", False, hostile),)), None)
    fence = re.search(r"^(`{3,})text$", comment, re.MULTILINE)
    assert fence is not None
    assert fence[1] == "`" * 5
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", comment.replace("\n", " "))
    assert "@everyone" not in outside
    assert "<script>" not in outside
    assert "<b>" not in outside
    row = next(line for line in comment.splitlines() if line.startswith("| `"))
    assert row.count("|") == 8


def test_markdown_fits_into_a_comment() -> None:
    long = "A `very` <long> text & more. " * 2000
    results = tuple(
        replace(
            case(number, right=False, question=long, answer=long, quotes=[long] * 50, evidence=[long] * 50, note=long),
            case_id=f"{number}{long}",
        )
        for number in range(300)
    )
    metrics = tuple(Metric(f"{number}{long}", 0.5, 0.4, 0.6, 1) for number in range(300))
    checks = tuple(Check(metric.name, "floor", False, long) for metric in metrics)
    comment = render_markdown(Run(IDENTITY, results, metrics), GateVerdict(1, checks, long), None)
    assert len(comment) < LONGEST
    assert comment.startswith("## ✗ REGRESSION")
    assert comment.count("<details>") <= 10
    assert comment.count("<details>") == comment.count("</details>")
    assert comment.rstrip().endswith("more in the report page.")


def test_junit_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(render_junit(RUN, GateVerdict(1, CHECKS)))
    failures = sum(not check.passed for check in CHECKS)  # wrong cases are no failures: the gate decides
    assert root.attrib == {"name": "dateline eval smoke", "tests": "42", "failures": str(failures), "errors": "0"}
    assert [suite.attrib["name"] for suite in root] == ["smoke.gate", "smoke.cases"]
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    said = root.findtext("testsuite/testcase[@name='case-1']/system-out")
    assert said is not None
    assert "expected: “one” or “two”" in said


@pytest.mark.parametrize("field", ["suite", "data", "cases"])
def test_unlike_runs_are_not_compared(field: str) -> None:
    changes: dict[str, Any] = {field: "other"}
    other = replace(RUN, identity=replace(RUN.identity, **changes))
    with pytest.raises(BadConfiguration, match=f"unlike runs .* differ in {field} "):
        compare(RUN, other)


def test_a_comparison_names_the_cases_that_turned() -> None:
    found = compare(BASELINE, RUN)
    assert [each.case_id for each in found.worse] == [f"case-{number}" for number in range(1, 8)]
    assert [each.case_id for each in found.better] == ["case-9"]
    correct = found.differences[0]
    assert (correct.metric, correct.pairs, round(correct.difference, 6)) == ("correct", 40, -0.15)
    # 7 turned wrong and 1 right: one-sided (8 + 1) / 256; two-sided twice that, and Holm doubles the smaller of two.
    assert correct.p == pytest.approx(2 * 2 * 9 / 256)
    assert found.differences[1].p == 1.0


def test_a_run_compared_with_itself_has_not_changed() -> None:
    found = compare(RUN, RUN)
    assert not found.worse
    assert not found.better
    assert {(each.difference, each.p) for each in found.differences} == {(0.0, 1.0)}


def test_metrics_of_a_kind_are_paired_over_that_kind() -> None:
    metric = Metric("correct.stale", 0.5, 0.4, 0.6, 14)
    lone = Metric("refusal_auc", 0.5, 0.5, 0.5, 40)
    before, after = (replace(each, metrics=(metric, lone)) for each in (BASELINE, RUN))
    assert [(each.metric, each.pairs, each.p is None) for each in compare(before, after).differences] == [
        ("correct.stale", 14, False),
        ("refusal_auc", 0, True),
    ]


def test_a_comparison_is_shown_without_moving_the_cursor() -> None:
    hostile = replace(RUN, results=tuple(replace(each, details={"question": "\x1b[2J\n[/]"}) for each in RUN.results))
    text = render_comparison(
        compare(replace(BASELINE, metrics=(*BASELINE.metrics, Metric("old", 1, 1, 1, 1))), hostile)
    )
    assert "\x1b" not in text
    assert "right before, wrong now (7):" in text
    assert "measured only before: old" in text


def test_reports_are_the_same_twice() -> None:
    again = json.loads(json.dumps([render_html(RUN, None, BASELINE, ()), render_junit(RUN, None)]))
    assert again == [render_html(RUN, None, BASELINE, ()), render_junit(RUN, None)]
    mixed = list(RUN.results)
    random.Random(1).shuffle(mixed)
    assert compare(BASELINE, replace(RUN, results=tuple(mixed))).differences == compare(BASELINE, RUN).differences


def luminance(colour: str) -> float:
    full = colour if len(colour) == 7 else "#" + "".join(2 * each for each in colour[1:])
    parts = [int(full[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("at", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_has_the_contrast_of_wcag_aa(at: int) -> None:
    block = STYLE.split(":root {")[1 + at].partition("}")[0]
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6});", block))
    verdicts = ("pass", "regression", "configuration", "unmeasured", "unjudged")
    for name in ("ink", "soft", *verdicts):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    for name in verdicts:
        assert contrast(colours["on"], colours[name]) >= 4.5, name
    assert contrast(colours["accent"], colours["paper"]) >= 3
