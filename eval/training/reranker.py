"""Trains the reranker: `python -m eval.training.reranker --candidates FILE --base FOLDER --out FOLDER`.

Needs torch, transformers and safetensors, which are no dependencies of Dateline: an environment of their own. `base` is
the folder of sentence-transformers/all-MiniLM-L6-v2. A run that is broken off goes on from its last checkpoint. The
result, `reranker.safetensors`, is what index/model/build.py --reranker takes: the mean of the last two rounds' weights.

The loss is a softmax over what is shown for a question and nothing at all: the mass on the right sentences, or on
nothing where none is right. From the second round on every token of a right sentence is judged besides, whether it is
part of the answer; only the training has that head. On two cores a step takes two seconds, the whole four hours.
"""

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import save_file
from tokenizers import Encoding, Tokenizer
from torch import nn
from transformers import BertModel

TOKENS = 104  # `index.reranker.Reranker.max_tokens`
QUESTIONS = 8  # a step
SHOWN = 6  # sentences of a question, one or two of them right where any is
RIGHT = 2
HARD = 12  # the wrong ones are among the best so many
WITHOUT_TITLE = 0.3  # share of the questions whose sentences are shown without their articles' titles
RARE = 4.0  # weight of the tokens of an answer, of which there are few
EVERY = 150  # steps between checkpoints


class Round(NamedTuple):
    """One round of training: so many questions of these suites, so many times, and how.

    `rate` is the learning rate at its peak, `warm` the share of the steps to get there; `of_tokens`, what the error in
    judging a token counts.
    """

    suites: Mapping[str, int]
    epochs: int
    rate: float
    warm: float
    of_tokens: float


ALL = 1_000_000
ROUNDS = (
    Round({"squad2": ALL}, 1, 6e-5, 0.08, 0.0),
    Round({"squad2": ALL, "multihop_rag": ALL}, 2, 8e-5, 0.06, 2.0),
    Round({"news": ALL, "multihop_rag": ALL, "squad2": 500}, 1, 7e-5, 0.06, 2.0),
    Round({"news": 10_000, "multihop_rag": ALL, "squad2": 1_500}, 1, 6e-5, 0.06, 2.0),
)

Row = dict[str, Any]
Pairs = tuple[list[tuple[str, str]], list[bool], list[str] | None]


def model(base: Path) -> nn.ModuleDict:
    """MiniLM, a head for a pair of texts and one for each of its tokens."""
    bert = BertModel.from_pretrained(str(base), add_pooling_layer=False, attn_implementation="sdpa")
    made = nn.ModuleDict({"bert": bert, "head": nn.Linear(384, 1), "token": nn.Linear(384, 1), "drop": nn.Dropout(0.1)})
    for name, bias in (("head", 0.0), ("token", -3.0)):
        nn.init.normal_(made[name].weight, std=0.02)
        nn.init.constant_(made[name].bias, bias)
    return made


def forward(net: nn.ModuleDict, encodings: Sequence[Encoding]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of each pair its number (pairs,); of each token its logit, and whether it is the sentence's (pairs, tokens)."""
    longest = max(len(each.ids) for each in encodings)
    ids, types, mask = (
        torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
        for rows in zip(*((each.ids, each.type_ids, each.attention_mask) for each in encodings), strict=True)
    )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = net["bert"](input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        numbers = net["head"](net["drop"](mean).float())[:, 0]
        tokens = net["token"](net["drop"](hidden).float())[..., 0]
    return numbers, tokens, (types * mask).bool()


def shown(row: Row) -> Pairs:
    """What is shown for a question this time: pairs, which of them are right, and the answers, if known."""
    right = [each["text"] for each in row["shown"] if each["right"]]
    wrong = [each["text"] for each in row["shown"] if not each["right"]][:HARD]
    random.shuffle(right)
    random.shuffle(wrong)
    right = right[:RIGHT]
    texts = right + wrong[: SHOWN - len(right)]
    if random.random() < WITHOUT_TITLE:
        texts = [text.partition(": ")[2] or text for text in texts]
    return [(row["question"], text) for text in texts], [at < len(right) for at in range(len(texts))], row["answers"]


def of_answer(encoding: Encoding, text: str, answers: Sequence[str]) -> list[float]:
    """1 for each token of the longest answer that the sentence has, 0 for all others."""
    answer = max((each for each in answers if each and each in text), key=len, default=None)
    first = text.find(answer) if answer else 0
    last = first + len(answer or "")
    return [
        float(kind == 1 and end > start and start < last and end > first)
        for kind, (start, end) in zip(encoding.type_ids, encoding.offsets, strict=True)
    ]


def loss_of(net: nn.ModuleDict, tokenizer: Tokenizer, batch: Sequence[Pairs], of_tokens: float) -> torch.Tensor:
    """The mean loss of some questions."""
    encodings = tokenizer.encode_batch([pair for pairs, _, _ in batch for pair in pairs])
    numbers, tokens, inside = forward(net, encodings)
    loss, judged, at = torch.zeros(()), list[torch.Tensor](), 0
    for pairs, right, answers in batch:
        chances = torch.cat([torch.zeros(1), numbers[at : at + len(pairs)]]).log_softmax(0)
        loss = loss - torch.logsumexp(chances[torch.tensor([not any(right), *right])], 0) / len(batch)
        for place, ((_, text), is_right) in enumerate(zip(pairs, right, strict=True), at):
            wanted = of_answer(encodings[place], text, answers if answers and is_right else ())
            if of_tokens and answers is not None and (any(wanted) or not is_right):
                target = torch.zeros(tokens.shape[1])
                target[: len(wanted)] = torch.tensor(wanted)
                errors = nn.functional.binary_cross_entropy_with_logits(
                    tokens[place], target, reduction="none", pos_weight=torch.tensor(RARE)
                )
                judged.append(errors[inside[place]].mean())
        at += len(pairs)
    return loss + of_tokens * torch.stack(judged).mean() if judged else loss


def chosen(rows: Sequence[Row], plan: Round) -> list[Row]:
    """The questions of a round."""
    found = []
    for suite, most in plan.suites.items():
        of_suite = [row for row in rows if row["suite"] == suite]
        found += random.sample(of_suite, min(most, len(of_suite)))
    return found


def batches(rows: Sequence[Row], seed: int) -> Iterator[list[Row]]:
    """The questions of an epoch, those of like length together, so that little is padded."""
    chance = random.Random(seed)
    order = chance.sample(rows, len(rows))
    stretch = QUESTIONS * 16
    found = []
    for at in range(0, len(order), stretch):
        some = sorted(order[at : at + stretch], key=lambda row: len(row["question"]) + len(row["shown"][0]["text"]))
        found += [some[each : each + QUESTIONS] for each in range(0, len(some) - QUESTIONS + 1, QUESTIONS)]
    chance.shuffle(found)
    yield from found


def train(net: nn.ModuleDict, tokenizer: Tokenizer, rows: Sequence[Row], plan: Round, kept: Path) -> None:
    """One round, from its checkpoint `kept` if there is one."""
    decayed = [each for each in net.parameters() if each.ndim > 1]
    others = [each for each in net.parameters() if each.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=plan.rate)
    steps, done, step = plan.epochs * (len(rows) // QUESTIONS), 0, 0
    if kept.exists():
        state = torch.load(kept)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        done = state["step"]
    net.train()
    for epoch in range(plan.epochs):
        for batch in batches(rows, epoch):
            step += 1
            if step <= done:
                continue
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * min(1, step / (plan.warm * steps)) * max(0.02, 1 - step / steps)
            loss = loss_of(net, tokenizer, [shown(row) for row in batch], plan.of_tokens)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            if step % EVERY == 0 or step == steps:
                torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, kept)
                print(f"{kept.stem}: step {step} of {steps}, loss {loss.item():.3f}", flush=True)  # noqa: T201


def main() -> None:
    """All rounds, and the weights without the tokens' head."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--candidates", "--base", "--out"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    random.seed(1)
    lines = given.candidates.read_text("utf-8").splitlines()
    tokenizer = Tokenizer.from_file(str(given.base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS)
    net = model(given.base)
    for number, plan in enumerate(ROUNDS, 1):
        rows = chosen([json.loads(line) for line in lines], plan)
        train(net, tokenizer, rows, plan, given.out / f"round-{number}.pt")
    before = torch.load(given.out / f"round-{len(ROUNDS) - 1}.pt")["net"]
    weights = {
        name.removeprefix("bert."): ((value.float() + before[name].float()) / 2).contiguous()
        for name, value in net.state_dict().items()
        if not name.startswith("token.")
    }
    save_file(weights, str(given.out / "reranker.safetensors"))


if __name__ == "__main__":
    main()
