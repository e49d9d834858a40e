// Going through a list by keys.

/** The next place in a direction that is wanted; the list is a ring. */
export function neighbour<T extends { key: string }>(
  places: readonly T[],
  current: string | null,
  step: 1 | -1,
  isWanted: (place: T) => boolean,
): T | undefined {
  const at = places.findIndex(({ key }) => key === current);
  const start = at < 0 && step < 0 ? 0 : at;
  for (let index = 1; index <= places.length; index += 1) {
    const place = places.at((start + step * index) % places.length);
    if (place && isWanted(place) && place.key !== current) return place;
  }
  return undefined;
}
