//! direct_messages
