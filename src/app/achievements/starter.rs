//! The catalogue that is shipped with the product: achievements for runners. And what an operator lets a new store begin with.

use super::authoring::Edit;
use super::files::{Import, parse_catalogue, put_in};
use crate::app::documents::CatalogueDocument;
use crate::app::{App, AppError};

const STARTER: &str = include_str!("starter.json");

/// `invite_users`, the Ion document's own example, is its first.
pub fn starter() -> Result<CatalogueDocument, AppError> {
    parse_catalogue(STARTER.as_bytes())
}

impl App {
    /// Puts a catalogue into a store that never had one → whether it did.
    ///
    /// # Errors
    /// [`AppError::Faulty`]
    pub async fn ensure_catalogue(&self, catalogue: &CatalogueDocument) -> Result<bool, AppError> {
        self.author_unasked(|edit: &mut Edit| {
            let is_new = edit.is_first();
            if is_new {
                put_in(edit, catalogue.clone(), Import::Add);
            }
            Ok(is_new)
        })
        .await
    }
}
