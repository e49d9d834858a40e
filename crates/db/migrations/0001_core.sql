-- People, their sessions, rooms, members, messages and the log of every room.
--
-- For both engines: identifiers are TEXT, times BIGINT microseconds since the epoch, a time that
-- may be NULL says "not yet" or "never". Unique rules are named as PostgreSQL would name them,
-- because the name is what tells a caller which rule a row broke.

CREATE TABLE users (
    id           TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    -- Folded before it gets here, so that equal names are equal texts. The index behind UNIQUE
    -- also serves the list and the search by prefix: username >= 'al' AND username < 'am'.
    username     TEXT COLLATE "binary" NOT NULL UNIQUE,
    display_name TEXT,
    avatar       TEXT,
    kind         TEXT NOT NULL CHECK (kind IN ('person', 'service', 'system')),
    role         TEXT NOT NULL CHECK (role IN ('admin', 'member')),
    -- Where the account came from: signed up here, vouched for by a host application, imported.
    origin       TEXT NOT NULL CHECK (origin IN ('local', 'host', 'import')),
    created_at   BIGINT NOT NULL,
    modified_at  BIGINT NOT NULL,
    last_seen_at BIGINT,
    disabled_at  BIGINT
);

-- The search by display name.
CREATE INDEX users_display_name ON users (lower(display_name) COLLATE "binary");

-- Apart from users, so that no list of users can carry a password hash by accident.
CREATE TABLE credentials (
    user_id       TEXT COLLATE "binary" NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    password_hash TEXT NOT NULL,
    changed_at    BIGINT NOT NULL
);

CREATE TABLE sessions (
    id           TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    user_id      TEXT COLLATE "binary" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL CHECK (kind IN ('login', 'service')),
    name         TEXT,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ended_at     BIGINT,
    user_agent   TEXT,
    address      TEXT
);

CREATE INDEX sessions_user_id ON sessions (user_id, created_at);

-- Every node asks every few seconds which sessions have ended, in case the bus did not tell it.
CREATE INDEX sessions_ended_at ON sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE refresh_tokens (
    -- Only the hash is stored: a copy of the database opens no session.
    token_hash     TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    session_id     TEXT COLLATE "binary" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    -- A token that is used again after its successor was used has been stolen.
    used_at        BIGINT,
    successor_hash TEXT COLLATE "binary"
);

CREATE INDEX refresh_tokens_session_id ON refresh_tokens (session_id);

CREATE TABLE invites (
    code_hash  TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    created_by TEXT COLLATE "binary" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    uses_left  BIGINT NOT NULL
);

CREATE TABLE settings (
    key   TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- From here on no foreign keys. Members, messages and events are written by the one writer of
-- their room, which has looked at the room under its lock; a second look by the engine would
-- cost every message and find nothing.

CREATE TABLE rooms (
    id           TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('room', 'direct')),
    slug         TEXT COLLATE "binary" UNIQUE,
    -- The two users of a direct conversation in a fixed order: one conversation for each pair.
    pair_key     TEXT COLLATE "binary" UNIQUE,
    name         TEXT NOT NULL,
    description  TEXT,
    is_private   BOOLEAN NOT NULL,
    created_by   TEXT COLLATE "binary" NOT NULL,
    created_at   BIGINT NOT NULL,
    modified_at  BIGINT NOT NULL,
    deleted_at   BIGINT,
    -- New when the history was restored or cut, so that positions from before are recognised.
    epoch        TEXT COLLATE "binary" NOT NULL,
    -- The next three change with every batch of messages. None of them is in an index, which
    -- lets PostgreSQL update the row in place.
    head_seq     BIGINT NOT NULL,
    member_count BIGINT NOT NULL,
    last_at      BIGINT NOT NULL
);

-- The list of public rooms, in the order of their slugs.
CREATE INDEX rooms_public ON rooms (slug)
    WHERE kind = 'room' AND is_private = FALSE AND deleted_at IS NULL;

CREATE TABLE members (
    room_id      TEXT COLLATE "binary" NOT NULL,
    user_id      TEXT COLLATE "binary" NOT NULL,
    id           TEXT COLLATE "binary" NOT NULL,
    role         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    modified_at  BIGINT NOT NULL,
    joined_at    BIGINT NOT NULL,
    -- Position of the joining in the log of the room: where protected history begins.
    joined_seq   BIGINT NOT NULL,
    read_seq     BIGINT NOT NULL DEFAULT 0,
    last_read_at BIGINT,
    PRIMARY KEY (room_id, user_id)
);

CREATE INDEX members_user_id ON members (user_id);

CREATE TABLE messages (
    id            TEXT COLLATE "binary" NOT NULL PRIMARY KEY,
    room_id       TEXT COLLATE "binary" NOT NULL,
    -- Position in the log of the room at which it was sent; never changes.
    seq           BIGINT NOT NULL,
    -- Position of its last change: sent, edited or deleted.
    rev           BIGINT NOT NULL,
    sender_id     TEXT COLLATE "binary" NOT NULL,
    content       TEXT NOT NULL,
    type          TEXT NOT NULL,
    metadata      TEXT,
    client_id     TEXT COLLATE "binary",
    -- What was sent under the client's id: the same id with other content is a conflict.
    client_digest BIGINT,
    created_at    BIGINT NOT NULL,
    modified_at   BIGINT NOT NULL,
    edited_at     BIGINT,
    deleted_at    BIGINT,
    deleted_by    TEXT COLLATE "binary",
    -- Also the index of every page of history.
    UNIQUE (room_id, seq)
);

-- A message sent again under the same client id is the same message, for ever. Partial, so that
-- clients without ids pay nothing for it.
CREATE UNIQUE INDEX messages_sender_id_room_id_client_id_key ON messages (sender_id, room_id, client_id)
    WHERE client_id IS NOT NULL;

-- Answers to REST writes that carried an Idempotency-Key.
CREATE TABLE idempotency (
    user_id    TEXT COLLATE "binary" NOT NULL,
    operation  TEXT COLLATE "binary" NOT NULL,
    key        TEXT COLLATE "binary" NOT NULL,
    digest     BIGINT NOT NULL,
    response   TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, operation, key)
);
