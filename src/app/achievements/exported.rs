//! What an export holds of a user's progress: every value that is kept, what it came of, messages and devices.

use chrono::{NaiveDate, TimeZone as _, Utc};
use serde::Serialize;

use crate::app::achievements::record::{
    self, CONTRIBUTIONS, ContributionDocument, DEVICES, DevicesDocument, VALUES, ValuesDocument,
};
use crate::app::documents::MessageDocument;
use crate::app::transact::decode;
use crate::app::users::aggregate;
use crate::app::{App, AppError};
use crate::backend::{Bound, Key, Order, Range};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

/// In the order of their names.
#[derive(Debug, Default, Serialize)]
pub struct ProgressExport {
    pub values: Vec<ValueExport>,
    pub contributions: Vec<ContributionExport>,
    pub messages: Vec<MessageDocument>,
    pub devices: Vec<DeviceExport>,
}

#[derive(Debug, Serialize)]
pub struct ValueExport {
    variable: String,
    /// When the quarter of an hour began in which it was counted, RFC 3339.
    at: String,
    key: String,
    value: f64,
}

#[derive(Debug, Serialize)]
pub struct ContributionExport {
    /// `run:<id>`
    source: String,
    shares: Vec<ShareExport>,
    /// Why it does not count.
    withheld: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShareExport {
    variable: String,
    key: String,
    value: f64,
    at: String,
}

/// What opens the way to a device stays out of it.
#[derive(Debug, Serialize)]
pub struct DeviceExport {
    device_id: String,
    device_os: String,
    app_version: String,
    registered_at: String,
}

impl App {
    pub(in crate::app) async fn exported_progress(&self, user: &UserId) -> Result<ProgressExport, AppError> {
        let mut export = ProgressExport::default();
        let mut from = Bound::Start;
        loop {
            let (index, until, order) = (record::names_of(user), Bound::End, Order::Ascending);
            let range = Range { index, from, until, order, limit: limits::PAGE_SIZE_MAX, count: false };
            let members = self.backend.range(&range).await?.members;
            let Some((score, last)) = members.last().cloned() else { break };
            let keys: Vec<Key> = members.iter().map(|(_, name)| aggregate(user).key(name)).collect();
            for ((_, name), value) in members.iter().zip(self.backend.read(&keys).await?) {
                if let Some(value) = value.value {
                    export.take(name, &value)?;
                }
            }
            from = Bound::After(score, last);
        }
        export.messages = self.messages_of(user, 0, limits::MESSAGES_LEN_MAX).await?;
        Ok(export)
    }
}

impl ProgressExport {
    fn take(&mut self, name: &str, value: &[u8]) -> Result<(), AppError> {
        if let Some((variable, month)) = name.strip_prefix(VALUES).and_then(|it| it.rsplit_once('/')) {
            let month = month.parse().map_err(|_| AppError::Internal)?;
            for (slot, key, value) in decode::<ValuesDocument>(value)?.slots {
                let (variable, at) = (variable.to_owned(), begin_of(month, slot)?.to_string());
                self.values.push(ValueExport { variable, at, key, value });
            }
        } else if let Some(source) = name.strip_prefix(CONTRIBUTIONS) {
            let ContributionDocument { shares, withheld, .. } = decode(value)?;
            let shares = shares.into_iter().map(|(variable, key, value, at_ms)| {
                let at = Timestamp::from_millis(at_ms).to_string();
                ShareExport { variable, key, value, at }
            });
            self.contributions.push(ContributionExport {
                source: source.to_owned(),
                shares: shares.collect(),
                withheld,
            });
        } else if name == DEVICES {
            let DevicesDocument(devices) = decode(value)?;
            self.devices.extend(devices.into_iter().map(|(device_id, it)| DeviceExport {
                device_id,
                device_os: it.device_os,
                app_version: it.app_version,
                registered_at: Timestamp::from_millis(it.at_ms).to_string(),
            }));
        }
        Ok(())
    }
}

/// The moment at which a slot of a month (`yyyymm`; 0: of 1970 and on) begins.
fn begin_of(month: u32, slot: u32) -> Result<Timestamp, AppError> {
    const QUARTER_MS: i64 = 15 * 60 * 1_000;
    let month = if month == 0 { 197_001 } else { month };
    let (year, month) = (i32::try_from(month / 100).unwrap_or_default(), month % 100);
    let first = NaiveDate::from_ymd_opt(year, month, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
    let first = first.map(|first| Utc.from_utc_datetime(&first).timestamp_millis()).ok_or(AppError::Internal)?;
    Ok(Timestamp::from_millis(first + i64::from(slot) * QUARTER_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_quarters_of_an_hour_of_their_month() {
        for (month, slot, at) in [
            (202_611, 0, "2026-11-01T00:00:00.000Z"),
            (202_611, 5, "2026-11-01T01:15:00.000Z"),
            (0, 4 * 24, "1970-01-02T00:00:00.000Z"),
        ] {
            assert_eq!(begin_of(month, slot).unwrap().to_string(), at);
        }
        assert!(begin_of(202_613, 0).is_err());
    }
}
