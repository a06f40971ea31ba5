//! What has been counted in one period.

use std::collections::BTreeMap;

use super::{Beyond, Pick};
use crate::domain::achievement::bounds::{GROUPS_LEN_MAX, GROUPS_OF_DAYS_LEN_MAX};
use crate::domain::achievement::number::{VALUE_MAX, rounded};

/// What has been counted. What comes back to 0 is not kept: else a run that is deleted would be the best of all.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Sum(f64),
    /// With a timespan: by local day.
    Days(BTreeMap<i64, f64>),
    /// With groups: by key or by formatted date.
    Groups(BTreeMap<String, f64>),
    /// With both.
    GroupsOfDays(BTreeMap<i64, BTreeMap<String, f64>>),
}

impl State {
    pub(super) fn empty(by_day: bool, by_group: bool) -> Self {
        match (by_day, by_group) {
            (false, false) => Self::Sum(0.0),
            (true, false) => Self::Days(BTreeMap::new()),
            (false, true) => Self::Groups(BTreeMap::new()),
            (true, true) => Self::GroupsOfDays(BTreeMap::new()),
        }
    }

    pub(super) fn add(&mut self, day: i64, group: Option<String>, by: f64, pick: Pick) -> Result<(), Beyond> {
        match self {
            Self::Sum(sum) => *sum = sum_of(*sum, by)?,
            Self::Days(days) => add(days, day, by)?,
            Self::Groups(groups) => add_group(groups, group.unwrap_or_default(), by, pick)?,
            Self::GroupsOfDays(days) => {
                let groups = days.entry(day).or_default();
                add_group(groups, group.unwrap_or_default(), by, pick)?;
                if groups.is_empty() {
                    days.remove(&day);
                }
                while days.len() > 1 && days.values().map(BTreeMap::len).sum::<usize>() > GROUPS_OF_DAYS_LEN_MAX {
                    days.pop_first();
                }
            }
        }
        Ok(())
    }

    pub(super) fn forget_before(&mut self, first_day: i64) {
        match self {
            Self::Days(days) => days.retain(|day, _| *day >= first_day),
            Self::GroupsOfDays(days) => days.retain(|day, _| *day >= first_day),
            Self::Sum(_) | Self::Groups(_) => {}
        }
    }

    /// `None` when nothing counts: a sum of 0 may be that of no values, and is as good as none.
    pub(super) fn value(&self, first_day: i64, pick: Pick) -> Option<f64> {
        let value = match self {
            Self::Sum(sum) => *sum,
            Self::Days(days) => rounded(days.range(first_day..).map(|(_, sum)| sum).sum()),
            Self::Groups(groups) => return picked(groups.values().copied(), pick),
            Self::GroupsOfDays(days) => {
                let mut groups: BTreeMap<&str, f64> = BTreeMap::new();
                for (group, by) in days.range(first_day..).flat_map(|(_, groups)| groups) {
                    *groups.entry(group).or_default() += by;
                }
                let sums = groups.into_values().map(rounded).filter(|sum| *sum != 0.0);
                return picked(sums, pick);
            }
        };
        (value != 0.0).then_some(value)
    }
}

/// Refuses a sum that would not be exact any more.
pub fn sum_of(sum: f64, by: f64) -> Result<f64, Beyond> {
    let sum = rounded(sum + by);
    if sum.abs() <= VALUE_MAX { Ok(sum) } else { Err(Beyond) }
}

fn add<K: Ord + Clone>(sums: &mut BTreeMap<K, f64>, key: K, by: f64) -> Result<(), Beyond> {
    let sum = sum_of(sums.get(&key).copied().unwrap_or_default(), by)?;
    if sum == 0.0 {
        sums.remove(&key);
    } else {
        sums.insert(key, sum);
    }
    Ok(())
}

fn add_group(groups: &mut BTreeMap<String, f64>, group: String, by: f64, pick: Pick) -> Result<(), Beyond> {
    let forgotten = groups.len() >= GROUPS_LEN_MAX && !groups.contains_key(&group);
    if forgotten && by < 0.0 {
        // It takes away from a group that was forgotten. As a group of its own it would be the smallest of all.
        return Ok(());
    }
    add(groups, group, by)?;
    while groups.len() > GROUPS_LEN_MAX {
        let sums = groups.iter();
        let furthest = match pick {
            Pick::Min => sums.max_by(|(_, one), (_, other)| one.total_cmp(other)),
            Pick::Max | Pick::Sum => sums.min_by(|(_, one), (_, other)| one.total_cmp(other)),
        };
        let Some(furthest) = furthest.map(|(group, _)| group.clone()) else { break };
        groups.remove(&furthest);
    }
    Ok(())
}

fn picked(sums: impl Iterator<Item = f64>, pick: Pick) -> Option<f64> {
    match pick {
        Pick::Sum => Some(rounded(sums.sum())).filter(|sum| *sum != 0.0),
        Pick::Max => sums.max_by(f64::total_cmp),
        Pick::Min => sums.min_by(f64::total_cmp),
    }
}
