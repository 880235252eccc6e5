"""Reading the environment at the beginning of a process."""

from pydantic import ValidationError

from bot.errors import ConfigurationError
from bot.logs import configure_logging
from bot.settings import Settings


def load_settings() -> Settings:
    """The settings, with logging set up by them. Raises ConfigurationError naming the variable that cannot be used."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]  # the value may be a secret
        variable = "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationError(f"The environment variable {variable} cannot be used: {first['msg']}.") from None
    configure_logging(settings.log_level)
    return settings
