//! Reading what was sent, as all resources do it: the body and the query, strictly.
//!
//! What is not understood is refused and named: a misspelt `visibility` that was passed over would show a run to
//! everybody. Knows no resource.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use warp::http::StatusCode;

use super::envelope::Error;
use crate::app::AppError;
use crate::app::documents;
use crate::app::runs::Page;
use crate::domain::user::Visibility;
use crate::http::request::{ContentType, NotUtf8, Request, pairs};

/// The request's JSON body.
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Error> {
    let body = request.body.as_ref().map_err(|&error| error)?;
    if request.content_type() != ContentType::Json {
        let message = "The body must be JSON, with Content-Type: application/json.";
        return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    if body.is_empty() {
        return Err(AppError::invalid("body", "is empty").into());
    }
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(AppError::invalid("body", "must be a JSON object").into());
    }
    Ok(documents::parse(body)?)
}

/// A member that names who may see something.
pub fn visibility(name: Option<String>) -> Result<Option<Visibility>, AppError> {
    name.map(|name| {
        documents::parse_visibility(&name)
            .ok_or_else(|| AppError::invalid("visibility", "must be one of public, friends and private"))
    })
    .transpose()
}

/// For calls that take no query: a parameter that does nothing would be a misunderstanding.
pub fn no_parameters(request: &Request) -> Result<(), AppError> {
    Query::read(request, &[]).map(|_| ())
}

/// The parameters of a query, each given once at most and known by name.
#[derive(Debug, PartialEq, Eq)]
pub struct Query(HashMap<String, String>);

impl Query {
    pub fn read(request: &Request, known: &[&str]) -> Result<Self, AppError> {
        Self::parse(&request.query, known)
    }

    fn parse(query: &str, known: &[&str]) -> Result<Self, AppError> {
        let mut parameters = HashMap::new();
        for pair in pairs(query.as_bytes()) {
            let (name, value) = pair.map_err(|NotUtf8(name)| {
                let field = name.filter(|name| known.contains(&name.as_str())).unwrap_or("query".to_owned());
                AppError::invalid(field, "is not UTF-8")
            })?;
            if !known.contains(&name.as_str()) {
                return Err(AppError::invalid(name, "is not a parameter of this call"));
            }
            if parameters.insert(name.clone(), value).is_some() {
                return Err(AppError::invalid(name, "is given twice"));
            }
        }
        Ok(Self(parameters))
    }

    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// `page`, from 1, and `page_size`. A page size over the bound is a fault: clients stop at a short page.
    pub fn page(&mut self, size: usize, size_max: usize) -> Result<Page, AppError> {
        let mut number = |name: &str, default: usize, max: usize| {
            let Some(text) = self.take(name) else { return Ok(default) };
            let digits = text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text);
            let number = digits.and_then(|digits| digits.parse().ok()).filter(|number| (1..=max).contains(number));
            number.ok_or_else(|| AppError::invalid(name, format!("must be a whole number from 1 to {max}")))
        };
        // So far out that nothing is there, and near enough that an offset cannot overflow.
        const PAGE_MAX: usize = 1_000_000_000;
        Ok(Page { page: number("page", 1, PAGE_MAX)?, size: number("page_size", size, size_max)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(result: Result<impl std::fmt::Debug, AppError>) -> (String, String) {
        match result.unwrap_err() {
            AppError::Invalid { field, problem } => (field, problem),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn query_names_what_is_wrong_with_it() {
        let table = [
            ("state=live&state=live", "state", "is given twice"),
            ("stat=live", "stat", "is not a parameter of this call"),
            ("state=%ff", "state", "is not UTF-8"),
            ("%ff=live", "query", "is not UTF-8"),
            ("other=%ff", "query", "is not UTF-8"),
        ];
        for (query, field, problem) in table {
            assert_eq!(fault(Query::parse(query, &["state"])), (field.to_owned(), problem.to_owned()), "{query}");
        }
    }

    #[test]
    fn page_is_a_whole_number_within_its_bound() {
        let page =
            |query: &str| Query::parse(query, &["page", "page_size"])?.page(50, 200).map(|page| (page.page, page.size));
        assert_eq!(page("").unwrap(), (1, 50));
        assert_eq!(page("page=3&page_size=200").unwrap(), (3, 200));
        let size = "must be a whole number from 1 to 200";
        for query in ["page_size=0", "page_size=201", "page_size=1e9", "page_size=%2B5", "page_size=", "page_size=-1"] {
            assert_eq!(fault(page(query)), ("page_size".to_owned(), size.to_owned()), "{query}");
        }
        for query in ["page=0", "page=x", "page=1.5", "page=99999999999999999999999999"] {
            assert_eq!(fault(page(query)).0, "page", "{query}");
        }
    }
}
