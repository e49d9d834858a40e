-- Each user's own stream: what of theirs changed, at positions 1, 2, 3 … of one stream for each user.

CREATE TABLE user_streams (
    user_id  TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    -- New when what the stream tells was restored or cut, so that positions from before are recognised.
    epoch    TEXT COLLATE "binary" NOT NULL,
    head_seq BIGINT NOT NULL
);

-- One row for each thing that ever changed, at the place of its newest change: whoever was away catches up at
-- the cost of what has changed, however often it did.
CREATE TABLE user_changes (
    user_id    TEXT COLLATE "binary" NOT NULL,
    -- A room's row tells that something changed; what is true now is in its membership. A session's row tells
    -- all of it, because the session itself is cleared away sooner.
    kind       TEXT NOT NULL CHECK (kind IN ('room', 'session')),
    subject_id TEXT COLLATE "binary" NOT NULL,
    seq        BIGINT NOT NULL,
    ended      BOOLEAN,
    expires_at BIGINT,
    PRIMARY KEY (user_id, kind, subject_id)
);

-- What changed behind a position.
CREATE UNIQUE INDEX user_changes_seq ON user_changes (user_id, seq);

-- Sessions that have run out: everyone who knew them knows that.
CREATE INDEX user_changes_expires_at ON user_changes (expires_at) WHERE expires_at IS NOT NULL;
