"""The embedded PostgreSQL's settings, as data."""

from collections.abc import Mapping

_SETTINGS: Mapping[str, object] = {
    "max_connections": 100,
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# SAFETY: an error's text, detail or statement can quote a patient's row. None of them is logged:
# not parameters, not statements, not details, and of messages only what the server says of itself.
_NO_PATIENT_IN_THE_LOG: Mapping[str, object] = {
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": -1,
    "log_parameter_max_length": 0,
    "log_parameter_max_length_on_error": 0,
}

# A ring of seven files, one a weekday.
_LOG_FILES: Mapping[str, object] = {
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": 0,
    "log_truncate_on_rotation": "on",
    "log_file_mode": "0600",
}


def server_settings(*, host: str, port: int, log: object) -> Mapping[str, object]:
    """Return the settings of a server that listens on `host` only and logs into `log`."""
    return {
        **_SETTINGS,
        **_NO_PATIENT_IN_THE_LOG,
        **_LOG_FILES,
        "listen_addresses": host,
        "port": port,
        "unix_socket_directories": "",
        "log_directory": log,
    }
