//! The program `fireside` as a library: everything but `main`, so that tests can start a whole server in
//! their own process.

pub mod import;
