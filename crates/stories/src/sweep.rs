//! Sweep (being written).
