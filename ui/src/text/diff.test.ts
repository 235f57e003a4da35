import { describe, expect, it } from 'vitest';

import { differing, diffRows, withKeywords } from './diff';

const TEXT = `diff --git a/src/a.rs b/src/a.rs
--- a/src/a.rs
+++ b/src/a.rs
@@ -23,3 +23,4 @@
 fn login(
-    if user.password != sha256(&body.password) {
+    if !verify(&user.hash, &body.password)? {
+        limiter.record(&key);
 }
@@ -40 +42,0 @@
--- gone
\\ No newline at end of file
`;

describe('the rows of a difference', () => {
  it('have the numbers of both sides', () => {
    const rows = diffRows(TEXT);
    expect(rows.map((row) => [row.sort, row.old, row.new])).toEqual([
      ['hunk', null, null],
      ['same', 23, 23],
      ['del', 24, null],
      ['add', null, 24],
      ['add', null, 25],
      ['same', 25, 26],
      ['hunk', null, null],
      ['del', 40, null],
      ['note', null, null],
    ]);
    expect(rows[0]!.text).toBe('@@ 23–25 → 23–26 @@');
    expect(rows[6]!.text).toBe('@@ 40 → after 42 @@');
    expect(rows[7]!.text).toBe('-- gone');
    expect(rows[8]!.text).toBe('No newline at end of file');
  });

  it('of what has no lines are what git says of it', () => {
    expect(diffRows('diff --git a/x b/x\nBinary files a/x and b/x differ\n')).toEqual([{ sort: 'note', old: null, new: null, text: 'Binary files a/x and b/x differ', part: null }]);
    expect(diffRows('')).toEqual([]);
  });

  it('mark what differs in whole words, unless nearly all does', () => {
    expect(differing('let a = one;', 'let a = other;')).toEqual([[8, 11], [8, 13]]);
    expect(differing('the whole line', 'nothing of it')).toBeNull();
    expect(differing('x'.repeat(5_000), 'y')).toBeNull();
    expect(diffRows(TEXT)[2]!.part).not.toBeNull();
  });

  it('set the words of the language apart, but not in texts and comments', () => {
    const bold = (text: string) => withKeywords(text).filter((run) => run.bold).map((run) => run.text);
    expect(bold('pub async fn f(x: "let it") { // for you')).toEqual(['pub', 'async', 'fn']);
  });
});
