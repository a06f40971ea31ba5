//! Indexes: the order of their members, the bounds of ranges, ranks and totals.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use runnity::backend::{Bound, Order, Range, Ranged, Standing};

use super::*;

const FAR: i64 = 1 << 53;

fn range(from: Bound, until: Bound) -> Range {
    Range { from, until, ..Range::all(Index::new("i"), usize::MAX) }
}

fn descending(range: Range) -> Range {
    Range { order: Order::Descending, ..range }
}

fn at(score: i64, member: &str) -> Bound {
    Bound::At(score, member.into())
}

fn after(score: i64, member: &str) -> Bound {
    Bound::After(score, member.into())
}

async fn ask(store: &Arc<dyn Backend>, range: &Range) -> Ranged {
    store.range(range).await.expect("ranges")
}

/// The names of the members in a range, in their order.
async fn names(store: &Arc<dyn Backend>, range: &Range) -> String {
    let members = ask(store, range).await.members;
    members.iter().map(|(_, member)| &**member).collect::<Vec<_>>().join(" ")
}

async fn place(store: &Arc<dyn Backend>, index: &str, members: &[(i64, &str)]) {
    let all = members.iter().fold(commit(), |all, (score, member)| all.place(index, member, *score));
    store.commit(all).await.unwrap();
}

pub async fn members_stand_by_score_and_then_by_name<F: Factory>() {
    let store = F::make().await.store();
    place(&store, "i", &[(2, "b"), (-1, "z"), (2, "B"), (0, "m"), (2, "ba"), (-300, "n"), (2, "ä"), (2, ""), (2, "a")])
        .await;
    let all = ask(&store, &range(Bound::Start, Bound::End)).await.members;
    let expected = [(-300, "n"), (-1, "z"), (0, "m"), (2, ""), (2, "B"), (2, "a"), (2, "b"), (2, "ba"), (2, "ä")];
    assert_eq!(all, expected.map(|(score, member)| (score, member.into())), "equal scores by the bytes of the member");
    let mut turned = ask(&store, &descending(range(Bound::Start, Bound::End))).await.members;
    turned.reverse();
    assert_eq!(turned, all);
    let few = Range { limit: 2, ..range(Bound::Start, Bound::End) };
    assert_eq!(names(&store, &few).await, "n z");
    assert_eq!(names(&store, &descending(few)).await, "ä ba");
    assert_eq!(names(&store, &Range { limit: 0, ..range(Bound::Start, Bound::End) }).await, "");
}

pub async fn a_member_stands_once<F: Factory>() {
    let store = F::make().await.store();
    place(&store, "i", &[(1, "a"), (2, "b"), (5, "a"), (2, "b")]).await;
    let other = Commit::on(AggregateId::new("event", "9")).place("i", "b", 7);
    store.commit(other).await.unwrap();
    store.commit(commit().displace("i", "absent").displace("nothing", "a")).await.unwrap();
    let counted = Range { count: true, ..range(Bound::Start, Bound::End) };
    let all = ask(&store, &counted).await;
    assert_eq!(all.members, [(5, "a".into()), (7, "b".into())]);
    assert_eq!(all.standing, Some(Standing { rank: 0, total: 2 }));
    store.commit(commit().displace("i", "a").displace("i", "a").place("i", "c", 1).displace("i", "c")).await.unwrap();
    let all = ask(&store, &counted).await;
    assert_eq!((all.members.len(), all.standing.unwrap().total), (1, 1));
}

pub async fn bounds_include_and_exclude<F: Factory>() {
    let store = F::make().await.store();
    place(&store, "i", &[(1, "a"), (1, "b"), (2, "c"), (2, "d"), (2, "e"), (4, "f")]).await;
    let member = |name: &str| Bound::Member(name.into());
    let table = [
        (Bound::Start, Bound::End, "a b c d e f"),
        (Bound::Start, Bound::Start, ""),
        (Bound::End, Bound::End, ""),
        (Bound::End, Bound::Start, ""),
        (Bound::Score(2), Bound::End, "c d e f"),
        (Bound::Start, Bound::Score(2), "a b"),
        (Bound::Score(1), Bound::Score(4), "a b c d e"),
        (Bound::Score(2), Bound::Score(3), "c d e"),
        (Bound::Score(3), Bound::Score(4), ""),
        (Bound::Score(4), Bound::Score(1), ""),
        (Bound::Score(i64::MIN), Bound::Score(i64::MAX), "a b c d e f"),
        (at(2, "d"), Bound::End, "d e f"),
        (at(2, "cc"), Bound::End, "d e f"),
        (after(2, "d"), Bound::End, "e f"),
        (after(2, "cc"), Bound::End, "d e f"),
        (after(2, ""), Bound::End, "c d e f"),
        (after(1, "zzz"), Bound::Score(4), "c d e"),
        (Bound::Start, at(2, "d"), "a b c"),
        (Bound::Start, after(2, "d"), "a b c d"),
        (at(1, "b"), at(2, "d"), "b c"),
        (after(1, "b"), after(2, "d"), "c d"),
        (at(2, "d"), at(2, "d"), ""),
        (at(2, "d"), after(2, "d"), "d"),
        (after(2, "d"), at(2, "d"), ""),
        (member("d"), Bound::End, "d e f"),
        (Bound::Start, member("d"), "a b c"),
        (member("b"), member("e"), "b c d"),
        (member("e"), member("b"), ""),
        (member("nobody"), Bound::End, ""),
        (Bound::Start, member("nobody"), ""),
    ];
    for (from, until, expected) in table {
        let range = range(from, until);
        assert_eq!(names(&store, &range).await, expected, "{range:?}");
        let turned: Vec<_> = expected.split(' ').rev().collect();
        assert_eq!(names(&store, &descending(range.clone())).await, turned.join(" "), "{range:?}");
    }
}

pub async fn pages_follow_one_another<F: Factory>() {
    let store = F::make().await.store();
    let members: Vec<_> = (0..25).map(|n| (n / 10, format!("m{n:02}"))).collect();
    let members: Vec<_> = members.iter().map(|(score, member)| (*score, member.as_str())).collect();
    place(&store, "i", &members).await;
    let expected: Vec<(i64, Arc<str>)> = members.iter().map(|(score, member)| (*score, (*member).into())).collect();
    let (mut up, mut from) = (Vec::new(), Bound::Start);
    loop {
        let page = ask(&store, &Range { limit: 4, ..range(from, Bound::End) }).await.members;
        let Some((score, member)) = page.last().cloned() else { break };
        from = Bound::After(score, member);
        up.extend(page);
        // Who comes in behind the page's end moves no page.
        place(&store, "i", &[(0, "m00")]).await;
    }
    assert_eq!(up, expected);
    let (mut down, mut until) = (Vec::new(), Bound::End);
    loop {
        let page = ask(&store, &descending(Range { limit: 4, ..range(Bound::Start, until) })).await.members;
        let Some((score, member)) = page.last().cloned() else { break };
        until = Bound::At(score, member);
        down.extend(page);
    }
    down.reverse();
    assert_eq!(down, expected);
}

pub async fn a_range_around_a_member<F: Factory>() {
    let store = F::make().await.store();
    place(&store, "i", &[(10, "a"), (20, "b"), (20, "c"), (30, "d"), (40, "e")]).await;
    let around = |from, until| Range { limit: 2, count: true, ..range(from, until) };
    let me = || Bound::Member("c".into());
    let behind = ask(&store, &around(me(), Bound::End)).await;
    assert_eq!(behind.members, [(20, "c".into()), (30, "d".into())], "me, and who comes next");
    assert_eq!(behind.standing, Some(Standing { rank: 2, total: 5 }));
    let ahead = ask(&store, &descending(around(Bound::Start, me()))).await;
    assert_eq!(ahead.members, [(20, "b".into()), (10, "a".into())], "who comes before me, the nearest first");
    assert_eq!(ahead.standing, Some(Standing { rank: 3, total: 5 }));
    for (from, until) in [(Bound::Member("x".into()), Bound::End), (Bound::Start, Bound::Member("x".into()))] {
        let nobody = ask(&store, &around(from, until)).await;
        assert_eq!(nobody, Ranged { members: vec![], standing: Some(Standing { rank: 5, total: 5 }) });
    }
    let nowhere = Range { index: Index::new("never written"), ..around(me(), Bound::End) };
    assert_eq!(ask(&store, &nowhere).await.standing, Some(Standing { rank: 0, total: 0 }));
}

pub async fn rank_and_total_are_counted<F: Factory>() {
    let store = F::make().await.store();
    place(&store, "i", &[(1, "a"), (2, "b"), (2, "c"), (3, "d")]).await;
    assert_eq!(ask(&store, &range(Bound::Start, Bound::End)).await.standing, None, "only when asked for");
    let table = [
        (Bound::Start, Bound::End, 0, 0),
        (Bound::Score(2), Bound::End, 1, 0),
        (after(2, "b"), Bound::Score(3), 2, 1),
        (Bound::Score(9), Bound::End, 4, 0),
        (Bound::Start, Bound::Score(0), 0, 4),
    ];
    for (from, until, ascending_rank, descending_rank) in table {
        let range = Range { count: true, limit: 1, ..range(from, until) };
        let rank =
            async |range: &Range| ask(&store, range).await.standing.map(|standing| (standing.rank, standing.total));
        assert_eq!(rank(&range).await, Some((ascending_rank, 4)), "{range:?}");
        assert_eq!(rank(&Range { limit: 0, ..range.clone() }).await, Some((ascending_rank, 4)), "{range:?}");
        assert_eq!(rank(&descending(range.clone())).await, Some((descending_rank, 4)), "{range:?}");
    }
}

pub async fn the_highest_and_lowest_scores_are_exact<F: Factory>() {
    let store = F::make().await.store();
    let scores = [-FAR, 1 - FAR, -1, 0, 1, FAR - 1, FAR];
    let members: Vec<_> = scores.iter().map(|score| (*score, "same")).collect();
    for (n, (score, _)) in members.iter().enumerate() {
        place(&store, "i", &[(*score, &n.to_string())]).await;
    }
    let all = ask(&store, &range(Bound::Start, Bound::End)).await.members;
    assert_eq!(all.iter().map(|(score, _)| *score).collect::<Vec<_>>(), scores);
    let ends = ask(&store, &range(Bound::Score(1 - FAR), Bound::Score(FAR))).await.members;
    assert_eq!(ends.len(), scores.len() - 2);
}

pub async fn indexes_with_odd_names_do_not_mix<F: Factory>() {
    let store = F::make().await.store();
    let indexes = ["", "a", "a\0", "a\u{10FFFF}", "ab", "a/b"];
    for (n, index) in indexes.iter().enumerate() {
        place(&store, index, &[(n as i64, "m"), (FAR, "\0"), (-FAR, "\u{10FFFF}")]).await;
    }
    for (n, index) in indexes.iter().enumerate() {
        let all = Range { count: true, ..Range::all(Index::new(*index), usize::MAX) };
        let found = ask(&store, &all).await;
        assert_eq!(
            found.members,
            [(-FAR, "\u{10FFFF}".into()), (n as i64, "m".into()), (FAR, "\0".into())],
            "{index:?}"
        );
        assert_eq!(found.standing, Some(Standing { rank: 0, total: 3 }));
    }
}

/// An index as one would write it without a thought for speed.
#[derive(Default)]
struct Model(BTreeMap<String, i64>);

impl Model {
    fn sorted(&self) -> Vec<(i64, Arc<str>)> {
        let mut sorted: Vec<_> = self.0.iter().map(|(member, score)| (*score, member.as_str().into())).collect();
        sorted.sort();
        sorted
    }

    fn range(&self, range: &Range) -> Ranged {
        let sorted = self.sorted();
        let total = sorted.len() as u64;
        // How many members lie before a bound.
        let before = |bound: &Bound| match bound {
            Bound::Start => Some(0),
            Bound::End => Some(sorted.len()),
            Bound::Score(score) => Some(sorted.iter().filter(|(other, _)| other < score).count()),
            Bound::At(score, member) => Some(sorted.iter().filter(|it| **it < (*score, member.clone())).count()),
            Bound::After(score, member) => Some(sorted.iter().filter(|it| **it <= (*score, member.clone())).count()),
            Bound::Member(member) => sorted.iter().position(|(_, other)| other == member),
        };
        let (Some(from), Some(until)) = (before(&range.from), before(&range.until)) else {
            return Ranged { members: vec![], standing: range.count.then_some(Standing { rank: total, total }) };
        };
        let mut members = sorted.get(from..until).unwrap_or_default().to_vec();
        let mut rank = from as u64;
        if range.order == Order::Descending {
            members.reverse();
            rank = total - until as u64;
        }
        members.truncate(range.limit);
        Ranged { members, standing: range.count.then_some(Standing { rank, total }) }
    }
}

pub async fn ranges_agree_with_a_simple_model<F: Factory>() {
    let store = F::make().await.store();
    let mut random = StdRng::seed_from_u64(20_261_121);
    let mut model = Model::default();
    let member = |random: &mut StdRng| {
        let len = random.random_range(0..3);
        (0..len).map(|_| ['a', 'b', 'ä', '\0'][random.random_range(0..4)]).collect::<String>()
    };
    let bound = |random: &mut StdRng| {
        let (score, name) = (random.random_range(-4..=4), member(random));
        match random.random_range(0..6) {
            0 => Bound::Start,
            1 => Bound::End,
            2 => Bound::Score(score),
            3 => at(score, &name),
            4 => after(score, &name),
            _ => Bound::Member(name.as_str().into()),
        }
    };
    for round in 0..60 {
        let mut changes = commit();
        for _ in 0..random.random_range(1..6) {
            let name = member(&mut random);
            if random.random_bool(0.3) {
                model.0.remove(&name);
                changes = changes.displace("i", &name);
            } else {
                let score = random.random_range(-3..=3);
                model.0.insert(name.clone(), score);
                changes = changes.place("i", &name, score);
            }
        }
        store.commit(changes).await.unwrap();
        for _ in 0..40 {
            let asked = Range {
                order: if random.random_bool(0.5) { Order::Ascending } else { Order::Descending },
                limit: if random.random_bool(0.5) { usize::MAX } else { random.random_range(0..4) },
                count: random.random_bool(0.5),
                ..range(bound(&mut random), bound(&mut random))
            };
            let (mut expected, found) = (model.range(&asked), ask(&store, &asked).await);
            // What comes before a range that ends before it begins is nobody's business.
            if expected.members.is_empty() && found.members.is_empty() {
                expected.standing = found.standing;
            }
            assert_eq!(found, expected, "round {round}: {asked:?} of {:?}", model.sorted());
        }
    }
}
