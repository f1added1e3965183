"""The ten methods of lifetime value in words: what each computes, takes for granted, and why it differs."""

from dataclasses import dataclass
from typing import Literal

from septima.schema import Text

Setting = Literal["contractual", "non_contractual", "either"]


@dataclass(frozen=True)
class Method:
    """A way to lifetime value: its key for programs, what it says and on what it rests.

    `setting` is the kind of business that it is made for.
    """

    key: str
    name: Text
    formula: Text
    source: str
    assumptions: Text
    differs: Text
    setting: Setting


METHODS: tuple[Method, ...] = (
    Method(
        "historical",
        Text("Historical margin", "Историческая маржа"),
        Text(
            "Σ margin of the last horizon; to date: Σ margin from the first contact to the last order",
            "Σ маржи за\u00a0последний срок длиной в\u00a0горизонт; на\u00a0сегодня: Σ маржи от\u00a0первого контакта до\u00a0последнего заказа",
        ),
        "Gupta & Lehmann, Managing Customers as Investments, 2005",
        Text(
            "Each customer will bring once more what he or she brought over as long a time before.",
            "Каждый клиент принесёт ещё раз столько, сколько принёс за\u00a0такой\u00a0же срок до\u00a0этого.",
        ),
        Text(
            "It knows nobody’s leaving, so it counts the lapsed in full, and newcomers by the little they had time to buy.",
            "Он не\u00a0учитывает уход: потерянных клиентов считает полностью, а\u00a0новичков\u00a0— по\u00a0тому немногому, что они "
            "успели купить.",
        ),
        "either",
    ),
    Method(
        "simple",
        Text("Order value × frequency × lifespan × margin", "Средний чек × частота × срок жизни × маржа"),
        Text(
            "AOV · orders per customer-day · min(mean lifespan, horizon) · margin",
            "средний чек · заказов на\u00a0клиента в\u00a0день · min(средний срок жизни, горизонт) · маржа",
        ),
        "Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
        Text(
            "All customers are alike: they buy at one rate for the mean time between first and last order.",
            "Все клиенты одинаковы: покупают с\u00a0одной частотой в\u00a0течение среднего срока между первым и\u00a0последним заказом.",
        ),
        Text(
            "The lifespan counts those who are still buying as if they had ended today, and gives it to everyone anew, whether "
            "active or gone.",
            "Срок жизни тех, кто ещё покупает, обрывается сегодняшним днём, и\u00a0он заново приписывается всем\u00a0— и\u00a0активным, "
            "и\u00a0ушедшим.",
        ),
        "either",
    ),
    Method(
        "churn",
        Text("ARPU ÷ churn", "ARPU ÷ отток"),
        Text(
            "ARPU · margin · Σ (1 − churn)^(k−1) over the horizon; without a horizon ARPU · margin / churn",
            "ARPU · маржа · Σ (1 − отток)^(k−1) за\u00a0горизонт; без горизонта ARPU · маржа / отток",
        ),
        "Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
        Text(
            "Every active customer brings the same and leaves with one and the same chance in every period; who was silent for "
            "longer than the active days never comes back.",
            "Каждый активный клиент приносит одинаково и\u00a0уходит с\u00a0одной и\u00a0той\u00a0же вероятностью в\u00a0каждом периоде; "
            "промолчавший дольше срока активности не\u00a0вернётся.",
        ),
        Text(
            "Where buyers pause, a pause is taken for leaving, so churn is too high; that the faithful remain and churn falls is "
            "not seen.",
            "Где покупатели делают паузы, пауза принимается за\u00a0уход, и\u00a0отток завышен; не\u00a0видно и\u00a0того, что остаются верные "
            "и\u00a0отток падает.",
        ),
        "contractual",
    ),
    Method(
        "retention",
        Text("Margin × r / (1 + d − r)", "Маржа × r / (1 + d − r)"),
        Text(
            "m · Σ r^k / (1 + d)^k over the horizon; without a horizon m · r / (1 + d − r)",
            "m · Σ r^k / (1 + d)^k за\u00a0горизонт; без горизонта m · r / (1 + d − r)",
        ),
        "Gupta & Lehmann, Customers as Assets, 2003",
        Text(
            "One margin and one rate of retention r for all active customers and for ever.",
            "Одна маржа и\u00a0одна доля удержания r для всех активных клиентов и\u00a0навсегда.",
        ),
        Text(
            "As ARPU ÷ churn, but the first payment comes only after the first renewal, so it is lower by one period.",
            "Как ARPU ÷ отток, но\u00a0первый платёж поступает лишь после первого продления, поэтому меньше на\u00a0один период.",
        ),
        "contractual",
    ),
    Method(
        "cash_flow",
        Text("Discounted cash flow less CAC", "Дисконтированный поток за\u00a0вычетом CAC"),
        Text("Σ flow_k / (1 + d)^t_k − CAC", "Σ поток_k / (1 + d)^t_k − CAC"),
        "Berger & Nasr, Customer Lifetime Value: Marketing Models and Applications, 1998",
        Text(
            "Today’s customers will bring, period by period, what those of one horizon ago have brought since.",
            "Сегодняшние клиенты будут приносить по\u00a0периодам столько\u00a0же, сколько с\u00a0тех пор принесли клиенты, которые были "
            "горизонт назад.",
        ),
        Text(
            "The only one that takes off what it cost to win a customer; it sees growth or decline of the whole base, and nothing "
            "of a single customer.",
            "Единственный, который вычитает стоимость привлечения; видит рост или спад всей базы, но\u00a0ничего не\u00a0знает "
            "об\u00a0отдельном клиенте.",
        ),
        "either",
    ),
    Method(
        "cohort",
        Text("Cohort curve", "Когортная кривая"),
        Text(
            "Σ margin per customer at ages A+1 … A+K, discounted",
            "Σ маржи на\u00a0клиента в\u00a0возрасте A+1 … A+K, с\u00a0дисконтом",
        ),
        "Fader & Hardie, Probability Models for Customer-Base Analysis, 2009",
        Text(
            "A customer of some age will bring what earlier customers brought on average at the ages to come; past the oldest age "
            "seen, the curve goes on as it last fell.",
            "Клиент определённого возраста принесёт столько, сколько прежние клиенты в\u00a0среднем приносили в\u00a0следующих возрастах; "
            "за\u00a0самым большим известным возрастом кривая продолжается так, как падала в\u00a0конце.",
        ),
        Text(
            "It knows how long ago a customer came, but not whether he or she still buys: active and lapsed of one age are worth "
            "the same.",
            "Он знает, как давно клиент пришёл, но\u00a0не\u00a0знает, покупает\u00a0ли он ещё: активные и\u00a0ушедшие одного возраста стоят "
            "одинаково.",
        ),
        "either",
    ),
    Method(
        "bg_nbd",
        Text("BG/NBD × Gamma-Gamma", "BG/NBD × Gamma-Gamma"),
        Text(
            "Σ discounted E[purchases | x, t_x, T] · E[amount | x, mean] · margin",
            "Σ с\u00a0дисконтом E[покупки | x, t_x, T] · E[сумма | x, средняя] · маржа",
        ),
        "Fader, Hardie & Lee, 2005; Fader & Hardie, 2013",
        Text(
            "Purchases come at random at a rate of one’s own; after each there is a chance of one’s own to leave unseen; amounts do "
            "not depend on how often one buys.",
            "Покупки случайны, у\u00a0каждого своя частота; после каждой есть своя вероятность незаметно уйти; суммы не\u00a0зависят "
            "от\u00a0частоты.",
        ),
        Text(
            "It tells who is still a customer from when he or she used to buy; who bought only once counts as alive for certain, "
            "since leaving needs a repeat purchase.",
            "Он судит о\u00a0том, остался\u00a0ли клиент, по\u00a0ритму его покупок; купивший один раз считается живым наверняка, "
            "так как уйти можно лишь после повторной покупки.",
        ),
        "non_contractual",
    ),
    Method(
        "pareto_nbd",
        Text("Pareto/NBD × Gamma-Gamma", "Pareto/NBD × Gamma-Gamma"),
        Text(
            "Σ discounted E[purchases | x, t_x, T] · E[amount | x, mean] · margin",
            "Σ с\u00a0дисконтом E[покупки | x, t_x, T] · E[сумма | x, средняя] · маржа",
        ),
        "Schmittlein, Morrison & Colombo, 1987; Fader & Hardie, 2013",
        Text(
            "Purchases come at random at a rate of one’s own; every customer leaves unseen at any moment, at a rate of one’s own; "
            "amounts do not depend on how often one buys.",
            "Покупки случайны, у\u00a0каждого своя частота; каждый может незаметно уйти в\u00a0любой момент со\u00a0своей интенсивностью; "
            "суммы не\u00a0зависят от\u00a0частоты.",
        ),
        Text(
            "Unlike in BG/NBD, who bought only once may have left too, so long-silent single buyers are worth less.",
            "В\u00a0отличие от\u00a0BG/NBD, купивший один раз тоже мог уйти, поэтому давно молчащие разовые покупатели стоят меньше.",
        ),
        "non_contractual",
    ),
    Method(
        "sbg",
        Text("Shifted beta-geometric", "Сдвинутое бета-геометрическое"),
        Text(
            "m · Σ S(A + k) / S(A), discounted; S(t) = B(α, β + t) / B(α, β)",
            "m · Σ S(A + k) / S(A), с\u00a0дисконтом; S(t) = B(α, β + t) / B(α, β)",
        ),
        "Fader & Hardie, How to Project Customer Retention, 2007",
        Text(
            "A customer renews period by period and leaves for good with a chance of one’s own; leaving is seen when it happens.",
            "Клиент продлевает договор период за\u00a0периодом и\u00a0уходит навсегда со\u00a0своей вероятностью; уход виден сразу.",
        ),
        Text(
            "Retention grows with age as the fickle leave, so old customers are worth more than by one rate of churn; without "
            "contracts a pause is taken for leaving.",
            "С\u00a0возрастом удержание растёт, так как непостоянные уходят, поэтому старые клиенты стоят больше, чем при одном "
            "уровне оттока; без договоров пауза принимается за\u00a0уход.",
        ),
        "contractual",
    ),
    Method(
        "kaplan_meier",
        Text("Kaplan–Meier survival", "Дожитие по\u00a0Каплану\u00a0— Мейеру"),
        Text(
            "m · Σ S(A + k) / S(A), discounted; S by the product-limit estimate",
            "m · Σ S(A + k) / S(A), с\u00a0дисконтом; S по\u00a0Каплану\u00a0— Мейеру",
        ),
        "Kaplan & Meier, 1958; Lu, Predicting Customer Churn with Survival Analysis, 2002",
        Text(
            "Customers stay as earlier ones stayed, with no law assumed; who was silent for longer than the active days has left.",
            "Клиенты остаются так, как оставались прежние, без предположений о\u00a0законе; промолчавший дольше срока активности ушёл.",
        ),
        Text(
            "As the shifted beta-geometric, but it knows nothing past the oldest customers and takes survival to stand still there.",
            "Как сдвинутое бета-геометрическое, но\u00a0за\u00a0возрастом самых старых клиентов ничего не\u00a0знает и\u00a0считает, что дальше "
            "дожитие не\u00a0падает.",
        ),
        "contractual",
    ),
)

METHOD_BY_KEY = {method.key: method for method in METHODS}
