//! The contract of a registry of the real requests.
