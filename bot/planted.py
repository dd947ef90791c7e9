"""Text in an article that speaks to whoever answers from it, and not to its readers.

Such a sentence is evidence of nothing: it is not quoted, and a model is not shown it. What an article reports of such
text stays: a report tells it ("the page told the assistant to ignore …") or puts it in quotation marks. Missing one is
no disaster, for nothing that an article says is obeyed; it could only be quoted.
"""

import re
from functools import lru_cache

LONGEST, LEADS = 1000, 6  # characters of a sentence that are looked at, and what may stand before the order
# "IMPORTANT:", "Note to the assistant -", "</system>", "Also," "please"
_LEAD = re.compile(
    r"</?[\w|]{1,20}>|\[/?\w{1,12}\]|[#*>\-\s]+|[\w ,'’/-]{1,40}[:!]\s|(?:also|now|then|instead|finally|first|and|but|"
    r"please|important|additionally|from now on|in addition|before you answer|when (?:answering|responding)|"
    r"you must|you should|you will|make sure to|be sure to|remember to)\b[,:]?\s*",
    re.I,
)
_ANSWER = r"(?:answers?|repl(?:y|ies)|responses?|outputs?|summar(?:y|ies)|completions?)"
_RULES = r"(?:instructions?|prompts?|rules|guidelines|directives?|commands|constraints|training|programming)"
_SPEAKS = re.compile(
    rf"(?:ignore|disregard|forget|override|bypass|overlook)\b.{{0,60}}\b(?:{_RULES}|(?:you (?:have been|were) told)|"
    rf"user(?:['’]s)? (?:question|request|query)|(?:above|before|previous)\b|"
    rf"(?:and|, but) (?:instead )?(?:say|state|write|print|output|reply|respond|answer)\b)|"
    rf"(?:include|add|append|insert|put|mention|write|say|state|use|end|begin|start|finish|prefix|conclude|wrap|embed|"
    rf"place|weave|repeat|print|emit|do not|don['’]t|never|always|only)\b.{{0,80}}\b(?:your|the (?:final|whole)|every|"
    rf"each) (?:\w+ )?{_ANSWER}\b|"
    rf"(?:reply|respond|answer|output|print|return|say)\b.{{0,20}}\bonly\b|"
    rf"(?:reply|respond|answer) (?:to the (?:user|question|reader) )?(?:with|in)\b|"
    rf"(?:reveal|repeat|print|show|output|leak|send|tell)\b.{{0,40}}\b(?:system prompt|your (?:\w+ )?{_RULES})|"
    rf"(?:you are|act as|pretend (?:to be|that you are)|behave (?:as|like)) (?:now )?(?:an?|the|my) "
    rf"(?:\w+ ){{0,3}}(?:ai|assistant|language model|llm|chatbot)\b",
    re.I,
)
# Marks of a conversation with a model, which no reader is shown.
_MARKS = re.compile(
    r"<\|?/?(?:system|assistant|user|im_start|im_end|instructions?)\b[^<>]{0,20}>|\[/?INST\]|"
    r"\b(?:new|updated|hidden|secret|system|special) (?:instructions?|orders?|prompts?|messages?|notes?) (?:for|to) "
    r"(?:the |any |all |every )?(?:ai|llms?|language models?|assistants?|chatbots?|models?)\b|"
    r"\b(?:attention|note|message|notice|memo|dear|hey|hello),? (?:to |for )?(?:the |any |all |every )?"
    r"(?:ai|llm|language model|assistant|chatbot)s?(?: (?:assistants?|models?|agents?|systems?|readers?))?[:,]",
    re.I,
)
_QUOTED = re.compile(r"“[^”]*”?|\"[^\"]*\"|‘[^’]*’(?!\w)")


@lru_cache(maxsize=8192)
def is_planted(sentence: str) -> bool:
    """Whether a sentence gives orders to a model, outside of quotation marks."""
    bare = " ".join(_QUOTED.sub("“”", sentence[:LONGEST]).split())
    if _MARKS.search(bare):
        return True
    for _ in range(LEADS):
        if _SPEAKS.match(bare):
            return True
        lead = _LEAD.match(bare)
        if lead is None:
            return False
        bare = bare[lead.end() :]
    return False
