"""A simulated company whose truth is known.

«Северный дом» is a young chain of household goods in Russia: a web shop, an app, stores, a call centre,
and contracts with companies. `simulate` writes what its systems would export over three years
(twelve quarters), a mapping that loads it, and the truth that the metrics should find. Parameters
and their values stand in `septima.demo.model.Model`; money is in roubles, moments are UTC.

**Customers** arrive with a density that follows the season, times a weight of the quarter (most at the
opening). Segment, region, acquisition channel and consent are independent categorical draws; a
`prospect_share` never buys; a `duplicate_share` are second records of an earlier customer, with the
same name, address and telephone. Known shares of e-mails, telephones, segments and birth dates are
missing.

**Purchases** of a segment follow BG/NBD (Fader, Hardie & Lee 2005) in operational weeks: calendar time
that the season (month × weekday × hour of Moscow) speeds up and slows down. A first purchase at the
arrival; then at rate λ ~ Gamma(r, α), and after each repeat purchase the customer is lost with
probability p ~ Beta(a, b). Values are Gamma-Gamma (Fader & Hardie 2013): z ~ Gamma(p, ν),
ν ~ Gamma(q, γ), mean p·γ/(q − 1). Cost is a share of the value, uniform within ±10 % of the segment's
mean. An `unsuccessful_share` of orders is preceded by an attempt of the same value that was
cancelled or returned; attempts are no purchases of the process.

**Experiments**: at the assignment, a salted hash of the customer's number puts 5 % of the eligible
(consent, retail segment, has bought before) into `control`. A treated customer makes
Poisson(`extra_orders`) orders more in the following 28 days, of Gamma(4) value with mean
`mean_value`, so the uplift per treated customer is the product of the two. One experiment has none.

**Messages**: a newsletter each month to a random share of those who consented, a text message each
quarter, a campaign with each experiment. Bounced with a fixed probability by channel, opened and then
clicked with the quarter's, unsubscribed with a fixed one, after which nothing is sent. **Visits**
precede a share of online orders, with the channel that brought them; others lead nowhere.

**Deliveries** of orders not made in a store: the carrier keeps the promise with the probability of
the quarter of the promised day; some fail, some lack an item. **Complaints**: at most one an order, with a lag
of one day on average, by category at the rate of the quarter in which it is opened; the first answer comes after an
exponential time with the quarter's mean, the end after a Gamma(2) one more. **Calls**: Poisson per order;
waiting and patience are exponential, the call is answered where waiting ends first, and settled
with the quarter's probability.

**NPS** in both forms: promoters, passives and detractors are multinomial by department and quarter;
grades within a group have fixed shares; a share of respondents says why. **CSI**: a respondent is
unhappy, middling or happy with the quarter's probabilities, and grades each attribute by the
distribution of that type. **C11**: one-factor model with known loadings; the latent answer is cut at
four thresholds into five grades; the level rises by quarter. Some who were asked for the **heavy form** of
NPS answer the second question in the group of the first with a fixed probability, else in another. **RAPID**: each
of a person's three levels is beta about the quarter's mean, its items binomial. **Feelings**: what was
expected and what was met are independent; who is served well meets one distribution, who is not another.
A research agency's **index** of the brand is beta about the quarter's mean.

**Deals** of companies: Poisson in time; the length is Gamma(8) with scale `stage_scale_days`; the outcome
is won with the probability of the quarter in which the deal ends. A won deal's stages are
independent Gammas of that scale. A deal is a contract under which the company's orders are placed,
so its amount is not counted again as revenue. **Employees** hold positions, leave at a constant
hazard by department (so turnover a year is the hazard) and are replaced after a vacancy.
**Trainings**, **steps of processes** and **milestones** are done in time with known probabilities;
milestones are few, so their interval is wide.
The **ledger** adds up the same orders and spend. **Rates** of three currencies to the rouble walk at random on
working days; the company itself sells in roubles.

**Dirt**: a known number of orders, calls, complaints and deals is exported once more under another key
with a value that cannot be read or is out of range; a known number of orders is exported twice.

Each part and block of customers has a stream of chance of its own, derived from the seed.
"""

from septima.demo.calendar import DemoError
from septima.demo.model import Model
from septima.demo.scorecard import definition_texts, scorecard_text
from septima.demo.simulation import MAPPING_FILE, simulate
from septima.demo.truth import TRUTH_FILE, Truth, read_truth

__all__ = [
    "MAPPING_FILE",
    "TRUTH_FILE",
    "DemoError",
    "Model",
    "Truth",
    "definition_texts",
    "read_truth",
    "scorecard_text",
    "simulate",
]
