"""Answers to surveys as rows."""

Row = dict[str, object]


def answers(instrument: str, scores: list[object], question: str = "recommend", **more: object) -> list[Row]:
    """One answer per score, each a questionnaire of its own unless `more` says otherwise."""
    return [
        {
            "answer_id": f"{instrument}-{question}-{number}-{more}",
            "instrument": instrument,
            "question": question,
            "score": None if score is None else float(score),  # type: ignore[arg-type]
            "at": "2025-05-05",
            **more,
        }
        for number, score in enumerate(scores)
    ]


def questionnaire(instrument: str, response: str | None, scores: dict[str, object], **more: object) -> list[Row]:
    """The answers of one person: a score by question."""
    return [
        answer
        for question, score in scores.items()
        for answer in answers(instrument, [score], question, response_id=response, **more)
    ]
