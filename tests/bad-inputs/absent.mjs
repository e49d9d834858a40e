// Bad inputs whose surface this version does not have, each with the reason. A case that comes to have a surface moves into
// the table of that surface.
/** Id to reason. */
export const absent = {};
