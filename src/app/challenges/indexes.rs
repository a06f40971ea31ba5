//! The indexes that challenges stand in.

use std::collections::BTreeSet;

use crate::app::challenges::ChallengeRecord;
use crate::app::due::Due;
use crate::app::transact::Draft;
use crate::backend::Index;
use crate::domain::challenge::{Answer, Challenge};
use crate::domain::ids::{GroupId, UserId};

/// All challenges that name a user, scored by their numbers: their history.
pub fn of_user(user: &UserId) -> Index {
    Index::new(format!("challenges/of/{user}"))
}

/// Those that are not over and that the user takes part in, scored by when they expire, in milliseconds.
pub fn open_of(user: &UserId) -> Index {
    Index::new(format!("challenges/open-of/{user}"))
}

/// Those that are not over and that the user has not answered, likewise.
pub fn asking(user: &UserId) -> Index {
    Index::new(format!("challenges/asking/{user}"))
}

/// Those that are not over and that a group's members were invited to, likewise.
pub fn open_of_group(group: &GroupId) -> Index {
    Index::new(format!("challenges/open-of-group/{group}"))
}

/// Moves the challenge from where it stood `before` to where it belongs now, for all its people, and sets when the clock has to look
/// at it again.
pub fn moved(draft: &mut Draft<ChallengeRecord>, before: Option<&Challenge>, record: &ChallengeRecord) {
    let (now, member) = (&record.challenge, record.challenge.id.to_string());
    let people: BTreeSet<&UserId> = before.iter().flat_map(|it| it.people.keys()).chain(now.people.keys()).collect();
    for user in people {
        let (old, new) = (before.map_or([None; 3], |it| places(it, user)), places(now, user));
        for ((index, old), new) in [of_user(user), open_of(user), asking(user)].into_iter().zip(old).zip(new) {
            if old != new {
                draft.place(index, member.as_str(), new);
            }
        }
    }
    let (old, new) = (before.and_then(open_ms), open_ms(now));
    if let Some(group) = record.group.as_ref().and_then(|group| GroupId::parse(&group.id)).filter(|_| old != new) {
        draft.place(open_of_group(&group), member, new);
    }
    let due_ms = |it: &Challenge| it.turns_at().map(|at| at.as_millis());
    let (old, new) = (before.and_then(due_ms), due_ms(now));
    if old != new {
        Due::ChallengeTurns(now.id).place(draft, new);
    }
}

fn open_ms(challenge: &Challenge) -> Option<i64> {
    challenge.turns_at().map(|_| challenge.expires_at.as_millis())
}

fn places(challenge: &Challenge, user: &UserId) -> [Option<i64>; 3] {
    let Some(answer) = challenge.answer_of(user) else { return [None; 3] };
    let open_if = |is_so: bool| open_ms(challenge).filter(|_| is_so);
    let number = i64::try_from(challenge.id.number()).unwrap_or(i64::MAX);
    [Some(number), open_if(answer == Answer::Accepted), open_if(answer == Answer::Pending)]
}
