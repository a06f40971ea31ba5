//! Rules are written, and faulty ones are refused.
