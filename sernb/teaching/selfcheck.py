"""Self-check questions: every answer opens to say whether it is right, and why. Needs neither script nor network."""

from html import escape
from typing import Any

from IPython.display import HTML


def question(text: str, right: dict[object, str], wrong: dict[object, str]) -> HTML:
    """A question with the answers to choose from, sorted: numbers by size, words by the alphabet.

    Answers that are numbers are computed by the page that asks, the wrong ones by the mistake that leads to them.

    Args:
        text: the question.
        right: the right answer and its explanation.
        wrong: other answers, and what is wrong with each.

    Raises:
        ValueError: not exactly one right answer, no wrong one, or an answer that is in both.
    """
    if len(right) != 1 or not wrong:
        raise ValueError(f"{text!r} needs one right answer and at least one wrong, not {len(right)} and {len(wrong)}")
    both = {str(answer) for answer in right} & {str(answer) for answer in wrong}
    if both:
        raise ValueError(f"{text!r} has an answer that is both right and wrong: {', '.join(both)}")
    choices: list[tuple[str, Any, str]] = [("Right", *item) for item in right.items()] + [
        ("No", *item) for item in wrong.items()
    ]
    numbers = all(isinstance(answer, int | float) for _, answer, _ in choices)
    choices.sort(key=lambda choice: choice[1] if numbers else str(choice[1]).lower())
    answers = "".join(
        f'<details class="sernb-{verdict.lower()}"><summary>{_text(answer)}</summary>'
        f"<p><b>{verdict}.</b> {escape(why)}</p></details>"
        for verdict, answer, why in choices
    )
    return HTML(
        f'<div class="sernb-question" role="group" aria-label="Self-check"><p><b>Self-check.</b> {escape(text)}</p>'
        f"{answers}</div>"
    )


def _text(answer: Any) -> str:
    return escape(
        f"{answer:,.4g}" if isinstance(answer, float) else f"{answer:,}" if isinstance(answer, int) else answer
    )
