"""A run as JUnit XML: the gate's conditions in one suite, the cases in another."""

from xml.etree import ElementTree

from eval.case import Check, GateVerdict, Result, Run
from eval.report.words import clean, expected, failed_scores, texts, wording


def render_junit(run: Run, verdict: GateVerdict | None) -> str:
    """The run and its verdict as a JUnit document."""
    suite = clean(run.identity.suite)
    root = ElementTree.Element("testsuites", name=f"dateline eval {suite}")
    checks = verdict.checks if verdict is not None else ()
    gate = [_check(suite, each) for each in checks]
    if verdict is not None and verdict.code in (2, 3):
        gate.append(_verdict(suite, verdict))
    if gate:
        _suite(root, f"{suite}.gate", gate)
    _suite(root, f"{suite}.cases", [_case(suite, each) for each in run.results])
    root.attrib |= {name: str(sum(int(each.attrib[name]) for each in root)) for name in ("tests", "failures", "errors")}
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, name: str, cases: list[ElementTree.Element]) -> None:
    seconds = sum(float(case.attrib.get("time", 0)) for case in cases)
    counts: dict[str, str] = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
    }
    ElementTree.SubElement(root, "testsuite", {"name": name, "time": f"{seconds:.3f}", **counts}).extend(cases)


def _check(suite: str, check: Check) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase", classname=f"{suite}.gate", name=f"{clean(check.metric)} {check.condition}", time="0"
    )
    if not check.passed:
        ElementTree.SubElement(case, "failure", type=check.condition, message=clean(check.reason))
    return case


def _verdict(suite: str, verdict: GateVerdict) -> ElementTree.Element:
    """A gate that could not judge is an error of its own, or a reader of this file would take it for a pass."""
    word = wording(verdict).word
    case = ElementTree.Element("testcase", classname=f"{suite}.gate", name="verdict", time="0")
    ElementTree.SubElement(case, "error", type=word, message=f"{word}: {clean(verdict.reason)}")
    return case


def _case(suite: str, result: Result) -> ElementTree.Element:
    seconds = result.latency_ms.get("total", 0.0) / 1000
    case = ElementTree.Element(
        "testcase",
        classname=f"{suite}.{clean(result.kind)}",
        name=clean(result.case_id),
        time=f"{seconds:.3f}",
    )
    failed = failed_scores(result)
    if result.unmeasured:
        ElementTree.SubElement(case, "skipped", message=f"not measured: {clean(result.unmeasured)}")
    elif failed:
        # Skipped, not failed: whether a wrong case blocks is the gate's to say, and a CI must not say otherwise.
        message = f"wrong: {', '.join(map(clean, failed))}"
        ElementTree.SubElement(case, "skipped", message=message)
        ElementTree.SubElement(case, "system-out").text = _said(result)
    return case


def _said(result: Result) -> str:
    lines = [
        *(f"question: {text}" for text in texts(result.details.get("question"))),
        *(f"answer: {text}" for text in texts(result.details.get("answer"))),
        *(f"quote: {text}" for text in texts(result.details.get("quotes"))),
        *(f"evidence: {text}" for text in texts(result.details.get("evidence"))),
        *(f"expected: {text}" for text in expected(result)),
        *(f"note: {text}" for text in texts(result.details.get("note"))),
    ]
    return "\n".join(lines)
