"""Where the canary finds the platform, and who it is there: the environment of its process."""

from typing import Self

from pydantic import AnyHttpUrl, Field, SecretStr, model_validator

from shared.runtime.settings import KafkaSettings


class CanarySettings(KafkaSettings):
    """Each variable is prefixed SHAODAO_; a city gives it a token, a stack here its own secret."""

    intake_url: AnyHttpUrl
    notifier_url: AnyHttpUrl
    topic_prefix: str = ""
    canary_unit: str = "TC"
    canary_seconds: float = Field(default=60.0, ge=1.0)
    canary_token: SecretStr | None = None  # of the role `canary`; absent: made with token_secret
    token_secret: SecretStr | None = None
    log_format: str = Field(default="json", pattern="^(json|text)$")
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _may_sign_in(self) -> Self:
        if self.canary_token is None and self.token_secret is None:
            raise ValueError("SHAODAO_CANARY_TOKEN is needed, or SHAODAO_TOKEN_SECRET")
        return self
