//! What a user may do, and who may see a user's runs. Passwords and tokens are not known here.

/// What an account may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    #[default]
    User,
    /// May do what every user may, for every user.
    Admin,
}

/// Who may see a run besides its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Everyone, spectators without an account too.
    Public,
    /// Those whom the owner has listed as friends. A new account's runs are so until it says otherwise.
    #[default]
    Friends,
    /// Nobody.
    Private,
}
