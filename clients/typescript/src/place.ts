// Where messages are: a room, or the conversation with one person.

/** A room by its id, or the conversation with one person by their user id. */
export type Place = RoomPlace | DirectPlace;

/** A room. */
export interface RoomPlace {
  readonly kind: "room";
  readonly roomId: string;
}

/** The conversation with one person. */
export interface DirectPlace {
  readonly kind: "direct";
  readonly userId: string;
}

/** A place as one string, for maps and keys: `room:<room id>` or `direct:<user id>`. */
export type PlaceKey = `room:${string}` | `direct:${string}`;

/** The key of a place. */
export function placeKey(place: Place): PlaceKey {
  return place.kind === "room" ? `room:${place.roomId}` : `direct:${place.userId}`;
}

/** Whether a value that was kept is a place. */
export function isPlace(value: unknown): value is Place {
  const { kind, roomId, userId } = (value ?? {}) as { kind?: unknown; roomId?: unknown; userId?: unknown };
  return kind === "room" ? typeof roomId === "string" : kind === "direct" && typeof userId === "string";
}
