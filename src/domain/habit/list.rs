//! The order of one kind of tasks, by rank: moving a task writes that task alone.
//!
//! A rank has room on both sides. When there is no room left between two, the whole list is numbered anew.

use std::collections::BTreeMap;

use super::task::TaskId;

/// Room between neighbours: twenty tasks can be put between the same two, one after another, before a list is numbered anew.
const GAP: i64 = 1 << 20;

/// Invariant: no two tasks have the same rank.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct List(BTreeMap<i64, TaskId>);

/// What has another rank now, the one that was put there among them.
pub(super) type Ranked = Vec<(TaskId, i64)>;

impl List {
    /// In order of rank, and of id where ranks are the same; then all are numbered anew, which is told.
    pub fn load(mut tasks: Vec<(i64, TaskId)>) -> (Self, Ranked) {
        tasks.sort_unstable();
        let len = tasks.len();
        let list = Self(tasks.iter().cloned().collect());
        if list.0.len() == len {
            return (list, Vec::new());
        }
        Self::numbered(tasks.into_iter().map(|(_, id)| id))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn ids(&self) -> impl DoubleEndedIterator<Item = &TaskId> {
        self.0.values()
    }

    pub fn id_at(&self, index: usize) -> Option<&TaskId> {
        self.0.values().nth(index)
    }

    pub fn index_of(&self, rank: i64) -> usize {
        self.0.range(..rank).count()
    }

    pub fn remove(&mut self, rank: i64) {
        self.0.remove(&rank);
    }

    /// Puts it before the task that is at this index now; at the end when there is none.
    pub fn insert(&mut self, index: usize, id: TaskId) -> Ranked {
        if let Some(rank) = self.room_at(index) {
            self.0.insert(rank, id.clone());
            return vec![(id, rank)];
        }
        let mut ids: Vec<TaskId> = self.0.values().cloned().collect();
        ids.insert(index.min(ids.len()), id);
        let ranked;
        (*self, ranked) = Self::numbered(ids.into_iter());
        ranked
    }

    fn room_at(&self, index: usize) -> Option<i64> {
        let before = index.checked_sub(1).map(|index| self.0.keys().nth(index).or(self.0.keys().next_back()));
        let after = self.0.keys().nth(index);
        match (before.flatten(), after) {
            (None, None) => Some(0),
            (None, Some(after)) => after.checked_sub(GAP),
            (Some(before), None) => before.checked_add(GAP),
            // Of two neighbours it is the first itself.
            (Some(before), Some(after)) => Some(before.midpoint(*after)).filter(|rank| rank > before && rank < after),
        }
    }

    fn numbered(ids: impl Iterator<Item = TaskId>) -> (Self, Ranked) {
        let ranked: Ranked = ids.zip((0..).step_by(1 << 20)).collect();
        (Self(ranked.iter().map(|(id, rank)| (*rank, id.clone())).collect()), ranked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> TaskId {
        TaskId::parse(&number.to_string()).unwrap()
    }

    /// As text, in order.
    fn shown(list: &List) -> String {
        list.ids().map(TaskId::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_place_between_two_writes_one_rank() {
        let mut list = List::default();
        for (index, number) in [(0, 1), (0, 2), (1, 3), (99, 4), (2, 5)] {
            assert_eq!(list.insert(index, id(number)).len(), 1);
        }
        assert_eq!(shown(&list), "2 3 5 1 4");
        assert_eq!(list.id_at(2), Some(&id(5)));
        assert_eq!(list.id_at(5), None);
    }

    #[test]
    fn a_list_without_room_is_numbered_anew_and_stays_in_order() {
        let mut list = List::default();
        list.insert(0, id(0));
        list.insert(1, id(1));
        let written: Vec<usize> = (2..40).map(|number| list.insert(1, id(number)).len()).collect();
        assert_eq!(written[..19], [1; 19]);
        assert!(written.iter().any(|len| *len > 1));
        let wanted: Vec<String> = [0].into_iter().chain((1..40).rev()).map(|number| number.to_string()).collect();
        assert_eq!(shown(&list), wanted.join(" "));
        // At the ends of all numbers too.
        let (mut list, _) = List::load(vec![(i64::MIN, id(1)), (i64::MAX, id(2))]);
        list.insert(1, id(3));
        assert_eq!(list.insert(0, id(4)).len(), 4);
        assert_eq!(shown(&list), "4 1 3 2");
    }

    #[test]
    fn the_same_rank_twice_is_mended() {
        let (list, ranked) = List::load(vec![(5, id(2)), (5, id(1)), (0, id(3))]);
        assert_eq!(shown(&list), "3 1 2");
        assert_eq!(ranked.len(), 3);
        assert!(List::load(vec![(5, id(2)), (0, id(3))]).1.is_empty());
    }
}
