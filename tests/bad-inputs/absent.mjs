// Bad inputs whose surface this version does not have, or that another folder tests, each with the reason. One that comes to
// have a surface moves into the table of that surface.

const NO_UPLOADS = 'no attachments or avatars are taken in this version';
const NO_FETCHING = 'the server fetches no address that a client names: no previews, no webhooks, no avatars by address';
const NO_WEBHOOKS = 'there are no webhooks in this version';
const NO_REDIS = 'one node without a bus: a Redis address is refused at the start';
const IN_A_BROWSER = 'what the client makes of hostile texts needs a browser: web/tests/conversation.test.ts';
const IN_THE_PAGE = 'the Markdown of the client: web/src/markdown/markdown.test.ts and web/tests/conversation.test.ts';
const PAGE_LOGIC = 'what the client believes of its address and of the server: web/src/app/route.test.ts and clients/typescript/tests';

const all = (reason, ids) => Object.fromEntries(ids.split(' ').map((id) => [id, reason]));

/** Id to reason. */
export const absent = {
  ...all(NO_UPLOADS, 'U01 U02 U04 U05 U07 U08 U10 U11 U13 U14 U16 U17'),
  ...all(NO_FETCHING, 'X01 X02 X04 X05 X07 X08 X10 X11 X13 X14'),
  ...all(NO_WEBHOOKS, 'K01 K02 K04'),
  ...all(NO_REDIS, 'D01 D02 D04 D05'),
  ...all(IN_A_BROWSER, 'C01 C08 C11'),
  ...all(IN_THE_PAGE, 'C02 C04 C05 C07'),
  ...all(PAGE_LOGIC, 'C10 C13'),
  A28: 'no operation erases a person in this version; the user can be shut out',
  M26: 'history is open to every member: there is no history that a later member may not read',
  M38: 'there is no resume: clients catch up with ?after=, which S04 and Q08 test',
  M40: 'mentions have no meaning to the server in this version',
  S07: 'messages cannot be searched in this version',
};
