//! A change of something that need not be there: left alone, taken away, or set.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is not known any more.
    Clear,
    Set(T),
}

impl<T> Edit<T> {
    /// In a complete replacement what is left out is taken away.
    pub fn replacing(self) -> Self {
        match self {
            Self::Keep => Self::Clear,
            other => other,
        }
    }

    /// # Errors
    /// Those of `check`, for a value that is set.
    pub fn checked<U, E>(self, check: impl FnOnce(T) -> Result<U, E>) -> Result<Edit<U>, E> {
        Ok(match self {
            Self::Keep => Edit::Keep,
            Self::Clear => Edit::Clear,
            Self::Set(value) => Edit::Set(check(value)?),
        })
    }

    pub fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value),
        }
    }

    /// What there is after it.
    pub fn on(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}
