"""What a filing names: host names and ICP filing numbers, in one spelling each."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
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
    if len(name) > _MOST or len(labels) < 2 or labels[-1].isdigit():
        return None
    return name if all(_LABEL.fullmatch(label) for label in labels) else None
