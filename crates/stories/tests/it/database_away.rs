//! database_away
