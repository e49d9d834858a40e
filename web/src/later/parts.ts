// What nobody needs for the first sight of a room: one file, loaded when some of it is wanted or nothing else is to do.

export { startNotifications } from "../app/notifications.js";
export { startPageBadge } from "../app/page-badge.js";
export { Browse } from "../browse/browse.js";
export { ActionSheet } from "../conversation/action-sheet.js";
export { SuggestionList } from "../conversation/composer/suggestion-list.js";
export { pasteLink, style } from "../conversation/composer/styling-keys.js";
export * as suggesting from "../conversation/composer/suggesting.js";
export { quoteInto } from "../conversation/composer/text-edits.js";
export { copiedText } from "../conversation/copying.js";
export { MessageEditor } from "../conversation/message-editor.js";
export { emojiOf } from "../markdown/emoji-names.js";
export { highlight } from "../markdown/highlight.js";
export { FirstSteps } from "../first-steps/first-steps.js";
export { Overlays } from "../overlays/overlays.js";
export { PlacePane } from "../place/place-pane.js";
export { RoomDoor } from "../place/room-door.js";
export { Settings } from "../settings/settings.js";
