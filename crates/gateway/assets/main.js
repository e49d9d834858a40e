// Where the page begins: someone who is signed in gets the chat, everybody else the way in.

import { inviteCode, setupToken } from './address.js';
import { Api } from './api.js';
import { ChatView } from './view-chat.js';
import { showEnter } from './view-enter.js';

const NOTICES = {
  revoked: 'You were signed out from another device.',
  disabled: 'This account is shut out.',
  expired: 'You have been away for long. Please sign in again.',
};

const api = new Api();
const mount = document.getElementById('app');
let chat = null;

function showChat(user) {
  if (location.pathname !== '/') history.replaceState(null, '', '/');
  chat = new ChatView(mount, api, user, leave);
}

function leave(reason) {
  if (!chat) return;
  chat.close();
  chat = null;
  api.session.forget();
  sessionStorage.clear();
  showWayIn(NOTICES[reason]);
}

function showWayIn(notice = '') {
  showEnter(mount, api, { token: setupToken(), invite: inviteCode(), notice }, showChat);
}

// Whoever signs out or in as another in one tab does so in all of them.
api.session.onOtherTab((user) => {
  if (!user) leave();
  else if (user && !chat) showChat(user);
});

const user = setupToken() === null ? api.session.user : null;
if (user) showChat(user);
else showWayIn();
