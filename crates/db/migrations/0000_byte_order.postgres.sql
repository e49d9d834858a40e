-- Identifiers and names that are sorted or searched by prefix are compared byte by byte.
--
-- SQLite does that by itself, under the name BINARY. PostgreSQL would use the collation of its
-- database, which may sort "b" before "A", may change with an update of the operating system
-- (and then the indexes are wrong), and cannot search by prefix with an ordinary index. This
-- gives the byte order the same name there, so that COLLATE "binary" reads the same on both.
CREATE COLLATION IF NOT EXISTS "binary" FROM "C";
