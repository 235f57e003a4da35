/** Colours of a terminal, and nothing else of it: what an agent wrote becomes runs of plain text with a class each. */
import { clean } from './clean';

export interface Painted {
  text: string;
  /** Space-separated classes of ours; empty for plain text. */
  look: string;
}

/** More runs than these would make the page slow; what follows is plain. */
const MOST = 2_000;
const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const SGR = /\u001b\[([0-9;:]{0,64})m/g;

/** Splits a text at its colour sequences; all other sequences and control characters go. */
export function painted(text: string): Painted[] {
  const runs: Painted[] = [];
  const style = { colour: '', bold: false, dim: false, italic: false, underline: false };
  let from = 0;
  const put = (piece: string) => {
    const shown = clean(piece);
    if (shown === '') return;
    const look = [style.colour && `ansi-${style.colour}`, style.bold && 'ansi-bold', style.dim && 'ansi-dim', style.italic && 'ansi-italic', style.underline && 'ansi-underline']
      .filter(Boolean)
      .join(' ');
    const last = runs.at(-1);
    if (last !== undefined && last.look === look) last.text += shown;
    else runs.push({ text: shown, look });
  };
  if (!text.includes('\u001b[')) {
    put(text);
    return runs;
  }
  for (const match of text.matchAll(SGR)) {
    if (runs.length >= MOST) break;
    put(text.slice(from, match.index));
    from = match.index + match[0].length;
    apply(style, match[1]!);
  }
  if (from < text.length) {
    if (runs.length >= MOST) Object.assign(style, { colour: '', bold: false, dim: false, italic: false, underline: false });
    put(text.slice(from));
  }
  return runs;
}

function apply(style: { colour: string; bold: boolean; dim: boolean; italic: boolean; underline: boolean }, codes: string): void {
  const parts = codes.split(/[;:]/).map((part) => (part === '' ? 0 : Number(part)));
  for (let at = 0; at < parts.length; at++) {
    const code = parts[at]!;
    if (code === 0) Object.assign(style, { colour: '', bold: false, dim: false, italic: false, underline: false });
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code >= 30 && code <= 37) style.colour = NAMES[code - 30]!;
    else if (code >= 90 && code <= 97) style.colour = NAMES[code - 90]!;
    else if (code === 39) style.colour = '';
    // Colours by number or by value are left out: they would not fit the page. Their values are no codes.
    else if (code === 38 || code === 48 || code === 58) at += parts[at + 1] === 5 ? 2 : parts[at + 1] === 2 ? 4 : 0;
  }
}
