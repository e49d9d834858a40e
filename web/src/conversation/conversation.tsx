// The conversation on the screen, from its first message to the field one writes in.

import type { ConversationProps } from './seam.js';

export function Conversation({ place }: ConversationProps) {
  return <div class="conversation" data-place={place.kind} />;
}
