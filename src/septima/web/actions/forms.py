"""Forms of actions."""

import secrets
from typing import Any

from django import forms

from septima.report.number_forms import NBSP
from septima.web.accounts.models import Membership, Organisation
from septima.web.actions.keeping import Wanted
from septima.web.actions.lists import STATE_NAMES
from septima.web.actions.models import STATES, Action
from septima.web.common.language import current_language, said_later, say
from septima.web.customers.words import department_names


class MemberChoice(forms.ModelChoiceField):
    """Members by the name of the person."""

    def label_from_instance(self, obj: Membership) -> str:  # type: ignore[override] # what the queryset gives
        """The person, and the department where there is one."""
        return f"{obj.user}{NBSP}· {obj.department}" if obj.department else str(obj.user)


class ActionForm(forms.Form):
    """What is to be done about a KPI, by whom and by when."""

    what = forms.CharField(label=said_later("What is to be done", "Что сделать"), max_length=300)
    cause = forms.CharField(
        label=said_later("Cause", "Причина"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=said_later(
            "Why the KPI is where it is, as far as known.", "Почему показатель такой, насколько известно."
        ),
    )
    owner = MemberChoice(
        queryset=Membership.objects.none(),
        required=False,
        label=said_later("Who answers", "Кто отвечает"),
        empty_label=said_later("Nobody of the site", "Никто из\u00a0участников сайта"),
    )
    employee_id = forms.CharField(
        label=said_later("Or an employee by the id in the data", "Или сотрудник по\u00a0коду в\u00a0данных"),
        max_length=200,
        required=False,
        help_text=said_later("For whoever does not sign in to the site.", "Для того, кто не\u00a0входит на\u00a0сайт."),
    )
    department = forms.ChoiceField(label=said_later("Department", "Подразделение"), required=False)
    due_on = forms.DateField(
        label=said_later("Due", "Срок"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    token = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *arguments: Any, organisation: Organisation, **named: Any) -> None:
        super().__init__(*arguments, **named)
        members = Membership.objects.filter(organisation=organisation, ended_at=None).select_related("user")
        owner = self.fields["owner"]
        assert isinstance(owner, MemberChoice)  # noqa: S101 - tells the checker what the class says
        owner.queryset = members.order_by("user__name", "user__email")
        names = department_names(organisation.directory)
        known = {one: name.in_language(current_language()) for one, name in names.items()}
        known |= {one.department: known.get(one.department, one.department) for one in members if one.department}
        department = self.fields["department"]
        assert isinstance(department, forms.ChoiceField)  # noqa: S101
        department.choices = [("", "—"), *known.items()]

    def clean(self) -> dict[str, Any]:
        """Somebody answers: a member, or an employee."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("owner") and not cleaned.get("employee_id"):
            self.add_error("owner", say("Say who answers: choose a member, or write an employee’s id below.", "Укажите, кто отвечает: выберите участника или впишите код сотрудника ниже."))  # fmt: skip
        return cleaned

    def wanted(self) -> Wanted:
        """What was filled in; of a member the department, where none was chosen."""
        given = self.cleaned_data
        owner: Membership | None = given["owner"]
        department = given["department"] or (owner.department if owner else "")
        employee = "" if owner else given["employee_id"].strip()
        return Wanted(given["what"], given["cause"], owner, employee, department, given["due_on"])


class StateForm(forms.Form):
    """How an action goes."""

    state = forms.ChoiceField(label=said_later("State", "Состояние"))

    def __init__(self, *arguments: Any, may_drop: bool, **named: Any) -> None:
        super().__init__(*arguments, **named)
        state = self.fields["state"]
        assert isinstance(state, forms.ChoiceField)  # noqa: S101
        offered = [one for one in STATES if may_drop or one != "dropped"]
        state.choices = [(one, STATE_NAMES[one].in_language(current_language())) for one in offered]


class NoteForm(forms.Form):
    """What somebody says of an action."""

    text = forms.CharField(
        label=said_later("Note", "Заметка"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    token = forms.CharField(widget=forms.HiddenInput, max_length=64)


def new_form_token() -> dict[str, str]:
    """What makes a form that is sent twice one act."""
    return {"token": secrets.token_urlsafe(24)}


def of_action(action: Action) -> dict[str, Any]:
    """What an action holds, for its form."""
    return {
        "what": action.what,
        "cause": action.cause,
        "owner": action.owner.pk if action.owner else None,
        "employee_id": action.employee_id,
        "department": action.department,
        "due_on": action.due_on,
        "token": action.token,
    }
