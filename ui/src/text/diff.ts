/** One file's difference as rows. The text is git's unified form. */

export interface DiffRow {
  sort: 'hunk' | 'same' | 'add' | 'del' | 'note';
  /** Line numbers of both sides. */
  old: number | null;
  new: number | null;
  text: string;
  /** The part of the line that differs from its counterpart, as start and end; null for the whole line. */
  part: [number, number] | null;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
/** Longer lines are not compared by words. */
const LONG = 2_000;

export function diffRows(text: string): DiffRow[] {
  const rows: DiffRow[] = [];
  let [before, after] = [0, 0];
  let inHunk = false;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    const hunk = HUNK.exec(line);
    if (hunk !== null) {
      [before, after] = [Number(hunk[1]), Number(hunk[3])];
      inHunk = true;
      const range = (from: number, count: string | undefined) => (count === undefined ? `${from}` : count === '0' ? `after ${from}` : `${from}–${from + Number(count) - 1}`);
      rows.push({ sort: 'hunk', old: null, new: null, text: `@@ ${range(before, hunk[2])} → ${range(after, hunk[4])} @@`, part: null });
      // An empty side is named by the line before it.
      if (hunk[2] === '0') before += 1;
      if (hunk[4] === '0') after += 1;
    } else if (!inHunk) {
      if (!/^(diff --git|--- |\+\+\+ |index )/.test(line)) rows.push({ sort: 'note', old: null, new: null, text: line, part: null });
    } else if (line.startsWith('+')) {
      rows.push({ sort: 'add', old: null, new: after++, text: line.slice(1), part: null });
    } else if (line.startsWith('-')) {
      rows.push({ sort: 'del', old: before++, new: null, text: line.slice(1), part: null });
    } else if (line.startsWith(' ')) {
      rows.push({ sort: 'same', old: before++, new: after++, text: line.slice(1), part: null });
    } else {
      if (line.startsWith('diff --git')) inHunk = false;
      else rows.push({ sort: 'note', old: null, new: null, text: line.replace(/^\\ /, ''), part: null });
    }
  }
  pair(rows);
  return rows;
}

/** Marks what differs where a removed line has a counterpart among the lines added right behind. */
function pair(rows: DiffRow[]): void {
  for (let at = 0; at < rows.length; ) {
    const dels = run(rows, at, 'del');
    const adds = run(rows, at + dels, 'add');
    for (let n = 0; n < Math.min(dels, adds); n++) {
      const [del, add] = [rows[at + n]!, rows[at + dels + n]!];
      const parts = differing(del.text, add.text);
      if (parts !== null) [del.part, add.part] = parts;
    }
    at += Math.max(1, dels + adds);
  }
}

function run(rows: DiffRow[], from: number, sort: DiffRow['sort']): number {
  let to = from;
  while (rows[to]?.sort === sort) to++;
  return to - from;
}

const WORD = /[\p{L}\p{N}_]+|\s+|./gu;

/** The part of each line between what both begin and end with, in whole words; null where next to nothing is the same. */
export function differing(before: string, after: string): [[number, number], [number, number]] | null {
  if (before.length > LONG || after.length > LONG) return null;
  const [a, b] = [before.match(WORD) ?? [], after.match(WORD) ?? []];
  let head = 0;
  while (head < Math.min(a.length, b.length) && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const length = (words: string[]) => words.join('').length;
  const [start, end] = [length(a.slice(0, head)), length(a.slice(a.length - tail))];
  const same = before.slice(0, start).trim().length + before.slice(before.length - end).trim().length;
  if (same < 3) return null;
  return [
    [start, before.length - end],
    [start, after.length - end],
  ];
}

const KEYWORDS = new Set(
  'abstract as async await break case catch class const continue crate def default del do elif else enum except export extends extern final finally fn for from func function go if impl implements import in interface is lambda let loop match mod move mut namespace new not or and package pass private protected pub public raise ref return self static struct super switch throw trait try type typeof union unsafe use var void where while with yield'.split(' '),
);

/** Splits a line so that the language's own words can be set bold; roughly, for most languages. */
export function withKeywords(text: string): { text: string; bold: boolean }[] {
  if (text.length > LONG) return [{ text, bold: false }];
  const runs: { text: string; bold: boolean }[] = [];
  let comment = false;
  for (const piece of text.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\/.*|#\s.*|[\p{L}\p{N}_]+|[^\p{L}\p{N}_]/gu) ?? []) {
    comment ||= piece.startsWith('//');
    const bold = !comment && KEYWORDS.has(piece);
    const last = runs.at(-1);
    if (last !== undefined && last.bold === bold) last.text += piece;
    else runs.push({ text: piece, bold });
  }
  return runs;
}
