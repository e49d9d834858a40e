-- The log of every room: what happened, at positions 1, 2, 3 … without holes.
CREATE TABLE room_events (
    room_id    TEXT COLLATE "binary" NOT NULL,
    seq        BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    actor_id   TEXT COLLATE "binary" NOT NULL,
    subject_id TEXT COLLATE "binary",
    message_id TEXT COLLATE "binary",
    data       TEXT,
    at         BIGINT NOT NULL,
    PRIMARY KEY (room_id, seq)
);

-- The rows of rooms and members that change with every batch find room for their next version on
-- the same page, and their indexes stay as they are.
ALTER TABLE rooms SET (fillfactor = 50);
ALTER TABLE members SET (fillfactor = 80);
