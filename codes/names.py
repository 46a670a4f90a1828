"""What a filing names: host names and ICP filing numbers, in one spelling each."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TOP = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]+")  # the last label, as ICANN gives them out
# What CNNIC registers names below: categories and provinces. Of themselves nobody can be the holder.
_SHARED_IN_CN = frozenset(
    "ac com edu gov mil net org ah bj cq fj gd gs gx gz ha hb he hi hk hl hn jl js jx ln mo nm nx qh sc sd sh sn sx tj "
    "tw xj xz yn zj xn--55qx5d xn--io0a7i xn--od0alg".split()
)
_MOST = 253  # characters of a host name
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
ICP_NUMBER = re.compile(rf"[{PROVINCES}]ICP备[0-9]{{6,10}}号(-[1-9][0-9]{{0,4}})?")


def host_name(text: str) -> str | None:
    """The registrable host name in ASCII and lower case (IDNA, decision 12); None when `text` is none."""
    if len(text) > _MOST:
        return None
    try:
        name = text.encode("idna").decode("ascii").lower()
        name.encode("ascii").decode("idna")
    except UnicodeError:
        return None
    labels = name.split(".")
    if len(name) > _MOST or len(labels) < 2 or not _TOP.fullmatch(labels[-1]):
        return None
    if len(labels) == 2 and labels[1] == "cn" and labels[0] in _SHARED_IN_CN:
        return None
    return name if all(_LABEL.fullmatch(label) for label in labels) else None
