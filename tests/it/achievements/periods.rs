//! Days, weeks and months turn where the user is.
