//! Who is asking: the one place where a credential is looked for in a request.
//!
//! Knows no error body. A credential that was given and is not good is a fault even where none is needed: an app whose
//! token was revoked must not go on as an anonymous spectator without noticing.

use warp::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SET_COOKIE};
use warp::http::{HeaderMap, HeaderValue};
use warp::reply::Response;

use crate::app::links::LinkSecret;
use crate::app::users::Caller;
use crate::app::users::credential::Secret;
use crate::app::{App, AppError};
use crate::http::answer;
use crate::http::request::{Request, Shown};

/// The cookie that holds a session's secret.
const COOKIE_NAME: &str = "runnity_session";
/// How near the page that led to a request is to us, as the browser says.
const SEC_FETCH_SITE: &str = "sec-fetch-site";
/// Where clients of gengine's put their token.
const X_AUTH_TOKEN: &str = "x-auth-token";

/// Whether a request changes something. A browser sends the cookie along with a request that another site has made, so
/// a write by cookie must come from a page of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    Read,
    Write,
}

#[derive(Debug)]
pub enum CallerError {
    /// What was given is not a credential of anybody.
    Unknown {
        /// It was the cookie: the answer should take it away, or the browser could never ask anything again.
        by_cookie: bool,
    },
    /// A write by cookie that a page of another site has made.
    ForeignOrigin,
    App(AppError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given<'a> {
    Nothing,
    Bearer(&'a str),
    Cookie(&'a str),
    /// An `Authorization` of another kind, or one that cannot be read.
    Garbled,
}

/// The caller by `Authorization: Bearer <token, session or share link>`, else by the session's cookie.
pub async fn caller(app: &App, request: &Request, intent: Intent) -> Result<Caller, CallerError> {
    caller_by(app, request, intent, given(&request.headers)).await
}

/// As [`caller`]; the whole of `Authorization` may be the secret, and so may `X-Auth-Token`.
pub async fn plain_caller(app: &App, request: &Request, intent: Intent) -> Result<Caller, CallerError> {
    caller_by(app, request, intent, given_plainly(&request.headers)).await
}

async fn caller_by(app: &App, request: &Request, intent: Intent, given: Given<'_>) -> Result<Caller, CallerError> {
    let headers = &request.headers;
    match given {
        Given::Nothing => Ok(Caller::Anonymous),
        Given::Garbled => Err(CallerError::Unknown { by_cookie: false }),
        Given::Bearer(secret) => by_secret(app, secret, request).await,
        Given::Cookie(_) if intent == Intent::Write && !is_own_origin(headers) => Err(CallerError::ForeignOrigin),
        Given::Cookie(secret) => match by_secret(app, secret, request).await {
            Err(CallerError::Unknown { .. }) => Err(CallerError::Unknown { by_cookie: true }),
            caller => caller,
        },
    }
}

/// What a request holds for [`caller`] to know its caller by.
pub fn shown(headers: &HeaderMap) -> Shown {
    shown_by(given(headers))
}

/// What a request holds for [`plain_caller`] to know its caller by.
pub fn shown_plainly(headers: &HeaderMap) -> Shown {
    shown_by(given_plainly(headers))
}

fn shown_by(given: Given<'_>) -> Shown {
    match given {
        Given::Nothing | Given::Garbled => Shown::Nothing,
        Given::Bearer(secret) | Given::Cookie(secret) => Shown::Secret(secret.to_owned()),
    }
}

/// Whether somebody comes by a share link, good or not.
pub fn shows_link(headers: &HeaderMap) -> bool {
    matches!(given(headers), Given::Bearer(secret) if LinkSecret::parse(secret).is_some())
}

/// The caller by a token's, a session's or a share link's secret that stands elsewhere in the request.
pub async fn by_secret(app: &App, secret: &str, request: &Request) -> Result<Caller, CallerError> {
    match app.slowed(secret, request.origin, app.caller(secret)).await {
        Ok(caller) => Ok(caller),
        Err(AppError::Unauthenticated) => Err(CallerError::Unknown { by_cookie: false }),
        Err(error) => Err(CallerError::App(error)),
    }
}

/// `Set-Cookie` for a new session, for as long as the browser is open. `headers` are the request's.
pub fn session_cookie(session: &Secret, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{COOKIE_NAME}={}{}", session.reveal(), attributes(headers))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// With this answer the browser puts the session's cookie away. `headers` are the request's.
pub fn end_session(response: &mut Response, headers: &HeaderMap) {
    if let Some(cookie) = no_session_cookie(headers) {
        answer::set(response, SET_COOKIE, cookie);
    }
}

fn no_session_cookie(headers: &HeaderMap) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("{COOKIE_NAME}=; Max-Age=0{}", attributes(headers))).ok()
}

fn attributes(headers: &HeaderMap) -> &'static str {
    let is_tls =
        headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    if is_tls { "; Path=/; HttpOnly; SameSite=Lax; Secure" } else { "; Path=/; HttpOnly; SameSite=Lax" }
}

fn given(headers: &HeaderMap) -> Given<'_> {
    let mut authorizations = headers.get_all(AUTHORIZATION).iter();
    if let Some(authorization) = authorizations.next() {
        let bearer = authorization.to_str().ok().and_then(|text| text.split_once(' ')).and_then(|(scheme, secret)| {
            let secret = secret.trim();
            (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
        });
        return match (bearer, authorizations.next()) {
            (Some(secret), None) => Given::Bearer(secret),
            _ => Given::Garbled,
        };
    }
    given_by_cookie(headers)
}

/// A word in `Authorization` that stands alone is the secret itself. Two places may say the same, and not two things.
fn given_plainly(headers: &HeaderMap) -> Given<'_> {
    let mut secrets = Vec::new();
    for header in headers.get_all(AUTHORIZATION) {
        let text = header.to_str().unwrap_or_default().trim();
        let scheme = text.split_once(' ').map(|(scheme, secret)| (scheme, secret.trim()));
        secrets.push(match scheme {
            None => text,
            Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") && !secret.contains(' ') => secret,
            Some(_) => "",
        });
    }
    secrets.extend(headers.get_all(X_AUTH_TOKEN).iter().map(|header| header.to_str().unwrap_or_default().trim()));
    match secrets.split_first() {
        None => given_by_cookie(headers),
        Some((&secret, others)) if !secret.is_empty() && others.iter().all(|it| *it == secret) => Given::Bearer(secret),
        Some(_) => Given::Garbled,
    }
}

fn given_by_cookie(headers: &HeaderMap) -> Given<'_> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let session = pairs.find(|(name, value)| *name == COOKIE_NAME && !value.is_empty());
    session.map_or(Given::Nothing, |(_, secret)| Given::Cookie(secret))
}

/// Browsers name the origin of every write but a navigation: a link to a `GET` that changes something comes with the cookie
/// and without an origin. For that they say how near the page is that led here; `none` is the person's own doing. A client
/// that says neither is no browser, and nobody else's page.
fn is_own_origin(headers: &HeaderMap) -> bool {
    if headers.get_all(SEC_FETCH_SITE).iter().any(|site| site != "same-origin" && site != "none") {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::UserId;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn credential_is_found_where_it_may_stand() {
        let table: [(&[(&'static str, &'static str)], Given<'_>); 12] = [
            (&[], Given::Nothing),
            (&[("authorization", "Bearer abc")], Given::Bearer("abc")),
            (&[("authorization", "bearer  abc ")], Given::Bearer("abc")),
            (&[("authorization", "Bearer ")], Given::Garbled),
            (&[("authorization", "abc")], Given::Garbled),
            (&[("authorization", "Basic YTpi")], Given::Garbled),
            (&[("authorization", "Bearer a"), ("authorization", "Bearer b")], Given::Garbled),
            (&[("cookie", "a=1; runnity_session=abc; b=2")], Given::Cookie("abc")),
            (&[("cookie", "a=1"), ("cookie", "runnity_session=abc")], Given::Cookie("abc")),
            (&[("cookie", "runnity_session=")], Given::Nothing),
            (&[("cookie", "xrunnity_session=abc")], Given::Nothing),
            (&[("cookie", "runnity_session=abc"), ("authorization", "Bearer def")], Given::Bearer("def")),
        ];
        for (pairs, expected) in table {
            assert_eq!(given(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn credential_may_stand_alone_where_that_is_allowed() {
        let table: [(&[(&'static str, &'static str)], Given<'_>); 11] = [
            (&[], Given::Nothing),
            (&[("authorization", "abc")], Given::Bearer("abc")),
            (&[("authorization", "Bearer abc")], Given::Bearer("abc")),
            (&[("x-auth-token", "abc")], Given::Bearer("abc")),
            (&[("x-auth-token", "abc"), ("authorization", "abc")], Given::Bearer("abc")),
            (&[("x-auth-token", "abc"), ("authorization", "bearer def")], Given::Garbled),
            (&[("x-auth-token", "abc"), ("x-auth-token", "def")], Given::Garbled),
            (&[("authorization", "Basic YTpi")], Given::Garbled),
            (&[("authorization", "")], Given::Garbled),
            (&[("x-auth-token", " "), ("cookie", "runnity_session=abc")], Given::Garbled),
            (&[("cookie", "runnity_session=abc")], Given::Cookie("abc")),
        ];
        for (pairs, expected) in table {
            assert_eq!(given_plainly(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn only_our_own_pages_may_write_by_cookie() {
        let ours = Some("http://run.example.org:8000");
        let table = [
            (None, None, true),
            (ours, None, true),
            (Some("https://RUN.example.org:8000"), None, true),
            (Some("http://run.example.org"), None, false),
            (Some("http://evil.example.org"), None, false),
            (Some("http://evil.example.org/run.example.org:8000"), None, false),
            (Some("null"), None, false),
            (ours, Some("same-origin"), true),
            (Some("http://evil.example.org"), Some("same-origin"), false),
            (ours, Some("cross-site"), false),
            (None, Some("same-origin"), true),
            (None, Some("none"), true),
            (None, Some("same-site"), false),
            (None, Some("cross-site"), false),
        ];
        for (origin, site, expected) in table {
            let mut headers = headers(&[("host", "run.example.org:8000")]);
            for (name, value) in [("origin", origin), (SEC_FETCH_SITE, site)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(is_own_origin(&headers), expected, "{origin:?} {site:?}");
        }
    }

    #[test]
    fn cookie_is_kept_from_scripts_and_from_plain_http_behind_tls() {
        let secret = Secret::new(&UserId::parse("u1").unwrap());
        let session = format!("runnity_session={}; Path=/; HttpOnly; SameSite=Lax", secret.reveal());
        let plain = session_cookie(&secret, &HeaderMap::new()).unwrap();
        assert_eq!(plain, session);
        let tls = headers(&[("x-forwarded-proto", "https")]);
        assert_eq!(session_cookie(&secret, &tls).unwrap(), format!("{session}; Secure"));
        assert_eq!(
            no_session_cookie(&tls).unwrap(),
            "runnity_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
    }
}
