-- What is unread: who is named in which message, who has muted which room, and an index to count by.

ALTER TABLE members ADD COLUMN muted BOOLEAN NOT NULL DEFAULT FALSE;

-- Nothing from before one came is unread, so no position lies before the joining.
UPDATE members SET read_seq = joined_seq WHERE read_seq < joined_seq;

-- Who is named as @username in a message that is there; the sender's own name is left out. In the order
-- in which they are counted: those of one person in one room, behind a position.
CREATE TABLE mentions (
    room_id  TEXT COLLATE "binary" NOT NULL,
    username TEXT COLLATE "binary" NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (room_id, username, seq)
);

-- Counts what others have said behind a position without looking at the messages themselves. The last column
-- is always NULL; without it SQLite looks at each message to see that it is, and prefers another index.
CREATE INDEX messages_unread ON messages (room_id, seq, sender_id, deleted_at) WHERE deleted_at IS NULL;
