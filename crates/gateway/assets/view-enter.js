// The way in: signing in, signing up, and claiming a new server with the link it printed.

import { instantiate } from './dom.js';

const WAYS = {
  login: { title: 'Sign in', submit: 'Sign in', swapText: 'New here?', swap: 'Make an account', to: 'register' },
  register: { title: 'Make an account', submit: 'Sign up', swapText: 'Have an account?', swap: 'Sign in', to: 'login' },
  setup: { title: 'Set up this server', submit: 'Set up', lead: 'You will be its administrator.' },
};

/**
 * Shows the form; `entered(user)` is called once. `token` is the setup link's, `invite` an invite link's, and
 * `notice` a sentence about why one is here.
 */
export function showEnter(mount, api, { token = null, invite = '', notice = '' }, entered) {
  const { root, parts } = instantiate('enter-view');
  let way = 'login';

  const show = (next) => {
    way = next;
    const { title, submit, lead = '', swapText = '', swap = '' } = WAYS[way];
    const isNew = way !== 'login';
    parts.title.textContent = title;
    parts.lead.textContent = notice || lead;
    parts.submit.textContent = submit;
    parts.swapText.textContent = swapText;
    parts.swap.textContent = swap;
    parts.swap.hidden = !swap;
    for (const part of ['displayField', 'usernameHint', 'passwordHint']) parts[part].hidden = !isNew;
    parts.inviteField.hidden = way !== 'register';
    parts.form.elements.password.autocomplete = isNew ? 'new-password' : 'current-password';
    parts.form.elements.password.minLength = isNew ? 8 : 0;
    parts.problem.textContent = '';
    document.title = `${title} — Fireside`;
  };

  const fields = () => {
    const { username, password, displayName, invite: code } = Object.fromEntries(new FormData(parts.form));
    const given = { username: username.trim(), password };
    if (way !== 'login' && displayName.trim()) given.displayName = displayName.trim();
    if (way === 'register' && code.trim()) given.invite = code.trim();
    if (way === 'setup') given.token = token;
    return given;
  };

  parts.swap.addEventListener('click', () => {
    notice = '';
    show(WAYS[way].to);
    parts.form.elements.username.focus();
  });
  parts.show.addEventListener('click', () => {
    const isShown = parts.form.elements.password.type === 'password';
    parts.form.elements.password.type = isShown ? 'text' : 'password';
    parts.show.setAttribute('aria-pressed', String(isShown));
  });
  parts.form.addEventListener('submit', async (event) => {
    event.preventDefault();
    parts.submit.disabled = true;
    parts.problem.textContent = '';
    try {
      entered(await api.enter(way, fields()));
    } catch (problem) {
      parts.problem.textContent = problem.message;
      parts.form.elements[problem.field]?.focus?.();
    } finally {
      parts.submit.disabled = false;
    }
  });

  parts.form.elements.invite.value = invite;
  show(token === null ? (invite ? 'register' : 'login') : 'setup');
  if (token === '') parts.problem.textContent = 'This link has no token. Open the link that the server printed when it started.';
  mount.replaceChildren(root);
  parts.form.elements[way === 'login' ? 'username' : 'displayName'].focus();
}
