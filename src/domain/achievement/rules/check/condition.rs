//! What is wrong with a condition: the faulty term is named by its way from the root.

use super::{Known, Sheet};
use crate::domain::achievement::bounds::{KEY_BYTES_MAX, KEYS_LEN_MAX, TERMS_DEPTH_MAX, TERMS_LEN_MAX};
use crate::domain::achievement::term::{Keys, Term};

pub fn of_condition(sheet: &mut Sheet, at: &str, term: &Term, known: &Known) {
    if depth(term, 1) > TERMS_DEPTH_MAX {
        return sheet.wrong(at, format!("terms may be {TERMS_DEPTH_MAX} deep"));
    }
    if len(term) > TERMS_LEN_MAX {
        return sheet.wrong(at, format!("there may be at most {TERMS_LEN_MAX} terms"));
    }
    let faults_len = sheet.faults.len();
    of_term(sheet, at, term, known);
    // What follows from other faults is not told.
    let counts_nothing = sheet.faults.len() == faults_len && term.variables().is_empty();
    sheet.must(!counts_nothing, at, "no value is of two variables at once");
}

fn of_term(sheet: &mut Sheet, at: &str, term: &Term, known: &Known) {
    match term {
        Term::Literal { variable, keys } => {
            let exists = known.variables.contains_key(variable.as_str());
            sheet.must(exists, format!("{at}.variable"), format!("there is no variable {variable}"));
            if let Keys::In(keys) = keys {
                sheet.must(!keys.is_empty(), format!("{at}.key"), "there must be one at least");
                sheet.at_most(keys.len(), KEYS_LEN_MAX, format!("{at}.key"));
                for (index, key) in keys.iter().enumerate().take(KEYS_LEN_MAX) {
                    let fits = key.len() <= KEY_BYTES_MAX;
                    sheet.must(fits, format!("{at}.key[{index}]"), format!("has more than {KEY_BYTES_MAX} bytes"));
                }
            }
        }
        Term::All(terms) | Term::Any(terms) => {
            sheet.must(!terms.is_empty(), format!("{at}.terms"), "there must be one at least");
            for (index, term) in terms.iter().enumerate() {
                of_term(sheet, &format!("{at}.terms[{index}]"), term, known);
            }
        }
    }
}

/// Stops as soon as it is too deep.
fn depth(term: &Term, so_far: usize) -> usize {
    match term {
        Term::All(terms) | Term::Any(terms) if so_far <= TERMS_DEPTH_MAX => {
            terms.iter().map(|term| depth(term, so_far + 1)).max().unwrap_or(so_far)
        }
        _ => so_far,
    }
}

fn len(term: &Term) -> usize {
    match term {
        Term::Literal { .. } => 1,
        Term::All(terms) | Term::Any(terms) => 1 + terms.iter().map(len).sum::<usize>(),
    }
}
