/** Text of agents, made fit to be shown as plain text. It is untrusted: it only ever becomes text nodes. */

/** Terminal sequences: OSC and DCS strings up to their end, CSI, and two-character escapes. */
const TERMINAL = /\u001b(?:[\]PX^_][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)?|\[[0-?]*[ -/]*[@-~]|[ -/]*[0-~])/g;
/** Control characters but tab and newline, and what reorders or hides text. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Without terminal sequences, control characters and characters that reorder or hide text. */
export function clean(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(TERMINAL, '').replace(CONTROL, '');
}

/** What a page does not show as itself, but for newline and tab. */
const UNSHOWN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** Text that a person decides on, with every character that it has: what would not be seen stands there as its number,
 * and nothing of it is taken for a terminal sequence, so nothing hides in one. */
export function exact(text: string): string {
  return text.replace(UNSHOWN, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

/** As `exact`, and no longer than that; how many characters were left out. */
export function exactHead(text: string, limit: number): { text: string; left: number } {
  const { text: some, left } = head(text, limit);
  return { text: exact(some), left };
}

/** A run of plain text or of code. */
export interface Run {
  code: boolean;
  text: string;
}

/** The most characters of one line of text that are shown at once: more than anybody reads, less than makes a page slow. */
const LONGEST = 20_000;

/** As `clean`, and no longer than what is shown at once: what is cut off is not looked at either. */
export function brief(text: string, longest = LONGEST): { text: string; left: number } {
  const looked = head(text, 4 * longest);
  const shown = head(clean(looked.text), longest);
  return { text: shown.text, left: shown.left + looked.left };
}

/** As `clean`, as short as a name or a tooltip should be. */
export function label(text: string): string {
  const { text: shown, left } = brief(text, 300);
  return left > 0 ? `${shown}…` : shown;
}

/** Splits a line at its backticks, so that what was quoted as code is shown as code. */
export function runs(text: string): Run[] {
  const short = brief(text);
  const parts = `${short.text}${short.left > 0 ? `… and ${short.left} characters more` : ''}`.split('`');
  // An odd number of backticks: the last one is no quote.
  if (parts.length % 2 === 0) {
    const rest = parts.pop() ?? '';
    parts[parts.length - 1] += `\`${rest}`;
  }
  return parts.map((part, index) => ({ code: index % 2 === 1, text: part })).filter((run) => run.text !== '');
}

/** At most `limit` characters, and how many were left out. */
export function head(text: string, limit: number): { text: string; left: number } {
  if (text.length <= limit) return { text, left: 0 };
  const end = text.codePointAt(limit - 1)! > 0xffff ? limit - 1 : limit;
  return { text: text.slice(0, end), left: text.length - end };
}
