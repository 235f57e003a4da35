/** Changed files as a tree of folders; a folder that holds only one folder is shown together with it. */
import type { ChangedFile } from '../api/api';

export interface Node {
  /** The whole path. */
  path: string;
  name: string;
  depth: number;
  /** `null` for a folder. */
  file: ChangedFile | null;
}

interface Folder {
  folders: Map<string, Folder>;
  files: ChangedFile[];
}

/** The tree's lines in order, without what is below a folder in `closed`. */
export function treeLines(files: readonly ChangedFile[], closed: ReadonlySet<string>): Node[] {
  const root: Folder = { folders: new Map(), files: [] };
  for (const file of files) {
    const parts = file.path.split('/').slice(0, -1);
    let folder = root;
    for (const part of parts) {
      let next = folder.folders.get(part);
      if (next === undefined) folder.folders.set(part, (next = { folders: new Map(), files: [] }));
      folder = next;
    }
    folder.files.push(file);
  }
  const lines: Node[] = [];
  walk(root, '', 0, lines, closed);
  return lines;
}

function walk(folder: Folder, path: string, depth: number, lines: Node[], closed: ReadonlySet<string>): void {
  for (const [first, child] of folder.folders) {
    let [name, inner, whole] = [first, child, `${path}${first}`];
    while (inner.files.length === 0 && inner.folders.size === 1) {
      const [only, next] = [...inner.folders][0]!;
      [name, inner, whole] = [`${name}/${only}`, next, `${whole}/${only}`];
    }
    lines.push({ path: whole, name, depth, file: null });
    if (!closed.has(whole)) walk(inner, `${whole}/`, depth + 1, lines, closed);
  }
  for (const file of folder.files) lines.push({ path: file.path, name: file.path.split('/').at(-1)!, depth, file });
}
