// Keys as they are called on the keyboard in front of one.

const isMac = /Mac|iP(?:hone|ad)/u.test(navigator.platform);

export const keyName = (key: string): string => (isMac && key === "Ctrl" ? "⌘" : key);
