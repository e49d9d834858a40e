-- The servers that work on this database, each known by a name that it gets at its start. A row that moves is
-- a node that lives; by whose clock it moves does not matter.
CREATE TABLE nodes (
    id   TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    beat BIGINT NOT NULL
);

-- Users who were shut out lately, for nodes that hold their sockets.
CREATE INDEX users_disabled_at ON users (disabled_at) WHERE disabled_at IS NOT NULL;
