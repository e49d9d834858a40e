-- The room that whoever uses an invite begins in; none where it only lets them in.
ALTER TABLE invites ADD COLUMN room_id TEXT COLLATE "binary";
