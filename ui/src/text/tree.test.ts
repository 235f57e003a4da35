import { expect, it } from 'vitest';

import type { ChangedFile } from '../api/api';
import { treeLines } from './tree';

const file = (path: string): ChangedFile => ({ path, kind: 'modified', folder: false, added: 1, deleted: 0, binary: false });

it('folds a folder that holds only one folder, and leaves out what is closed', () => {
  const files = ['Cargo.toml', 'a/b/c/one.rs', 'a/b/c/two.rs', 'tests/login.rs'].map(file);
  const lines = (closed: string[]) => treeLines(files, new Set(closed)).map((node) => `${'  '.repeat(node.depth)}${node.name}${node.file === null ? '/' : ''}`);
  expect(lines([])).toEqual(['a/b/c/', '  one.rs', '  two.rs', 'tests/', '  login.rs', 'Cargo.toml']);
  expect(lines(['a/b/c'])).toEqual(['a/b/c/', 'tests/', '  login.rs', 'Cargo.toml']);
});
