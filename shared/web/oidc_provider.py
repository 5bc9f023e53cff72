"""Speaks with the city's own sign-in: OpenID Connect's code flow with PKCE, as a relying party.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, discovery 1.0, RP-initiated
logout 1.0, RFC 7636 (PKCE), RFC 9207 (who answered). The provider's keys are read again when a
token names one that is not known.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import Key, KeySet, import_key

from shared.errors import ForbiddenError, UnavailableError
from shared.runtime.clock import wall_now
from shared.runtime.logging import logger

log = logger(__name__)
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")  # never one with a shared secret
SKEW_SECONDS: Final = 60  # by which the provider's clock may differ
DISCOVERY_SECONDS: Final = 600.0
AWAY_SECONDS: Final = 10.0  # after a failure nobody asks for so long
KEYS_SECONDS: Final = 5.0  # an unknown key is asked for no more often
TIMEOUT: Final = httpx.Timeout(5.0)
SCOPES: Final = "openid profile"
SILENT: Final = frozenset(
    {"login_required", "interaction_required", "consent_required", "account_selection_required"}
)


class AwayError(UnavailableError):
    """The provider does not answer, or not as the protocol has it."""

    code = "sign_in_away"


class RefusedError(ForbiddenError):
    """What came back from the provider does not hold."""

    code = "sign_in_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Where the provider is asked for what."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    algorithms: tuple[str, ...]
    says_who: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What the provider says of somebody, and the token it said it with."""

    claims: Mapping[str, Any]
    id_token: str


class Provider:
    """The provider of one service; its addresses and keys as they were last heard."""

    def __init__(
        self, http: httpx.AsyncClient, *, issuer: str, client_id: str, secret: str | None
    ) -> None:
        self.issuer = issuer
        self._http, self._client_id, self._secret = http, client_id, secret
        self._metadata: Metadata | None = None
        self._heard_at = self._failed_at = self._keys_at = -DISCOVERY_SECONDS
        self._keys = KeySet([])
        self._asking = asyncio.Lock()

    @property
    def is_away(self) -> bool:
        """Whether it did not answer a moment ago."""
        return time.monotonic() - self._failed_at < AWAY_SECONDS

    async def metadata(self, *, within: float = DISCOVERY_SECONDS) -> Metadata:
        """Its discovery document, heard `within` so many seconds; raises AwayError."""
        async with self._asking:
            known = self._metadata
            if known is not None and time.monotonic() - self._heard_at < within:
                return known
            if self.is_away:
                raise _away("asked a moment ago")
            path = "/.well-known/openid-configuration"
            try:
                found = self._read(await self._json("GET", self.issuer.rstrip("/") + path))
            except RefusedError as error:  # it says nothing that one could go by
                self._failed_at = time.monotonic()
                raise _away(error.en) from None
            self._metadata, self._heard_at = found, time.monotonic()
            return found

    async def address(
        self, *, back: str, state: str, nonce: str, verifier: str, prompt: str | None
    ) -> str:
        """Where a browser goes to sign in; `prompt` none asks the person nothing, login all."""
        meta = await self.metadata(within=30.0 if prompt == "none" else DISCOVERY_SECONDS)
        address: str = prepare_grant_uri(
            meta.authorization,
            client_id=self._client_id,
            response_type="code",
            redirect_uri=back,
            scope=SCOPES,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **({"prompt": prompt} if prompt else {}),
        )
        return address

    async def signed_in(
        self, code: str, *, back: str, verifier: str, nonce: str, asked: set[str]
    ) -> SignedIn:
        """Who comes with this code, with the claims that are `asked`; AwayError, RefusedError."""
        meta = await self.metadata()
        tokens = await self._tokens(meta, code, back, verifier)
        id_token, access = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise refused("no ID token")
        claims = await self._verified(meta, id_token, nonce, access)
        if meta.userinfo is not None and isinstance(access, str) and asked - set(claims):
            headers = {"Authorization": f"Bearer {access}"}
            more = await self._json("GET", meta.userinfo, headers=headers)
            if more.get("sub") != claims["sub"]:
                raise refused("the user info is of somebody else")
            claims = {**more, **claims}
        return SignedIn(claims=claims, id_token=id_token)

    def is_answered_by(self, issuer: str | None, meta: Metadata) -> bool:
        """Whether the answer says that it is of this provider, where it must."""
        return issuer == self.issuer if issuer is not None else not meta.says_who

    async def end_address(self, *, back: str, id_token: str | None) -> str | None:
        """Where a browser goes to sign out there, too; None where there is no such place."""
        meta = await self.metadata()
        if meta.end_session is None:
            return None
        asked = {"client_id": self._client_id, "post_logout_redirect_uri": back}
        if id_token:
            asked["id_token_hint"] = id_token
        return f"{meta.end_session}{'&' if '?' in meta.end_session else '?'}{urlencode(asked)}"

    async def _tokens(
        self, meta: Metadata, code: str, back: str, verifier: str
    ) -> Mapping[str, Any]:
        body = urlencode(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back,
                "code_verifier": verifier,
            }
        )
        method = "none" if self._secret is None else "client_secret_basic"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        url, headers, body = ClientAuth(self._client_id, self._secret, method).prepare(
            "POST", meta.token, headers, body
        )
        return await self._json("POST", url, headers=headers, content=body)

    async def _verified(
        self, meta: Metadata, id_token: str, nonce: str, access: Any
    ) -> dict[str, Any]:
        try:
            token = await self._decoded(meta, id_token)
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                params={"nonce": nonce, "client_id": self._client_id, "access_token": access},
            )
            claims.validate(now=int(wall_now().timestamp()), leeway=SKEW_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise refused(repr(error)) from None
        return dict(claims)

    async def _decoded(self, meta: Metadata, id_token: str) -> jwt.Token:
        known = self._keys
        try:
            return jwt.decode(id_token, known, algorithms=list(meta.algorithms))
        except InvalidKeyIdError:  # none of the keys is meant, or there is none yet
            return jwt.decode(
                id_token, await self._newer(meta, known), algorithms=list(meta.algorithms)
            )

    async def _newer(self, meta: Metadata, known: KeySet) -> KeySet:
        """The provider's keys, asked anew unless somebody just did."""
        async with self._asking:
            if self._keys is known and time.monotonic() - self._keys_at >= KEYS_SECONDS:
                rows = (await self._json("GET", meta.keys)).get("keys", [])
                self._keys, self._keys_at = (
                    KeySet(list(filter(None, map(_key, rows)))),
                    time.monotonic(),
                )
            return self._keys

    async def _json(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        """What the provider answers; AwayError for none, RefusedError for a word against it."""
        try:
            answer = await self._http.request(method, url, **request)
            body = answer.json() if answer.status_code < 500 else None
        except (httpx.HTTPError, ValueError) as error:
            self._failed_at = time.monotonic()
            raise _away(repr(error)) from None
        if answer.status_code >= 500:
            self._failed_at = time.monotonic()
            raise _away(f"{urlsplit(url).path}: {answer.status_code}")
        if answer.status_code >= 400 or not isinstance(body, dict):
            raise refused(f"{urlsplit(url).path}: {answer.status_code}")
        return body

    def _read(self, found: Mapping[str, Any]) -> Metadata:
        if found.get("issuer") != self.issuer:
            raise refused("the discovery document is of another issuer")
        offered = found.get("id_token_signing_alg_values_supported", ["RS256"])
        try:
            return Metadata(
                issuer=self.issuer,
                authorization=found["authorization_endpoint"],
                token=found["token_endpoint"],
                keys=found["jwks_uri"],
                userinfo=found.get("userinfo_endpoint"),
                end_session=found.get("end_session_endpoint"),
                algorithms=tuple(each for each in ALGORITHMS if each in offered),
                says_who=bool(found.get("authorization_response_iss_parameter_supported")),
            )
        except KeyError as error:
            raise refused(f"the discovery document lacks {error}") from None


def _key(row: Any) -> Key | None:
    """A key for signatures; None for another, or one of a kind that is not known here."""
    try:
        return import_key(row) if row.get("use", "sig") == "sig" else None
    except (JoseError, ValueError, KeyError, AttributeError):
        return None


def _away(why: str) -> AwayError:
    log.warning("sign_in_away", error=why)
    return AwayError(
        "统一身份认证暂时连不上，请稍后再试或使用本地账号登录",
        "the city's sign-in does not answer; try again later or use a local account",
        retry_after=10,
    )


def refused(why: str) -> RefusedError:
    """What the person is told of an answer that does not hold; `why` goes to the log."""
    log.warning("sign_in_refused", error=why)
    return RefusedError(
        "统一身份认证的应答无效，请重新登录", "the answer of the city's sign-in does not hold"
    )
