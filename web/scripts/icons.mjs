// Makes the pictures of the app's icon from public/icon.svg, with a browser: `node scripts/icons.mjs`.

import { readFile, writeFile } from "node:fs/promises";

import { chromium } from "playwright-core";

const PUBLIC = new URL("../public/", import.meta.url);
const TEAL = "#06696b";
/** Of a maskable icon only the middle is sure to be seen: a circle of four fifths. */
const MASKABLE_SHARE = 0.8;

const ICONS = [
  { file: "icon-small.png", sizePx: 192, isMaskable: false },
  { file: "icon-large.png", sizePx: 512, isMaskable: false },
  { file: "icon-maskable.png", sizePx: 512, isMaskable: true },
];

const svg = await readFile(new URL("icon.svg", PUBLIC), "utf8");
const browser = await chromium.launch({
  executablePath: process.env["FIRESIDE_TEST_CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage();
for (const { file, sizePx, isMaskable } of ICONS) {
  const pictureSizePx = isMaskable ? sizePx * MASKABLE_SHARE : sizePx;
  await page.setViewportSize({ width: sizePx, height: sizePx });
  await page.setContent(
    `<style>
       body { display: grid; place-items: center; margin: 0; block-size: 100vh; ${isMaskable ? `background: ${TEAL};` : ""} }
       svg { inline-size: ${pictureSizePx}px; block-size: ${pictureSizePx}px }
     </style>${svg}`,
  );
  await writeFile(new URL(file, PUBLIC), await page.screenshot({ omitBackground: true }));
}
await browser.close();
