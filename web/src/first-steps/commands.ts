// What an administrator types on a command line, as the documentation of the server has it.

/** Makes a token for a service, and the service. */
export const TOKEN_COMMAND = "fireside token create --user alerts --service";

/** Posts with it. A message goes where its sender is a member. */
export const postCommand = (origin: string): string => `export TOKEN=…   # what the command above has printed
curl -X POST ${origin}/chat/rooms/general/join -H "authorization: Bearer $TOKEN"
curl ${origin}/chat/rooms/general/messages -H "authorization: Bearer $TOKEN" \\
  -H 'content-type: application/json' -d '{"content": "It works."}'`;

/** Starts the server for others, too. */
export const START_COMMAND = "fireside --listen 0.0.0.0:3000 --url https://chat.example.org";

/** Whether the address of this page means a computer's own self. */
export const isOnlyHere = (hostname: string): boolean =>
  hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./u.test(hostname);
