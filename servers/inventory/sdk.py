"""What of the provider's SDK is used, and its ways of failing told apart. Importing this needs the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from tencentcloud.clb.v20180317.clb_client import ClbClient
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312.cvm_client import CvmClient
from tencentcloud.vpc.v20170312.vpc_client import VpcClient

if TYPE_CHECKING:
    from servers.inventory.provider import Access


class _StatusNotOK(Exception):
    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers


class _TellsStatus:
    """The SDK makes of any other status than 200 an error without status and headers, and follows redirects,
    to which a temporary token would go along."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.request.conn._session.get_redirect_target = lambda answer: None  # type: ignore[attr-defined]

    def _check_status(self, answer: Any) -> None:
        if answer.status_code != 200:
            raise _StatusNotOK(answer.status_code, answer.headers)


class _Cvm(_TellsStatus, CvmClient):  # type: ignore[misc]
    pass


class _Vpc(_TellsStatus, VpcClient):  # type: ignore[misc]
    pass


class _Clb(_TellsStatus, ClbClient):  # type: ignore[misc]
    pass


class _Sts(_TellsStatus, CommonClient):  # type: ignore[misc]
    def __init__(self, credential: Any, region: str, profile: Any) -> None:
        super().__init__("sts", "2018-08-13", credential, region, profile)


_CLIENTS: dict[str, Any] = {"cvm": _Cvm, "vpc": _Vpc, "clb": _Clb, "sts": _Sts}


def client(service: str, region: str, access: Access) -> Any:
    """The SDK's client of one service in one region; it does not retry, `provider` does."""
    address = urlsplit(access.endpoint)
    # The SDK takes scheme and host apart. A time-out counts for connecting and for each wait for more.
    profile = HttpProfile(
        protocol=address.scheme or "https", endpoint=address.netloc or None, reqTimeout=access.timeout, keepAlive=True
    )
    credential = Credential(access.secret_id, access.secret_key, access.token or None)
    return _CLIENTS[service](credential, region, ClientProfile(httpProfile=profile, language="en-US"))


def reason(error: Exception) -> Any:
    """Why a call failed: "timeout", "network", "cut", (status, headers), (code, message), or None for anything else."""
    if isinstance(error, _StatusNotOK):
        return error.status, error.headers
    if isinstance(error, TencentCloudSDKException) and error.code != "ClientNetworkError":
        return error.code, error.message
    # A body that is read late fails outside the SDK's own handling.
    cause = error.__context__ if isinstance(error, TencentCloudSDKException) else error
    if isinstance(cause, requests.Timeout) or "Read timed out" in str(cause):
        return "timeout"
    if isinstance(cause, requests.exceptions.ChunkedEncodingError | ValueError | KeyError | TypeError | RecursionError):
        return "cut"
    return "network" if isinstance(error, TencentCloudSDKException | requests.RequestException) else None
