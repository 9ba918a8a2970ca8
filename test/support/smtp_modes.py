"""The modes of the SMTP test server, and the replies of those that merely refuse."""

from __future__ import annotations

HOST_NAME = "peer.test"

REFUSED_GREETING = {
    "greeting_421": f"421 4.3.2 {HOST_NAME} not available",
    "greeting_554": f"554 5.3.2 {HOST_NAME} takes no mail",
}
REFUSED_AUTH = {
    "auth_refused": "535 5.7.8 Authentication credentials invalid",
    "auth_temporary": "454 4.7.0 Temporary authentication failure",
}
REFUSED_MAIL = {
    "mail_450": "450 4.1.8 Sender not taken now",
    "mail_550": "550 5.1.8 Sender refused",
    "shutdown_421": f"421 4.3.2 {HOST_NAME} shutting down",
}
REFUSED_RCPT = {
    "tempfail_rcpt": "450 4.2.1 Mailbox busy",
    "permfail_rcpt": "550 5.1.1 No such mailbox",
}
REFUSED_DATA = {
    "data_refused_451": "451 4.3.0 Try again later",
    "data_refused_554": "554 5.5.1 No valid recipients",
    "wrong_codes": "250 2.0.0 Ok",
}
REFUSED_MESSAGE = {
    "tempfail_end": "451 4.3.0 Try again later",
    "permfail_end": "554 5.7.1 Message refused",
    "full": "452 4.3.1 Insufficient system storage",
}

# These act before any recipient is known.
EARLY_MODES = frozenset(
    "reset_at_connect close_at_connect silent slow_greeting garbage_greeting endless_greeting"
    " long_line ehlo_refused no_starttls starttls_refused starttls_garbage".split()
).union(REFUSED_GREETING, REFUSED_AUTH, REFUSED_MAIL)
# These, asked for by one recipient, hold for the rest of the transaction.
TRANSACTION_MODES = frozenset(
    "ok drop_before_data drop_during_data drop_after_data silent_after_data slow_drip"
    " unsolicited close_after_accept".split()
).union(REFUSED_DATA, REFUSED_MESSAGE)
RECIPIENT_MODES = TRANSACTION_MODES.union(REFUSED_RCPT, {"greylist"})


def requested_mode(recipient: str) -> str | None:
    """Return what follows `mode-` in the local part; a `+tag` keeps the addresses distinct."""
    local = recipient.rpartition("@")[0]
    return local[len("mode-") :].partition("+")[0] if local.startswith("mode-") else None
