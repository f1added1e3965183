"""Customers and the names under which they are known."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from septima.demo.arrays import (
    Flags,
    Floats,
    Integers,
    dates,
    either,
    flags,
    instants,
    joined,
    numbered,
    pick,
    same,
    words,
)
from septima.demo.calendar import DAY, SECOND, Calendar
from septima.demo.export import SEGMENT_WORDS, Columns
from septima.demo.model import Model
from septima.demo.setting import Setting
from septima.demo.words import COMPANY_FORMS, COMPANY_NAMES, EMAIL_DOMAINS, FEMALE_NAMES, MALE_NAMES, SURNAMES


@dataclass(frozen=True)
class People:
    """A block of customers, in the order of their first purchase; arrays of one length."""

    number: Integers
    segment: Integers
    region: Integers
    acquisition: Integers
    consent: Flags
    buyer: Flags
    created_at: Integers
    first_at: Integers

    @property
    def ids(self) -> pa.StringArray:
        """The identifiers of the customers."""
        return numbered("C", self.number)

    def __len__(self) -> int:
        return len(self.number)


def arrivals(model: Model, calendar: Calendar) -> Floats:
    """The share of all customers who have come by each bound of `calendar.hours`."""
    weights = np.array(model.arrival_weights)[calendar.quarter_of(calendar.hours[:-1])]
    come = np.concatenate(([0.0], np.cumsum(np.diff(calendar.operational) * weights)))
    return come / come[-1]


def make_people(setting: Setting, numbers: Integers) -> People:
    """Draw the customers `numbers` of a block."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("people")
    size = len(numbers)
    come = np.sort(chance.random(size))
    first_at = np.interp(come, arrivals(model, calendar), calendar.hours).astype(np.int64)
    first_at = np.clip(first_at, calendar.start + 7_200 * SECOND, calendar.end - 1)
    return People(
        number=numbers,
        segment=pick(chance, [segment.share for segment in model.segments.values()], size),
        region=pick(chance, list(model.regions.values()), size),
        acquisition=pick(chance, list(model.acquisition.values()), size),
        consent=chance.random(size) < model.consent_share,
        buyer=chance.random(size) >= model.prospect_share,
        created_at=first_at - chance.integers(3_600 * SECOND, 5_400 * SECOND, size),
        first_at=first_at,
    )


def write_people(setting: Setting, people: People) -> int:
    """Write customers and identities; return how many customers are second records of someone already there."""
    model = setting.model
    chance = setting.chance("names")
    size = len(people)
    business = people.segment == list(model.segments).index("business")
    original = np.arange(size)
    second = (chance.random(size) < model.duplicate_share) & (original > 0)
    earlier = (chance.random(size) * original).astype(np.int64)
    second &= ~second[earlier] & (business == business[earlier])
    original = np.where(second, earlier, original)

    name = either(business, _company_names(chance, size), person_names(chance, size))
    email = _emails(chance, people.number).take(pa.array(original))
    phone = numbered("+7000", people.number, 7).take(pa.array(original))
    has_email = chance.random(size) >= model.missing_email_share
    has_phone = chance.random(size) >= model.missing_phone_share
    has_segment = chance.random(size) >= model.missing_segment_share
    has_birth_date = (chance.random(size) >= model.missing_birth_date_share) & ~business
    referral = people.acquisition == list(model.acquisition).index("referral")
    referrer = (chance.random(size) * np.arange(size)).astype(np.int64)
    ids = people.ids
    born = people.created_at // DAY - (chance.gamma(9.0, 2.6, size) * 365.25).astype(np.int64) - 18 * 365

    customers: Columns = {
        "customer_id": ids,
        "created_at": instants(people.created_at),
        "segment": words(people.segment, [SEGMENT_WORDS[key] for key in model.segments], has_segment),
        "region": words(people.region, list(model.regions)),
        "acquisition_channel": words(people.acquisition, list(model.acquisition)),
        "referrer_id": numbered("C", people.number[referrer], present=referral & (np.arange(size) > 0)),
        "name": name.take(pa.array(original)),
        "email": _only(email, has_email),
        "phone": _only(phone, has_phone),
        "birth_date": dates(born, has_birth_date),
        "consent": flags(people.consent),
    }
    setting.exporter.write("customers", customers)

    card = chance.random(size) < 0.6
    cookie = chance.random(size) < 0.7
    known = {
        "email": (email, has_email),
        "phone": (phone, has_phone),
        "card": (numbered("7", people.number, 11), card),
        "cookie": (numbered("k", chance.integers(0, 10**15, size), 16), cookie),
    }
    parts = [
        pa.table(
            {
                "customer_id": ids.filter(pa.array(present)),
                "id_type": same(kind, int(present.sum())),
                "id_value": values.filter(pa.array(present)),
            }
        )
        for kind, (values, present) in known.items()
    ]
    identities = pa.concat_tables(parts).combine_chunks()
    setting.exporter.write("identities", {column: identities[column] for column in identities.column_names})
    return int(second.sum())


def _only(values: pa.Array, present: Flags) -> pa.Array:
    return either(present, values, pa.scalar(None, values.type))


def person_names(chance: np.random.Generator, size: int) -> pa.StringArray:
    """Family and given names of people who do not exist."""
    female = chance.random(size) < 0.55
    given = np.where(
        female,
        len(MALE_NAMES) + chance.integers(0, len(FEMALE_NAMES), size),
        chance.integers(0, len(MALE_NAMES), size),
    )
    family = chance.integers(0, len(SURNAMES), size) + np.where(female, len(SURNAMES), 0)
    forms = (*SURNAMES, *(surname + "а" for surname in SURNAMES))
    return joined(words(family, forms), words(given, (*MALE_NAMES, *FEMALE_NAMES)), by=" ")


def _company_names(chance: np.random.Generator, size: int) -> pa.StringArray:
    form = words(chance.integers(0, len(COMPANY_FORMS), size), COMPANY_FORMS)
    title = words(chance.integers(0, len(COMPANY_NAMES), size), [f"«{name}»" for name in COMPANY_NAMES])
    number = pa.array(chance.integers(1, 500, size)).cast(pa.string())
    return joined(form, title, joined(pa.scalar("№"), number), by=" ")


def _emails(chance: np.random.Generator, numbers: Integers) -> pa.StringArray:
    domains = words(chance.integers(0, len(EMAIL_DOMAINS), len(numbers)), EMAIL_DOMAINS)
    return joined(numbered("client", numbers), domains, by="@")
