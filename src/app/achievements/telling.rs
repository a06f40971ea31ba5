//! What is heard of an unlock: on the user's own channel in the commit that brings it, and elsewhere by follow-ups.
