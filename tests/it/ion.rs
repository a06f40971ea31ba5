//! The Ion document and gengine's calls, to the letter.
