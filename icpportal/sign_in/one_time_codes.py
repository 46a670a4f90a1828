"""One-time codes of staff: six digits that an app makes every 30 seconds (TOTP), and recovery codes for a lost device.

Each is taken once: the person's row is locked while one is judged. Wrong ones count as failed sign-ins of the person
and of the address (throttle.py). The shared secret lies sealed in the database, recovery codes as hashes.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

import segno
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django_otp.oath import TOTP

from codes import values
from icpportal import sealing
from icpportal.context import request_id
from icpportal.sign_in.models import OneTimeChange, OneTimeDevice, RecoveryCode
from icpportal.sign_in.throttle import count_under, take_back

ISSUER = "ICP codes"
SECRET_BYTES = 20  # as RFC 4226 recommends
STEPS_AROUND = 1  # a code holds 30 seconds longer on either side, for clocks that differ
RECOVERY_CODES = 10
LONGEST = 50  # characters that anybody may type
WRONG_CODE = _("The code is wrong, was used already or is too old. Enter the one that is shown now.")
_GROUP, _GROUPS = 4, 4  # 80 random bits
What = OneTimeChange.What


def are_needed(user: User) -> bool:
    """Whether this person signs in with one: staff who must, and staff who have set them up."""
    return user.is_staff and (settings.STAFF_ONE_TIME_CODES or has_device(user))


def has_device(user: User) -> bool:
    """Whether they have set up an app."""
    return OneTimeDevice.objects.filter(user=user).exists()


def new_secret() -> str:
    """A secret to share with an app, in base 32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def qr_code(user: User, secret: str) -> SafeString:
    """The secret as an SVG that apps read from the screen; all of its geometry stands in attributes."""
    about = urlencode({"secret": secret, "issuer": ISSUER}, quote_via=quote)
    label = quote(f"{ISSUER}:{user.get_username()}")
    code = segno.make(f"otpauth://totp/{label}?{about}", error="m", micro=False)
    # Safe: the name is inside the picture, not in its markup.
    return mark_safe(code.svg_inline(scale=4, light="#fff", svgclass=None, lineclass=None))


def enrol(user: User, *, secret: str, typed: str, is_first: bool, now: datetime) -> list[str] | None:
    """Keep this secret if `typed` shows that the app has it; the new recovery codes. None for a wrong code.

    With `is_first` also for somebody who has set up an app meanwhile: a password alone does not replace that.
    """
    step = _step(secret, typed, after=0, now=now)
    if step is None:
        return None
    with transaction.atomic():
        _lock(user)
        if is_first and has_device(user):
            return None
        facts = {"sealed": sealing.seal(secret), "last_step": step, "enrolled_at": now}
        OneTimeDevice.objects.update_or_create(user=user, defaults=facts)
        _record(user, What.ENROLLED, now=now)
        return _renew(user)


def renew_recovery_codes(user: User, *, now: datetime) -> list[str]:
    """New ones, shown this once; the old ones are good no more."""
    with transaction.atomic():
        _lock(user)
        _record(user, What.RENEWED, now=now)
        return _renew(user)


def reset(user: User, *, by: User, reason: str, now: datetime) -> None:
    """Forget device and recovery codes of somebody who lost them: they set up a new one at their next sign-in."""
    with transaction.atomic():
        _lock(user)
        OneTimeDevice.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        _record(user, What.RESET, now=now, by=by, reason=reason)


def passes(request: HttpRequest, user: User, typed: str, *, now: datetime) -> bool:
    """Whether `typed` is a code of this person that was not used yet; it is used then.

    Over a limit nothing passes, and django-axes' middleware answers 429.
    """
    credentials = {"username": user.get_username()}
    count_under(request, user.get_username())
    with transaction.atomic():
        _lock(user)
        if not AxesProxyHandler.is_allowed(request, credentials):
            request.axes_locked_out = True  # type: ignore[attr-defined]
            return False
        if _use(user, typed, now=now) or _use_recovery_code(user, typed, now=now):
            take_back(request)
            return True
        user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    return False


def _lock(user: User) -> None:
    """Until the transaction ends nobody else judges or changes this person's codes."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _use(user: User, typed: str, *, now: datetime) -> bool:
    device = OneTimeDevice.objects.filter(user=user).first()
    if device is None:
        return False
    step = _step(sealing.unseal(device.sealed), typed, after=device.last_step, now=now)
    if step is None:
        return False
    device.last_step = step
    device.save(update_fields=["last_step"])
    return True


def _step(secret: str, typed: str, *, after: int, now: datetime) -> int | None:
    """The time step of which `typed` is the code; None for none after `after`."""
    digits = re.sub(r"\s", "", typed)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    totp = TOTP(base64.b32decode(secret))
    totp.time = now.timestamp()
    return int(totp.t()) if totp.verify(int(digits), tolerance=STEPS_AROUND, min_t=after + 1) else None


def _use_recovery_code(user: User, typed: str, *, now: datetime) -> bool:
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(user, typed), used_at=None)
    if not unused.update(used_at=now):
        return False
    _record(user, What.RECOVERED, now=now)
    return True


def _renew(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    new = ["".join(secrets.choice(values.ALPHABET) for _ in range(_GROUP * _GROUPS)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(user, code)) for code in new])
    return ["-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP)) for code in new]


def _digest(user: User, typed: str) -> bytes:
    """Of 80 random bits a plain hash gives nothing away; forgives what values.normalise forgives."""
    return hashlib.sha256(f"{user.pk}:{values.normalise(typed)}".encode("utf-8", "surrogatepass")).digest()


def _record(user: User, what: str, *, now: datetime, by: User | None = None, reason: str = "") -> None:
    OneTimeChange.objects.create(user=user, what=what, by=by, at=now, reason=reason, request_id=request_id.get())
