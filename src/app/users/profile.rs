//! What a user says about themselves. Nothing of it has to be said, and nothing in it opens a door.

use std::str::FromStr;

use icu_locale_core::Locale;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::AppError;
use crate::app::documents::{Edit, PlaceDocument, UserDocument, is_flat_enough, level_name, visibility_name};
use crate::app::due::Due;
use crate::app::transact::Draft;
use crate::app::users::record::UserRecord;
use crate::app::users::{names, people};
use crate::app::words;
use crate::backend::Version;
use crate::domain::geo::Place;
use crate::domain::time::Timestamp;
use crate::domain::user::{Level, Visibility};
use crate::limits;

/// As it is stored, in the user's record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Latitude and longitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<(f64, f64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// An object in which apps keep what they like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_data: Option<Value>,
    /// How often it, the visibility or the level was changed.
    pub edits: u64,
}

/// What is to be another. Names, zones and languages as somebody has typed them.
#[derive(Clone, Debug, Default)]
pub struct ChangeProfile {
    pub display_name: Edit<String>,
    pub place: Edit<Place>,
    pub country: Edit<String>,
    pub region: Edit<String>,
    pub city: Edit<String>,
    pub time_zone: Edit<String>,
    pub language: Edit<String>,
    pub public_data: Edit<Value>,
}

/// What of an account is to be another, checked.
#[derive(Clone, Debug)]
pub struct Edited {
    pub profile: ChangeProfile,
    pub visibility: Option<Visibility>,
    pub level: Option<Level>,
    pub if_version: Option<Version>,
    pub at: Timestamp,
}

impl Edited {
    /// On the record that is being decided on. Whoever searches finds the user by the new names.
    pub fn apply(&self, draft: &mut Draft<UserRecord>, user: &mut UserRecord) -> Result<(), AppError> {
        if self.if_version.is_some_and(|version| version != user.profile_version()) {
            return Err(AppError::Stale);
        }
        let before = user.clone();
        self.profile.clone().apply(&mut user.profile);
        user.visibility = self.visibility.unwrap_or(user.visibility);
        if let Some(level) = self.level {
            user.set_level(level);
        }
        if user.profile != before.profile || user.visibility != before.visibility || user.level() != before.level() {
            user.profile.edits += 1;
            people::placed(draft, Some(&before), Some(user));
            if user.profile.time_zone != before.profile.time_zone {
                // Days turn at other times now. Later, since what accounts are is remembered for a moment.
                let later_ms = i64::try_from(limits::WHO_AGE_MAX.as_millis()).unwrap_or_default();
                Due::DayTurns(user.user_id()?).place(draft, Some(self.at.as_millis().saturating_add(later_ms)));
            }
            let stands = |user: &UserRecord| (user.folded_city(), user.visibility() == Visibility::Private);
            if stands(user) != stands(&before) {
                Due::BoardsOf(user.user_id()?).place(draft, Some(self.at.as_millis()));
            }
        }
        Ok(())
    }
}

impl ChangeProfile {
    /// Everything as it is kept, or which of it cannot be.
    pub fn checked(self) -> Result<Self, AppError> {
        Ok(Self {
            display_name: self.display_name.checked(|name| names::check_as("display_name", &name))?,
            place: self.place,
            country: self.country.checked(|text| line("country", &text))?,
            region: self.region.checked(|text| line("region", &text))?,
            city: self.city.checked(|text| line("city", &text))?,
            time_zone: self.time_zone.checked(|name| time_zone(&name))?,
            language: self.language.checked(|tag| language(&tag))?,
            public_data: self.public_data.checked(public_data)?,
        })
    }

    /// As a complete replacement: what is not said is not known any more.
    pub fn replacing(self) -> Self {
        Self {
            display_name: self.display_name.replacing(),
            place: self.place.replacing(),
            country: self.country.replacing(),
            region: self.region.replacing(),
            city: self.city.replacing(),
            time_zone: self.time_zone.replacing(),
            language: self.language.replacing(),
            public_data: self.public_data.replacing(),
        }
    }

    pub fn apply(self, to: &mut Profile) {
        self.display_name.apply(&mut to.display_name);
        let place =
            self.place.checked(|place| Ok::<_, AppError>((place.latitude.degrees(), place.longitude.degrees())));
        place.unwrap_or_default().apply(&mut to.place);
        self.country.apply(&mut to.country);
        self.region.apply(&mut to.region);
        self.city.apply(&mut to.city);
        self.time_zone.apply(&mut to.time_zone);
        self.language.apply(&mut to.language);
        self.public_data.apply(&mut to.public_data);
    }
}

/// A line of text about oneself.
fn line(field: &str, text: &str) -> Result<String, AppError> {
    names::check_to(field, text, limits::PROFILE_LINE_LEN_MAX)
}

fn time_zone(name: &str) -> Result<String, AppError> {
    let zone = chrono_tz::Tz::from_str(name.trim());
    zone.map(|zone| zone.name().to_owned())
        .map_err(|_| AppError::invalid("time_zone", "must be a time zone's name, for example Europe/Helsinki"))
}

/// In its usual spelling: `en-GB`, however it was typed.
fn language(tag: &str) -> Result<String, AppError> {
    let tag = tag.trim();
    let fits = tag.len() <= limits::LANGUAGE_LEN_MAX && !tag.contains('_');
    let locale = Some(tag).filter(|_| fits).and_then(|tag| Locale::try_from_str(tag).ok());
    let locale = locale.ok_or_else(|| AppError::invalid("language", "must be a language tag, for example en-GB"))?;
    Ok(locale.to_string())
}

/// A small object.
fn public_data(data: Value) -> Result<Value, AppError> {
    let field = "additional_public_data";
    if !data.is_object() {
        return Err(AppError::invalid(field, "must be an object"));
    }
    let json = data.to_string();
    if json.len() > limits::PUBLIC_DATA_BYTES_MAX {
        return Err(AppError::invalid(field, format!("must have at most {} bytes", limits::PUBLIC_DATA_BYTES_MAX)));
    }
    if !is_flat_enough(json.as_bytes()) {
        let problem = format!("must not be nested more than {} times", limits::JSON_DEPTH_MAX);
        return Err(AppError::invalid(field, problem));
    }
    Ok(data)
}

impl UserRecord {
    /// The name that others see.
    pub fn shown_name(&self) -> &str {
        self.profile.display_name.as_deref().unwrap_or(&self.name)
    }

    /// As boards compare cities: without case and marks. Empty when none is said.
    pub fn folded_city(&self) -> String {
        self.profile.city.as_deref().map(words::folded).unwrap_or_default().trim().to_owned()
    }

    /// Of what documents show of the account.
    pub fn profile_version(&self) -> Version {
        Version(self.profile.edits + 1)
    }
}

impl UserDocument {
    pub fn of(user: &UserRecord) -> Self {
        let Profile { place, country, region, city, time_zone, language, public_data, .. } = user.profile.clone();
        Self {
            id: user.id.clone(),
            name: user.name.clone(),
            display_name: user.shown_name().to_owned(),
            level: level_name(user.level()),
            visibility: visibility_name(user.visibility()),
            place: place.map(|(latitude, longitude)| PlaceDocument { latitude, longitude }),
            country,
            region,
            city,
            time_zone,
            language,
            additional_public_data: public_data,
            created_at: Timestamp::from_millis(user.created_ms).to_string(),
            version: user.profile_version(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_languages_have_one_spelling() {
        for (tag, kept) in [("en-gb", Some("en-GB")), ("fi", Some("fi")), (" ZH-hant-tw ", Some("zh-Hant-TW"))] {
            assert_eq!(language(tag).ok().as_deref(), kept, "{tag}");
        }
        for bad in ["", "e", "english", "en_GB", "en-", "f\u{ed}", &"en-".repeat(20)] {
            assert!(language(bad).is_err(), "{bad}");
        }
        assert_eq!(time_zone("Europe/Helsinki").unwrap(), "Europe/Helsinki");
        for bad in ["", "Mars/Olympus", "+02:00", "Europe", &"x".repeat(1_000)] {
            assert!(time_zone(bad).is_err(), "{bad}");
        }
    }
}
