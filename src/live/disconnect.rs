//! The live protocol's codes in one place: errors of a reply, ends of a subscription, ends of a connection.
//!
//! Numbers and texts are those of the Centrifuge client protocol, version 2, so that its SDKs act on them as their users
//! expect. What leads to which code is decided elsewhere; codes to which nothing leads here are left out.

use std::borrow::Cow;

/// Why one command failed. The connection lives on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyError {
    pub code: u32,
    pub message: Cow<'static, str>,
    /// The SDK tries again by itself, later and later.
    pub temporary: bool,
}

/// Why the server ended a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    pub code: u32,
    pub reason: &'static str,
    /// The SDK subscribes again at once.
    pub comes_back: bool,
}

/// Why the server ended a connection: the code and the reason of the WebSocket's close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disconnect {
    pub code: u16,
    /// Below 124 bytes, as a close frame demands.
    pub reason: &'static str,
    /// The SDK connects again, later and later.
    pub comes_back: bool,
}

macro_rules! table {
    ($($name:ident = $type:ident $code:literal $text:literal $again:ident;)*) => {
        $(pub const $name: $type = $type::row($code, $text, again!($again));)*

        #[cfg(test)]
        const CODES: &[(&str, u32, bool)] = &[$((stringify!($type), $code, again!($again))),*];
    };
}

macro_rules! again {
    (again) => {
        true
    };
    (ends) => {
        false
    };
}

table! {
    // name                 = type         code text                        does the SDK come back, or try again?
    INTERNAL                = ReplyError   100 "internal server error"      again;
    UNAUTHORIZED            = ReplyError   101 "unauthorized"               ends;
    UNKNOWN_CHANNEL         = ReplyError   102 "unknown channel"            ends;
    PERMISSION_DENIED       = ReplyError   103 "permission denied"          ends;
    ALREADY_SUBSCRIBED      = ReplyError   105 "already subscribed"         ends;
    LIMIT_EXCEEDED          = ReplyError   106 "limit exceeded"             ends;
    BAD_COMMAND             = ReplyError   107 "bad request"                ends;
    NOT_AVAILABLE           = ReplyError   108 "not available"              ends;
    TOKEN_EXPIRED           = ReplyError   109 "token expired"              ends;
    TOO_MANY_REQUESTS       = ReplyError   111 "too many requests"          again;
    UNRECOVERABLE           = ReplyError   112 "unrecoverable position"     ends;
    // The product's own, from the range that the protocol leaves to applications (400 to 1999).
    CONFLICT                = ReplyError   409 "conflict"                   ends;

    REMOVED                 = Unsubscribe 2000 "server unsubscribe"         ends;
    INSUFFICIENT_STATE      = Unsubscribe 2500 "insufficient state"         again;
    SUBSCRIPTION_EXPIRED    = Unsubscribe 2501 "subscription expired"       again;

    SHUTDOWN                = Disconnect  3001 "shutdown"                   again;
    SERVER_ERROR            = Disconnect  3004 "internal server error"      again;
    EXPIRED                 = Disconnect  3005 "connection expired"         again;
    SUBSCRIPTION_OVER       = Disconnect  3006 "subscription expired"       again;
    SLOW                    = Disconnect  3008 "slow"                       again;
    STATE_LOST              = Disconnect  3010 "insufficient state"         again;
    NO_PONG                 = Disconnect  3012 "no pong"                    again;
    INVALID_TOKEN           = Disconnect  3500 "invalid token"              ends;
    BAD_REQUEST             = Disconnect  3501 "bad request"                ends;
    STALE                   = Disconnect  3502 "stale"                      ends;
    FORCED                  = Disconnect  3503 "force disconnect"           ends;
    CONNECTION_LIMIT        = Disconnect  3504 "connection limit"           ends;
    CHANNEL_LIMIT           = Disconnect  3505 "channel limit"              ends;
    INAPPROPRIATE_PROTOCOL  = Disconnect  3506 "inappropriate protocol"     ends;
    NOT_PERMITTED           = Disconnect  3507 "permission denied"          ends;
    // The WebSocket's own (RFC 6455, section 7.4.1). The SDKs stay away after 1009 and come back after the others.
    PROTOCOL_ERROR          = Disconnect  1002 "protocol error"             again;
    INVALID_TEXT            = Disconnect  1007 "invalid text"               again;
    MESSAGE_TOO_BIG         = Disconnect  1009 "message size limit"         ends;
}

impl ReplyError {
    const fn row(code: u32, message: &'static str, temporary: bool) -> Self {
        Self { code, message: Cow::Borrowed(message), temporary }
    }

    /// The same code, in words that say what is wrong this time. Must not hold a token or a coordinate.
    pub fn because(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..self }
    }
}

impl Unsubscribe {
    const fn row(code: u32, reason: &'static str, comes_back: bool) -> Self {
        Self { code, reason, comes_back }
    }
}

impl Disconnect {
    const fn row(code: u16, reason: &'static str, comes_back: bool) -> Self {
        Self { code, reason, comes_back }
    }

    /// What an error comes to for a client that cannot be told errors.
    pub fn of(error: &ReplyError) -> Self {
        match error.code {
            code if code == UNAUTHORIZED.code => INVALID_TOKEN,
            code if code == PERMISSION_DENIED.code => NOT_PERMITTED,
            code if code == LIMIT_EXCEEDED.code => CHANNEL_LIMIT,
            code if code == TOKEN_EXPIRED.code => EXPIRED,
            _ if error.temporary => SERVER_ERROR,
            _ => BAD_REQUEST,
        }
    }

    /// A WebSocket's own code: the protocol above it has nothing to say.
    pub fn is_transport(self) -> bool {
        self.code < 3000
    }
}

#[cfg(test)]
mod tests {
    use super::CODES;

    /// The SDKs decide by ranges: the table must say the same.
    #[test]
    fn the_table_agrees_with_the_ranges_that_the_sdks_know() {
        for &(kind, code, again) in CODES {
            let expected = match (kind, code) {
                ("ReplyError", 100 | 111) => true,
                ("ReplyError", 101..=112 | 400..=1999) => false,
                ("Unsubscribe", _) => code >= 2500,
                ("Disconnect", 1009) => false,
                ("Disconnect", _) => code < 3500 || (4000..4500).contains(&code) || code >= 5000,
                other => panic!("{other:?} is outside all ranges"),
            };
            assert_eq!(again, expected, "{kind} {code}");
        }
    }

    #[test]
    fn no_code_stands_twice() {
        let mut codes: Vec<_> = CODES.iter().map(|row| row.1).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CODES.len());
    }
}
