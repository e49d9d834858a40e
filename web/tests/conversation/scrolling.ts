// Scrolling through a long conversation, faster than people do, and watching what it does.

import type { Page } from "playwright-core";

/** A row that moves this much by itself was seen to jump. */
const JUMP_PX = 2;

/** Scrolls up to the beginning, or for so long, and watches, frame by frame, a row in the middle of the screen. */
export function scrollToBeginning(page: Page, speedPx: number, forMs = 3_600_000) {
  return page.evaluate(
    async ({ speedPx, jumpPx, forMs }) => {
      const log = document.querySelector(".log");
      const rows = document.querySelector(".log-rows");
      if (!log || !rows) throw new Error("there is no list");
      // Just after a frame was painted, as nearly as a page can tell.
      const painted = () =>
        new Promise<void>((done) =>
          requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => done();
            channel.port2.postMessage(0);
          }),
        );
      const inTheMiddle = () => {
        const box = log.getBoundingClientRect();
        return [...rows.children].find(
          (row) => row.querySelector("article") && row.getBoundingClientRect().top > box.top + box.height / 2,
        );
      };
      const told = {
        jumps: [] as number[],
        frames: 0,
        scrolledPx: 0,
        mostRows: 0,
        mostElements: 0,
        frameMs: [] as number[],
      };
      const endMs = performance.now() + forMs;
      for (let still = 0; still < 120 && performance.now() < endMs; ) {
        await painted();
        const start = performance.now();
        const row = inTheMiddle();
        const before = row?.getBoundingClientRect().top ?? 0;
        const top = log.scrollTop;
        log.scrollTop = top - speedPx;
        const movedPx = top - log.scrollTop;
        await painted();
        const after = row?.isConnected ? row.getBoundingClientRect().top : Number.NaN;
        const jump = Math.abs(after - before - movedPx);
        if (row && !(jump <= jumpPx)) told.jumps.push(jump);
        still = movedPx === 0 ? still + 1 : 0;
        told.frames += 1;
        told.scrolledPx += movedPx;
        told.frameMs.push(performance.now() - start);
        told.mostRows = Math.max(told.mostRows, rows.children.length);
        if (told.frames % 20 === 0) told.mostElements = Math.max(told.mostElements, log.querySelectorAll("*").length);
      }
      told.frameMs.sort((a, b) => a - b);
      return { ...told, frameMs: told.frameMs[Math.floor(told.frameMs.length * 0.95)] ?? 0 };
    },
    { speedPx, jumpPx: JUMP_PX, forMs },
  );
}
