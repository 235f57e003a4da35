import { describe, expect, it } from 'vitest';

import { painted } from './ansi';

describe('terminal colours', () => {
  it('become classes, and every other sequence goes', () => {
    expect(painted('a \u001b[1;31mred\u001b[0m b\u001b]8;;javascript:1\u0007x\u001b[2Jy')).toEqual([
      { text: 'a ', look: '' },
      { text: 'red', look: 'ansi-red ansi-bold' },
      { text: ' bxy', look: '' },
    ]);
  });

  it('by number or value are left out with their values', () => {
    expect(painted('\u001b[38;5;31mp\u001b[38;2;1;31;4mq\u001b[92mr')).toEqual([
      { text: 'pq', look: '' },
      { text: 'r', look: 'ansi-green' },
    ]);
  });

  it('without end do not hang and make few runs', () => {
    const flood = '\u001b[31ma\u001b[32mb'.repeat(500_000);
    const begun = performance.now();
    const runs = painted(flood);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(runs.length).toBeLessThanOrEqual(2_001);
    expect(runs.map((run) => run.text.length).reduce((a, b) => a + b)).toBe(1_000_000);
  });

  it('that are cut off are no colours', () => {
    expect(painted('x\u001b[3')).toEqual([{ text: 'x[3', look: '' }].map((run) => ({ ...run, text: expect.stringContaining('x') })));
  });
});
