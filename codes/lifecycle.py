"""The life cycle of a code as a table: which action leads from which state to which, who may, and who owes a reason.

Looking at nothing but the stored state: what server and IP add to it is judged by codes/validity.py. The texts of an
action stand here once, for buttons, confirmation pages, bulk previews and refusals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from codes.choices import Action, Channel, State
from icpportal.sentences import StrPromise

ANY = frozenset(State)
_NO_FILING = _("No filing holds the code.")
_HELD = _("A filing holds it: it has to be abandoned or reset first.")
_SUCCEEDED = _("Its filing succeeded: used for good (FAQ 5.2).")
_WITHDRAWN = _("Withdrawn for good; nothing brings it back.")


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One action on a code. `target` None leaves the state as it is.

    `permission` is the codename an agent needs (app codes); None: not an agent's action. `reason_in` are the channels
    that have to give a reason. `effect` says in one sentence what happens, `why_not` why a state refuses.
    """

    action: Action
    sources: frozenset[State]
    target: State | None = None
    permission: str | None = None
    reason_in: frozenset[Channel] = frozenset()
    effect: StrPromise = ""
    why_not: Mapping[State, StrPromise] = field(default_factory=dict)

    def allows(self, state: str) -> bool:
        """Whether a code in this stored state can take the action."""
        return state in self.sources

    def refusal(self, state: str) -> StrPromise:
        """Why a code in this stored state cannot: a sentence for people; "" when it can."""
        return "" if self.allows(state) else self.why_not[State(state)]


_TRANSITIONS = (
    Transition(
        action=Action.BEGIN,
        sources=frozenset({State.UNUSED}),
        target=State.IN_USE,
        effect=_("The filing holds the code until it is completed or abandoned."),
        why_not={State.IN_USE: _HELD, State.USED: _SUCCEEDED, State.WITHDRAWN: _WITHDRAWN},
    ),
    Transition(
        action=Action.REJECT,
        sources=frozenset({State.IN_USE}),
        reason_in=frozenset({Channel.API}),
        effect=_("The filing is sent back; it keeps its hold on the code."),
        why_not={State.UNUSED: _NO_FILING, State.USED: _SUCCEEDED, State.WITHDRAWN: _WITHDRAWN},
    ),
    Transition(
        action=Action.COMPLETE,
        sources=frozenset({State.IN_USE}),
        target=State.USED,
        effect=_("The filing succeeded; the code is used for good."),
        why_not={State.UNUSED: _NO_FILING, State.USED: _SUCCEEDED, State.WITHDRAWN: _WITHDRAWN},
    ),
    Transition(
        action=Action.ABANDON,
        sources=frozenset({State.IN_USE}),
        target=State.UNUSED,
        effect=_("The filing releases the code, which is usable again until it expires."),
        why_not={State.UNUSED: _NO_FILING, State.USED: _SUCCEEDED, State.WITHDRAWN: _WITHDRAWN},
    ),
    Transition(
        action=Action.RESET,
        sources=frozenset({State.IN_USE}),
        target=State.UNUSED,
        permission="reset_code",
        reason_in=frozenset(Channel),
        effect=_(
            "Resetting abandons the unfinished filing. The code can then be used for another filing, until it "
            "expires. It cannot be undone."
        ),
        why_not={State.UNUSED: _NO_FILING, State.USED: _SUCCEEDED, State.WITHDRAWN: _WITHDRAWN},
    ),
    Transition(
        action=Action.WITHDRAW,
        sources=frozenset({State.UNUSED}),
        target=State.WITHDRAWN,
        permission="withdraw_code",
        reason_in=frozenset({Channel.ADMIN, Channel.API, Channel.COMMAND}),
        effect=_("A withdrawn code is dead for good, and its slot stays spent. It cannot be undone."),
        why_not={State.IN_USE: _HELD, State.USED: _SUCCEEDED, State.WITHDRAWN: _WITHDRAWN},
    ),
    Transition(
        action=Action.ROTATE,
        sources=frozenset({State.UNUSED}),
        permission="rotate_code",
        reason_in=frozenset(Channel),
        effect=_("The code gets a new value in the same slot; the old value is dead at once."),
        why_not={State.IN_USE: _HELD, State.USED: _SUCCEEDED, State.WITHDRAWN: _WITHDRAWN},
    ),
    Transition(
        action=Action.REVEAL,
        sources=ANY,
        permission="reveal_code",
        reason_in=frozenset({Channel.ADMIN}),
        effect=_("The value is shown once in full. Revealing is recorded."),
    ),
    Transition(
        action=Action.AUTHORIZE,
        sources=frozenset({State.UNUSED}),
        permission="annotate_code",
        effect=_("Only the named account may begin a filing with the code."),
        why_not={
            State.IN_USE: _("A filing holds it: the authorized account is frozen."),
            State.USED: _SUCCEEDED,
            State.WITHDRAWN: _WITHDRAWN,
        },
    ),
    Transition(
        action=Action.ANNOTATE,
        sources=ANY,
        permission="annotate_code",
        effect=_("The remark is a note for people; nothing depends on it."),
    ),
)

TRANSITIONS: Mapping[Action, Transition] = {transition.action: transition for transition in _TRANSITIONS}
