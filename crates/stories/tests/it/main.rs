//! All stories in one program, so that it is linked once. One noun a file.

mod messages;
