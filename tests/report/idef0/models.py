"""Process models that tests make up: by hand as YAML, and at random but right."""

from random import Random

from septima.report.idef0.ports import Plan, plan_of
from septima.schema import Text
from septima.scorecard.processes import Box, Role, Sheet

ROLES: tuple[Role, ...] = ("input", "control", "output", "mechanism")
WORDS = (
    "Заказы",
    "Цели и бюджеты",
    "Голос клиента",
    "Orders",
    "Удовлетворённость потребителей услуг",
    "M",
    "Законы о данных",
)


def random_sheet(seed: int, count: int) -> Plan:
    """A right sheet of `count` boxes: every flow has both ends, every box a control and an output; forks, joins, feedback."""
    random = Random(seed)  # noqa: S311 - drawings, no secrets
    flows: list[dict[Role, list[str]]] = [{role: [] for role in ROLES} for _ in range(count)]
    parent: dict[Role, list[str]] = {role: [] for role in ROLES}
    taken: tuple[Role, ...] = ("input", "control", "mechanism")
    made = 0

    def flow() -> str:
        nonlocal made
        made += 1
        return f"f{made}"

    def give(name: str, boxes: list[int]) -> None:
        for box in boxes:
            if not any(name in flows[box][role] for role in ROLES):
                flows[box][random.choice(taken)].append(name)

    for box in range(count):
        for _ in range(random.randint(1, 3)):
            name = flow()
            flows[box]["output"].append(name)
            others = [other for other in range(count) if other != box]
            targets = random.sample(others, random.randint(0, min(3, len(others))))
            if random.random() < 0.2 and len(others) > len(targets):
                joined = random.choice([other for other in others if other not in targets])
                flows[joined]["output"].append(name)
            give(name, targets)
            reached = any(name in flows[other][role] for other in others for role in taken)
            if not reached or random.random() < 0.3:
                parent["output"].append(name)
    for box in range(count):
        if not flows[box]["control"] or random.random() < 0.4:
            name = flow()
            flows[box]["control"].append(name)
            parent[random.choice(taken)].append(name)
            give(name, random.sample(range(count), random.randint(0, count)))
        for role in ("input", "mechanism"):
            if random.random() < 0.4:
                name = flow()
                flows[box][role].append(name)
                parent[role].append(name)
                give(name, random.sample(range(count), random.randint(0, count)))
    boxes = tuple(
        Box(f"A{place + 1}", Text(f"Box {place + 1}", "Функция"), {role: tuple(found[role]) for role in ROLES})
        for place, found in enumerate(flows)
    )
    top = Box("A0", Text("Whole", "Целое"), {role: tuple(parent[role]) for role in ROLES}, boxes=boxes)
    codes = {(name, role): f"{role[0].upper()}{place}" for role in ROLES for place, name in enumerate(parent[role], 1)}
    return plan_of(Sheet("A0", top.name, boxes, top, 2), codes)


def names_of(plan: Plan) -> list[str]:
    """A label for each arrow, long ones among them."""
    return [WORDS[number % len(WORDS)] for number in range(len(plan.arrows))]
