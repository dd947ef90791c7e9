"""Files become articles, or a refusal that says what to mend."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Article
from index.errors import BadArticle
from index.normalise import normalise
from index.reading import article_from_fields, decoding, read
from index.reading.dates import parse_date
from index.reading.fields import find_dateline
from index.reading.html import article_from_html
from index.reading.markdown import article_from_markdown
from index.reading.pdf import paragraphs

DATA = Path(os.environ.get("DATELINE_DATA") or Path(__file__).parents[2] / "shared" / "data")
PARAGRAPH = "The government asked the troops to leave the base in the desert, and they left it on Monday morning."


def one(path: Path) -> Article:
    found = list(read(path))
    assert len(found) == 1
    assert isinstance(found[0], Article), found[0]
    return found[0]


def refusal(path: Path) -> BadArticle:
    found = list(read(path))
    assert len(found) == 1
    assert isinstance(found[0], BadArticle), found[0]
    return found[0]


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- normal text ---------------------------------------------------------------------------------------------


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(alphabet=" \t\n\r\u2028\u00a0\u200b\u00adea\u0301\u1100\u1161\u2000.\u115f\ufeff"))
def test_normalising_twice_changes_nothing_more_in_odd_text(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ufeffone\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\tb\u00a0c\u2009d\u3000e", "a b c d e"),
        ("co\u00adop\u200ber\u2060ate", "cooperate"),
        ("trailing  \n\n\n\n\nlines \n", "trailing\n\nlines"),
        ("cafe\u0301 and bell\x07", "café and bell"),
        ("“Niger’s” – stays", "“Niger’s” – stays"),
        ("hidden\U000e0041\U000e0042\u202e text\ud800", "hidden text"),
    ],
)
def test_text_is_normalised(text: str, expected: str) -> None:
    assert normalise(text) == expected


# --- plain text ----------------------------------------------------------------------------------------------


def test_a_short_first_line_that_stands_alone_is_the_title(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", f"Troops leave\n\nNAPLES, Italy – {PARAGRAPH}\n\nThe end.\n")
    article = one(path)
    assert article.title == "Troops leave"
    assert article.body == f"NAPLES, Italy – {PARAGRAPH}\n\nThe end."
    assert article.dateline == "NAPLES, Italy"
    assert article.source == str(path.resolve())
    assert article.published_at is None


def test_a_text_without_a_title_is_named_after_its_first_sentence(tmp_path: Path) -> None:
    article = one(written(tmp_path / "a.txt", f"{PARAGRAPH} Then they\nwent home."))
    assert article.title == PARAGRAPH
    assert article.body.startswith("The government")
    long = one(written(tmp_path / "b.txt", "word " * 100 + "\nand more."))
    assert len(long.title) <= 120
    assert long.title.endswith("word…")


def test_a_text_may_begin_with_a_long_indent(tmp_path: Path) -> None:
    assert one(written(tmp_path / "a.txt", " " * 5000 + PARAGRAPH)).title == PARAGRAPH


def test_header_lines_of_a_text_are_read(tmp_path: Path) -> None:
    text = f"Troops leave\nBy Jane Doe\nPublished: 3 May 2024\nSource: The Paper\n\n{PARAGRAPH}"
    article = one(written(tmp_path / "a.txt", text))
    assert (article.title, article.byline, article.publisher) == ("Troops leave", "Jane Doe", "The Paper")
    assert article.published_at == datetime(2024, 5, 3, tzinfo=UTC)
    assert article.body == PARAGRAPH
    titled = one(written(tmp_path / "b.txt", f"Title: Troops leave\nURL: https://a.example/1\n\n{PARAGRAPH}"))
    assert (titled.title, titled.url, titled.body) == ("Troops leave", "https://a.example/1", PARAGRAPH)


def test_prose_that_looks_like_a_header_stays_in_the_text(tmp_path: Path) -> None:
    text = f"Talks\n\nBy Monday all had left.\n\nSource: nobody would say.\n{PARAGRAPH}"
    article = one(written(tmp_path / "a.txt", text))
    assert article.body.startswith("By Monday")
    assert article.byline is None
    assert article.publisher is None


def test_the_same_path_has_the_same_id_and_another_path_another(tmp_path: Path) -> None:
    first = one(written(tmp_path / "a.txt", PARAGRAPH))
    assert one(written(tmp_path / "a.txt", PARAGRAPH + " More.")).id == first.id
    assert one(written(tmp_path / "b.txt", PARAGRAPH)).id != first.id
    assert first.id.startswith("a-")
    assert len(first.id) == 14


@pytest.mark.parametrize(
    ("body", "dateline"),
    [
        ("NAPLES, Italy – The troops left.", "NAPLES, Italy"),
        ("WASHINGTON (Reuters) — The troops left.", "WASHINGTON"),
        ("WASHINGTON, D.C. (AP) -- The troops left.", "WASHINGTON, D.C."),
        ("BRUSSELS, Nov. 3 (Reuters) - The troops left.", "BRUSSELS"),
        ("NEW YORK—The troops left.", "NEW YORK"),
        ("ST. LOUIS, Mo. – The troops left.", "ST. LOUIS, Mo."),
        ("PORT-AU-PRINCE, Haiti (AP) — The troops left.", "PORT-AU-PRINCE, Haiti"),
        ("SÃO PAULO – The troops left.", "SÃO PAULO"),
        ("BREAKING – The troops left.", None),
        ("The troops left NAPLES – they went home.", None),
        ("F-16 jets left.", None),
        ("U.S. troops left – at last.", None),
        ("NATO-led troops left.", None),
    ],
)
def test_a_wire_style_opening_is_the_dateline(body: str, dateline: str | None) -> None:
    assert find_dateline(body) == dateline


# --- encodings and files that are no text --------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_usual_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    text = f"The café’s owner said “yes” – at last. {PARAGRAPH} Niger’s president agreed."
    assert one(written(tmp_path / "a.txt", text.encode(encoding))).body == text


def test_an_encoding_that_must_be_guessed_is_refused_with_the_byte(tmp_path: Path) -> None:
    refused = refusal(written(tmp_path / "a.txt", "The café’s owner. ".encode() + b"\xe9 " + PARAGRAPH.encode()))
    assert "Byte 21 is not UTF-8" in refused.reason
    assert "iconv" in refused.reason
    assert refused.source == str((tmp_path / "a.txt").resolve())


def test_a_file_that_begins_as_utf_16_and_is_not_is_refused(tmp_path: Path) -> None:
    assert "not UTF-16" in refusal(written(tmp_path / "a.txt", b"\xff\xfea\x00b")).reason


def test_binary_files_named_txt_are_refused(tmp_path: Path) -> None:
    assert "byte 2 is NUL" in refusal(written(tmp_path / "a.txt", b"PK\x00\x01\x02 text")).reason
    assert "control codes" in refusal(written(tmp_path / "b.txt", b"\x01\x02\x03\x04\x05 abc" * 10)).reason


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf"])
def test_empty_files_are_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("a.txt", "a.md", "a.html", "a.pdf", "a.jsonl", "a.json"):
        assert refusal(written(tmp_path / name, content)).reason


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    assert refusal(written(tmp_path / "a.txt", b"")).reason == "The file is empty."


def test_a_text_of_invisible_characters_is_refused(tmp_path: Path) -> None:
    assert "no visible text" in refusal(written(tmp_path / "a.txt", "\u200b\u200b\u2060")).reason


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(decoding.LARGEST_ARTICLE + 1)
    assert "20 MB" in refusal(tmp_path / "a.txt").reason


# --- paths ---------------------------------------------------------------------------------------------------


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    refused = refusal(tmp_path / "absent.txt")
    assert str(refused) == f"{tmp_path / 'absent.txt'}: There is no such file or folder."


def test_an_unknown_suffix_is_refused_when_it_is_named(tmp_path: Path) -> None:
    assert ".docx files cannot be read; these can: .txt" in refusal(written(tmp_path / "a.docx", "x")).reason
    assert "Files without a suffix" in refusal(written(tmp_path / "README", "x")).reason


def test_a_folder_is_read_in_order_without_what_is_hidden_or_foreign(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("b.txt", "a.TXT", "sub/c.md", ".hidden.txt", ".git/d.txt", "e.png"):
        written(tmp_path / name, PARAGRAPH)
    names = [Path(found.source).name for found in read(tmp_path)]
    assert names == ["a.TXT", "b.txt", "c.md"]


def test_a_folder_goes_on_after_a_refusal(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", b"")
    written(tmp_path / "b.txt", PARAGRAPH)
    first, second = read(tmp_path)
    assert isinstance(first, BadArticle)
    assert isinstance(second, Article)


def test_a_folder_with_nothing_to_read_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "a.png", "x")
    assert "holds no file that can be read (.txt, .md" in refusal(tmp_path).reason


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", PARAGRAPH)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    first, second = read(tmp_path)
    assert isinstance(first, Article)
    assert isinstance(second, BadArticle)
    assert refusal(tmp_path / "self.txt").reason


def test_a_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    one(written(tmp_path / "open.txt", PARAGRAPH))  # loads the reader while it may still be read
    path = written(tmp_path / "a.txt", PARAGRAPH)
    path.chmod(0)
    owner = os.geteuid()
    try:
        if owner == 0:
            os.seteuid(65534)  # root may read every file, nobody may not
        refused = refusal(path)
    finally:
        os.seteuid(owner)
    assert "No permission" in refused.reason


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    assert "Not a file" in refusal(tmp_path / "a.txt").reason


def test_reading_loads_no_library_before_a_file_needs_it() -> None:
    heavy = "trafilatura", "htmldate", "pypdf", "yaml", "charset_normalizer", "sentencex"
    code = f"import sys, index.reading; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- Markdown ------------------------------------------------------------------------------------------------

MARKDOWN = """---
title: "Troops leave"
author: [Jane Doe, John Roe]
date: 2024-05-03
source: The Paper
lang: en
url: https://paper.example/troops
---

# Troops leave

NAPLES, Italy – The **troops** left _the base_ at [Agadez](https://a.example/x "title") ![map](map.png)
on *Monday*; see `base_one.txt` and snake_case_names, 2 * 3 * 4 and \\*stars\\*.

## What next

* one
+ two
  - three
1. first

> A quotation, R&amp;D.

***

Sub head
--------
The end.[^1] <b>Bold</b> https://b.example/some_page_name

| a | b |
|---|---|
| 1 | 2 |

```
*code* stays
```
<!-- hidden
words -->
[ref]: https://c.example
"""


def test_markdown_is_reduced_to_readable_text(tmp_path: Path) -> None:
    article = one(written(tmp_path / "a.md", MARKDOWN))
    assert article.title == "Troops leave"
    assert article.byline == "Jane Doe, John Roe"
    assert article.published_at == datetime(2024, 5, 3, tzinfo=UTC)
    assert (article.publisher, article.language, article.dateline) == ("The Paper", "en", "NAPLES, Italy")
    assert article.body.split("\n\n") == [
        "NAPLES, Italy – The troops left the base at Agadez\non Monday; see base_one.txt and snake_case_names, "
        "2 * 3 * 4 and *stars*.",
        "What next",
        "- one\n- two\n  - three\n1. first",
        "A quotation, R&D.",
        "Sub head",
        "The end. Bold https://b.example/some_page_name",
        "| a | b |\n| 1 | 2 |",
        "*code* stays",
    ]


def test_the_first_heading_is_the_title_where_no_front_matter_gives_one(tmp_path: Path) -> None:
    article = one(written(tmp_path / "a.md", f"# Troops *leave*\n\n{PARAGRAPH}"))
    assert (article.title, article.body) == ("Troops leave", PARAGRAPH)
    underlined = one(written(tmp_path / "b.markdown", f"Troops leave\n===\n{PARAGRAPH}"))
    assert (underlined.title, underlined.body) == ("Troops leave", PARAGRAPH)
    plain = one(written(tmp_path / "c.md", PARAGRAPH))
    assert (plain.title, plain.body) == (PARAGRAPH, PARAGRAPH)


def test_broken_front_matter_is_refused_with_its_line(tmp_path: Path) -> None:
    refused = refusal(written(tmp_path / "a.md", f"---\ntitle: Troops\nauthor: [Jane\n---\n{PARAGRAPH}"))
    assert "broken at line" in refused.reason
    unclosed = refusal(written(tmp_path / "b.md", f"---\ntitle: Troops\n\n{PARAGRAPH}"))
    assert "Line 1 opens front matter" in unclosed.reason
    wrong = refusal(written(tmp_path / "c.md", f"---\ntitle: a: b\n---\n{PARAGRAPH}"))
    assert "line 2" in wrong.reason
    month = refusal(written(tmp_path / "d.md", f"---\ndate: 2024-13-03\n---\n{PARAGRAPH}"))
    assert "month" in month.reason


def test_front_matter_without_text_is_refused(tmp_path: Path) -> None:
    assert (
        "no visible text below the front matter"
        in refusal(written(tmp_path / "a.md", "---\ntitle: Troops\n---\n")).reason
    )


def test_a_rule_at_the_top_is_not_front_matter(tmp_path: Path) -> None:
    assert one(written(tmp_path / "a.md", f"---\n\n{PARAGRAPH}\n\n---\n\nThe end.")).body == f"{PARAGRAPH}\n\nThe end."


@given(st.text(alphabet="*_[]()<>`#-\\ \n!|~ab"))
def test_no_markup_breaks_the_reader(text: str) -> None:
    try:
        article_from_markdown(text, "a.md")
    except BadArticle as refused:
        assert refused.reason


def test_emphasis_may_be_nested() -> None:
    article = article_from_markdown("***Both*** and **bold with *italic* inside**, __init__ and **open", "a.md")
    assert article.body == "Both and bold with italic inside, init and **open"


# --- HTML ----------------------------------------------------------------------------------------------------

PAGE = f"""<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Troops leave | The Paper</title>
<meta property="og:title" content="Troops leave"><meta property="og:site_name" content="The Paper">
<link rel="canonical" href="https://paper.example/world/troops">
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "NewsArticle",
"headline": "Troops leave", "datePublished": "2024-04-20T10:00:00+02:00", "dateModified": "2024-04-21T11:00:00+02:00",
"author": [{{"@type": "Person", "name": "Jane Doe"}}, {{"@type": "Person", "name": "John Roe"}}],
"publisher": {{"@type": "Organization", "name": "The Paper"}}, "articleSection": "World"}}</script></head>
<body><nav><a href="/">Home</a> <a href="/world">World</a></nav><article><h1>Troops leave</h1>
<p>NAPLES, Italy – {PARAGRAPH}</p><p>They went home. It was a <b>long</b> journey, <a href="/x">officials</a>
said, and nobody wants to do it again.</p><ul><li>one base</li><li>two bases</li></ul></article>
<footer>Copyright 2026 The Paper</footer><script>alert("no")</script></body></html>"""


def test_a_page_gives_its_text_and_what_it_declares(tmp_path: Path) -> None:
    article = one(written(tmp_path / "a.html", PAGE))
    assert article.title == "Troops leave"
    assert article.byline == "Jane Doe, John Roe"
    assert (article.publisher, article.section, article.language) == ("The Paper", "World", "en-GB")
    assert article.url == "https://paper.example/world/troops"
    assert article.published_at == datetime(2024, 4, 20, 8, tzinfo=UTC)
    assert article.modified_at == datetime(2024, 4, 21, 9, tzinfo=UTC)
    assert article.dateline == "NAPLES, Italy"
    assert article.body.split("\n\n") == [
        f"NAPLES, Italy – {PARAGRAPH}",
        "They went home. It was a long journey, officials said, and nobody wants to do it again.",
        "- one base\n- two bases",
    ]


def test_a_page_without_a_date_has_none(tmp_path: Path) -> None:
    page = f"<html><body><article><h1>Troops</h1><p>{PARAGRAPH}</p><p>{PARAGRAPH} More.</p></article></body></html>"
    article = one(written(tmp_path / "a.htm", page))
    assert article.published_at is None
    assert article.modified_at is None
    assert article.url is None


def test_a_page_in_another_encoding_is_read_as_it_declares(tmp_path: Path) -> None:
    page = PAGE.replace("utf-8", "windows-1252").replace("long</b>", "très long</b>").encode("cp1252")
    assert "très long journey" in one(written(tmp_path / "a.html", page)).body


def test_a_page_without_an_article_is_refused(tmp_path: Path) -> None:
    page = "<html><head><title>x</title></head><body><script>render()</script></body></html>"
    assert "no article text" in refusal(written(tmp_path / "a.html", page)).reason


def test_a_fetched_page_is_known_by_the_address_it_was_fetched_from() -> None:
    article = article_from_html(PAGE, "https://paper.example/t?id=1", url="https://paper.example/t?id=1")
    assert article.url == "https://paper.example/t?id=1"
    assert article.source == "https://paper.example/t?id=1"


# --- PDF -----------------------------------------------------------------------------------------------------


def pdf(*pages: list[str], title: str | None = None) -> bytes:
    """A minimal PDF, written by hand: a page for each list of lines."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        text = "BT /F1 11 Tf 14 TL 50 750 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
        objects.append(f"<< /Length {len(text)} >>\nstream\n{text}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    trailer = "/Root 1 0 R"
    if title:
        objects.append(f"<< /Title ({title}) >>")
        trailer += f" /Info {len(objects)} 0 R"
    out, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    out += f"trailer << /Size {len(objects) + 1} {trailer} >>\nstartxref\n{out.index('xref')}\n%%EOF\n"
    return out.encode("latin-1")


LINES = [
    "Troops leave the desert base",
    "NAPLES, Italy - The government asked the troops to leave the base in the de-",
    "sert, and they left it on Monday morning. The long-term consequences are not",
    "known.",
    "They went home. It was a long journey across the desert, officials said, and",
    "nobody wants to do it again for a long while.",
]


def test_the_lines_of_a_pdf_become_paragraphs(tmp_path: Path) -> None:
    article = one(written(tmp_path / "a.pdf", pdf(LINES)))
    assert article.title == "Troops leave the desert base"
    assert article.dateline == "NAPLES, Italy"
    assert article.published_at is None
    assert article.body.split("\n\n") == [
        "NAPLES, Italy - The government asked the troops to leave the base in the desert, and they left it on "
        "Monday morning. The long-term consequences are not known.",
        "They went home. It was a long journey across the desert, officials said, and nobody wants to do it again "
        "for a long while.",
    ]


def test_a_pdf_gives_its_title_and_loses_its_running_heads(tmp_path: Path) -> None:
    pages = [["The Paper, May 2024", *LINES[1:], str(number)] for number in range(1, 5)]
    article = one(written(tmp_path / "a.pdf", pdf(*pages, title="Troops go home")))
    assert article.title == "Troops go home"
    assert "The Paper" not in article.body
    assert "while. 1" not in article.body
    assert one(written(tmp_path / "b.pdf", pdf(LINES, title="Microsoft Word - x.doc"))).title == LINES[0]


def test_a_hyphen_that_the_text_uses_elsewhere_is_kept() -> None:
    assert paragraphs(["A well-known man and the well-", "known base in the de-", "sert."]) == (
        "A well-known man and the well-known base in the desert."
    )


def test_a_pdf_without_a_text_layer_is_refused(tmp_path: Path) -> None:
    assert "no text layer" in refusal(written(tmp_path / "a.pdf", pdf([]))).reason


def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(written(tmp_path / "open.pdf", pdf(LINES))))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    assert refusal(tmp_path / "a.pdf").reason == "The PDF is encrypted; save it without a password."


@pytest.mark.parametrize("content", [b"%PDF-1.4\nnothing", b"not a pdf at all", pdf(LINES)[:300]])
def test_a_damaged_pdf_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(written(tmp_path / "a.pdf", content)).reason.startswith("The PDF ")


# --- records -------------------------------------------------------------------------------------------------


def jsonl(path: Path, *records: object) -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    return written(path, "\n".join(lines))


def test_records_are_read_with_the_names_people_use(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a.jsonl",
        {"id": 7, "title": "T", "body": PARAGRAPH, "publisher": "P", "byline": "B", "published_at": "2024-05-03"},
        {"headline": "T", "text": PARAGRAPH, "source": {"name": "P"}, "authors": ["A", {"name": "B"}], "date": None},
        {"content": PARAGRAPH, "link": "https://a.example/1", "category": "World", "language": "en", "x": [1]},
    )
    first, second, third = (article for article in read(path) if isinstance(article, Article))
    assert (first.id, first.title, first.publisher, first.byline) == ("7", "T", "P", "B")
    assert first.source == f"{path.resolve()}#1"
    assert (second.publisher, second.byline, second.published_at) == ("P", "A, B", None)
    assert (third.url, third.section, third.language, third.title) == ("https://a.example/1", "World", "en", PARAGRAPH)


def test_a_wrong_line_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a.jsonl",
        {"title": "one", "text": PARAGRAPH},
        '{"title": "two", "text": }',
        "",
        {"title": "three"},
        ["four"],
        {"title": 5, "text": PARAGRAPH},
        {"text": PARAGRAPH, "date": "soon"},
        {"text": PARAGRAPH, "date": "03/04/2023"},
        {"text": PARAGRAPH, "url": "javascript:alert(1)"},
        {"title": "ten", "text": "   "},
        {"title": "eleven", "text": PARAGRAPH},
    )
    found = list(read(path))
    reasons = {
        int(bad.source.removeprefix(f"{path.resolve()}:")): bad.reason for bad in found if isinstance(bad, BadArticle)
    }
    assert [article.title for article in found if isinstance(article, Article)] == ["one", "eleven"]
    assert "not JSON" in reasons[2]
    assert "column 26" in reasons[2]
    assert "It has no text: one of the fields body, text, content must be given." in reasons[4]
    assert "not a list" in reasons[5]
    assert "The field 'title' must be text, not int (5)." in reasons[6]
    assert "The field 'date' is 'soon', which cannot be read as a date" in reasons[7]
    assert "Write it like 2023-11-03" in reasons[7]
    assert "it may be 2023-03-04 or 2023-04-03" in reasons[8]
    assert "no web address" in reasons[9]
    assert "no text" in reasons[10]


def test_inserting_a_line_renames_no_record(tmp_path: Path) -> None:
    records = [{"title": name, "text": PARAGRAPH} for name in ("one", "two", "two")]
    before = {article.id for article in read(jsonl(tmp_path / "a.jsonl", *records)) if isinstance(article, Article)}
    after = read(jsonl(tmp_path / "a.jsonl", {"title": "zero", "text": PARAGRAPH}, *records))
    assert len(before) == 3
    assert before < {article.id for article in after if isinstance(article, Article)}


def test_an_id_is_made_from_the_url_wherever_the_record_stands(tmp_path: Path) -> None:
    record = {"title": "one", "text": PARAGRAPH, "url": "https://a.example/1"}
    assert one(jsonl(tmp_path / "a.jsonl", record)).id == one(jsonl(tmp_path / "b.json", record)).id


def test_json_holds_one_record_a_list_or_articles(tmp_path: Path) -> None:
    record = {"title": "one", "text": PARAGRAPH}
    for content in (record, [record], {"articles": [record]}):
        assert one(written(tmp_path / "a.json", json.dumps(content))).title == "one"
    good, bad = read(written(tmp_path / "b.json", json.dumps([record, {"title": "two"}])))
    assert isinstance(good, Article)
    assert isinstance(bad, BadArticle)
    assert bad.source == f"{(tmp_path / 'b.json').resolve()}:2"


def test_json_that_is_none_is_refused_with_line_and_column(tmp_path: Path) -> None:
    assert "line 2, column 9" in refusal(written(tmp_path / "a.json", '{"text": "a",\n"title" "b"}')).reason
    assert "not a number" in refusal(written(tmp_path / "b.json", "12")).reason
    assert "no record" in refusal(written(tmp_path / "c.json", "[]")).reason
    assert "cannot be read" in refusal(written(tmp_path / "d.jsonl", "[" * 100_000)).reason


def test_a_line_over_the_limit_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.reading.records.LARGEST_ARTICLE", 1000)
    record = json.dumps({"title": "one", "text": PARAGRAPH})
    bad, good = read(written(tmp_path / "a.jsonl", json.dumps({"text": "x" * 5000}) + "\n" + record))
    assert isinstance(bad, BadArticle)
    assert bad.source.endswith("a.jsonl:1")
    assert isinstance(good, Article)
    assert good.source.endswith("a.jsonl#2")


def test_a_line_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    bad, good = read(written(tmp_path / "a.jsonl", b'{"text": "\xe9"}\n' + json.dumps({"text": PARAGRAPH}).encode()))
    assert isinstance(bad, BadArticle)
    assert "Byte 10 of the line is not UTF-8" in bad.reason
    assert isinstance(good, Article)


@given(
    st.dictionaries(
        st.sampled_from("id text body title url date authors source category lang modified".split()),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text() | st.integers()),
    )
)
def test_any_fields_give_an_article_or_a_reason(fields: dict[str, object]) -> None:
    try:
        article = article_from_fields(fields, "a.json:1")
    except BadArticle as refused:
        assert refused.reason
    else:
        assert article.body == normalise(article.body)
        assert article.id
        assert article.title
        assert article.published_at is None or article.published_at.tzinfo == UTC


# --- dates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2023-11-03", datetime(2023, 11, 3, tzinfo=UTC)),
        ("2023-11-03T14:30:00Z", datetime(2023, 11, 3, 14, 30, tzinfo=UTC)),
        ("2023-11-03T14:30:00+02:00", datetime(2023, 11, 3, 12, 30, tzinfo=UTC)),
        ("2023-11-03 14:30:00", datetime(2023, 11, 3, 14, 30, tzinfo=UTC)),
        ("2023-11-03 14:30 UTC", datetime(2023, 11, 3, 14, 30, tzinfo=UTC)),
        ("2023/11/03", datetime(2023, 11, 3, tzinfo=UTC)),
        ("Fri, 03 Nov 2023 14:30:00 +0100", datetime(2023, 11, 3, 13, 30, tzinfo=UTC)),
        ("Fri, 03 Nov 2023 14:30:00 EST", datetime(2023, 11, 3, 19, 30, tzinfo=UTC)),
        ("November 3, 2023", datetime(2023, 11, 3, tzinfo=UTC)),
        ("Nov. 3, 2023", datetime(2023, 11, 3, tzinfo=UTC)),
        ("Sept. 3, 2023", datetime(2023, 9, 3, tzinfo=UTC)),
        ("3 Nov 2023", datetime(2023, 11, 3, tzinfo=UTC)),
        ("Friday, 3rd November 2023", datetime(2023, 11, 3, tzinfo=UTC)),
        ("November 3, 2023 at 2:30 p.m. EDT", datetime(2023, 11, 3, 18, 30, tzinfo=UTC)),
        ("November 3, 2023, 12:05 AM", datetime(2023, 11, 3, 0, 5, tzinfo=UTC)),
        (1699021800, datetime(2023, 11, 3, 14, 30, tzinfo=UTC)),
        ("1699021800", datetime(2023, 11, 3, 14, 30, tzinfo=UTC)),
        ("25/03/2023", datetime(2023, 3, 25, tzinfo=UTC)),
        ("03/25/2023", datetime(2023, 3, 25, tzinfo=UTC)),
        ("04/04/2023", datetime(2023, 4, 4, tzinfo=UTC)),
        (date(2023, 11, 3), datetime(2023, 11, 3, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_read_as_people_write_them(value: object, expected: datetime | None) -> None:
    assert parse_date(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("yesterday", "no full date"),
        ("2 hours ago", "no full date"),
        ("November 2023", "no full date"),
        ("2023", "no full date"),
        ("2023-11", "no full date"),
        ("November 31, 2023", "day is out of range"),
        ("2023-02-30", "day is out of range"),
        ("3 Foo 2023", "'Foo' is no month"),
        ("03/04/2023", "2023-03-04 or 2023-04-03"),
        ("03/04/23", "no full date"),
        ("November 3, 2023 14:30 ET", "time zone 'ET' is not known"),
        ("November 3, 2023 15:30 pm", "twelve-hour clock"),
        (2023, "too small"),
        (1699021800000, "milliseconds"),
        (float("nan"), "too small"),
        (True, "neither"),
        (["2023-11-03"], "neither"),
        ("0001-01-01T00:00:00+14:00", "outside of the calendar"),
    ],
)
def test_what_is_no_date_is_refused(value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_date(value)


@given(st.text() | st.integers() | st.floats())
def test_a_date_is_utc_or_an_error(value: object) -> None:
    try:
        moment = parse_date(value)
    except ValueError:
        return
    assert moment is None or moment.tzinfo == UTC


# --- real articles -------------------------------------------------------------------------------------------


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no articles at {DATA}; DATELINE_DATA names the folder")
def test_the_seed_article_is_read() -> None:
    article = one(DATA / "seed" / "niger.txt")
    assert article.title.startswith("Troops Withdrawn: US Concedes")
    assert article.dateline == "NAPLES, Italy"
    assert article.body.startswith("NAPLES, Italy – A significant shift")
    assert article.published_at is None


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no articles at {DATA}; DATELINE_DATA names the folder")
def test_a_large_news_collection_is_read_without_an_error() -> None:
    articles = list(read(DATA / "multihop_rag" / "articles.jsonl"))
    assert len(articles) == 609
    assert not [article for article in articles if isinstance(article, BadArticle)]
    assert len({article.id for article in articles if isinstance(article, Article)}) == 609


@pytest.mark.parametrize("url", ["http://[evil", "http://x.example/\\ud800"])
def test_a_url_that_cannot_be_a_link_is_refused(tmp_path: Path, url: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(f'{{"text": "Hello.", "url": "{url}"}}\n')
    (refused,) = read(path)
    assert isinstance(refused, BadArticle)
    assert "no web address" in refused.reason


def test_an_id_is_text_that_a_terminal_can_show(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"id": "esc\\u001b[31m\\ud800", "text": "Hello."}\n')
    (article,) = read(path)
    assert isinstance(article, Article)
    assert article.id.isprintable()


def test_yaml_aliases_are_refused_at_once(tmp_path: Path) -> None:
    levels = "".join(f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 11))
    (tmp_path / "bomb.md").write_text(f"---\na: &a0 [x, x]\n{levels}title: *a10\n---\n\nText.\n")
    (refused,) = read(tmp_path / "bomb.md")
    assert isinstance(refused, BadArticle)
    assert "aliases" in refused.reason


@pytest.mark.parametrize("name", ["undefined", "unicode_escape"])
def test_a_page_may_declare_nonsense_as_its_encoding(tmp_path: Path, name: str) -> None:
    text = "The bridge is open. " * 20
    page = f'<html><head><meta charset="{name}"><title>T</title></head><body><p>{text}</p></body></html>'
    (tmp_path / "page.html").write_text(page)
    (article,) = read(tmp_path / "page.html")
    assert isinstance(article, Article)
    assert article.body.startswith("The bridge is open.")
