// The card in the middle of every screen of somebody who is not signed in.

import type { ComponentChildren } from "preact";

export function EnterCard({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <main class="enter">
      <div class="card">
        <p class="brand">
          <span class="brand-mark" aria-hidden="true">
            f
          </span>
          Fireside
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
