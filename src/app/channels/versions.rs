//! Versions of a document whose publications may come in any order: the newer stands, and what is older is not published.
//! Kept for as long as the channel has something to show.

use serde::{Deserialize, Serialize};

use crate::app::channels::Channel;
use crate::app::transact::{decode, encode};
use crate::app::{App, AppError};
use crate::backend::{Commit, Expect, Put, Version};

/// Which version of a document a publication is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentVersion {
    pub number: u64,
    /// Numbers of one epoch are compared; with another, they begin anew.
    pub epoch: String,
}

/// What a channel was last published as, and which life of that record it is.
pub(super) struct Known {
    record: Version,
    version: Option<DocumentVersion>,
}

impl DocumentVersion {
    pub(super) fn is_newer_than(&self, known: &Known) -> bool {
        !known.version.as_ref().is_some_and(|known| known.epoch == self.epoch && known.number >= self.number)
    }
}

impl Known {
    /// Has the commit put `version` in its place (`None`: nothing), if it is still the same.
    pub(super) fn replaced_by(
        &self,
        version: Option<&DocumentVersion>,
        channel: &Channel,
        commit: &mut Commit,
    ) -> Result<(), AppError> {
        if self.version.as_ref() != version {
            let key = channel.aggregate().key("version");
            commit.expect.push(Expect { key: key.clone(), version: self.record });
            commit.puts.push(Put { key, value: version.map(encode).transpose()? });
        }
        Ok(())
    }
}

impl App {
    pub(super) async fn known_version(&self, channel: &Channel) -> Result<Known, AppError> {
        let mut found = self.backend.read(&[channel.aggregate().key("version")]).await?;
        let found = found.pop().ok_or(AppError::Internal)?;
        let version = found.value.as_deref().map(decode).transpose()?;
        Ok(Known { record: found.version, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_epoch_are_compared() {
        let version = |number, epoch: &str| DocumentVersion { number, epoch: epoch.into() };
        let known = Known { record: Version::ABSENT, version: Some(version(7, "a")) };
        for (given, is) in [(version(8, "a"), true), (version(7, "a"), false), (version(1, "b"), true)] {
            assert_eq!(given.is_newer_than(&known), is, "{given:?}");
        }
        assert!(version(1, "").is_newer_than(&Known { record: Version::ABSENT, version: None }));
    }
}
