// The page: here only what its answers say to the browser. What it does with hostile texts is tested in a browser, in
// tests/clients.

import assert from 'node:assert/strict';

import { call } from '../wire/http.mjs';

const PAGE = {
  status: 200,
  headers: {
    'content-type': /^text\/html; charset=utf-8$/iu,
    'content-security-policy': /default-src 'self'(?=.*frame-ancestors 'none')(?=.*base-uri 'none')(?=.*object-src 'none')(?=.*require-trusted-types-for 'script')(?!.*unsafe)(?!.*\*)/u,
    'cross-origin-opener-policy': /^same-origin$/u,
    'cross-origin-resource-policy': /^same-origin$/u,
    'x-content-type-options': /^nosniff$/u,
  },
  noHeaders: ['access-control-allow-origin'],
  neverSays: /<script>|\son[a-z]+=|javascript:|<style/iu,
};

export default {
  C14: {
    title: 'the page in a frame, and messages from other windows',
    requests: ['/', '/setup', '/join/x', '/?x=%3Cscript%3E', '/join/%3Cimg%20src=x%20onerror=alert(1)%3E'].map((path) => `GET ${path}`),
    expect: PAGE,
    async run(stage) {
      const { text } = await call(stage.server, 'GET', '/');
      const scripts = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js[^"]*)"/gu)].map((match) => match[1]);
      assert.ok(scripts.length > 0);
      for (const path of scripts) {
        const script = await call(stage.server, 'GET', path);
        assert.equal(script.status, 200, path);
        assert.match(script.headers['content-type'], /javascript/u);
        assert.match(script.headers['content-security-policy'], /frame-ancestors 'none'/u);
        // The view library knows how to set markup; the policy of the page forbids it to everybody.
        assert.match(script.headers['content-security-policy'], /require-trusted-types-for 'script'/u);
        assert.doesNotMatch(script.text, /addEventListener\(\s*["'`]message["'`]|insertAdjacentHTML|document\.write|[^\w.]eval\(|new Function/u, `${path} listens to other windows, or makes markup of text`);
      }
    },
  },
};
