import { describe, expect, it } from 'vitest';

import { MOST, Window } from './window';

describe('a list of any length', () => {
  it('is as high as its rows while that can be painted', () => {
    const list = new Window(1000, 24, 480);
    expect([list.scrolled, list.packed, list.end]).toEqual([24_000, false, 23_520]);
    expect([list.placeOf(100), list.scrollTopOf(100), list.rowAt(100)]).toEqual([100, 100, 4]);
    expect(list.placeOf(99_999)).toBe(23_520);
  });

  it('stands in proportion past that, and still reaches every row', () => {
    const list = new Window(1_000_000, 24, 480);
    expect([list.scrolled, list.packed]).toEqual([MOST, true]);
    expect(list.placeOf(0)).toBe(0);
    expect(list.placeOf(MOST - 480)).toBe(24_000_000 - 480);
    expect(list.rowAt(list.placeOf(MOST - 480) + 479)).toBe(999_999);
    for (const row of [0, 1, 499_999, 700_001, 999_980]) {
      expect(list.rowAt(list.placeOf(list.scrollTopOf(list.topOf(row))) + 0.5)).toBe(row);
    }
  });

  it('makes room below the row that is opened', () => {
    const list = new Window(100, 24, 240, 10, 90);
    expect(list.height).toBe(2490);
    expect([list.topOf(10), list.topOf(11)]).toEqual([240, 354]);
    expect([list.rowAt(239), list.rowAt(241), list.rowAt(353), list.rowAt(354)]).toEqual([9, 10, 10, 11]);
  });

  it('brings a row in by the shortest way', () => {
    const list = new Window(100, 24, 240, 50, 60);
    expect(list.bringIn(2, 480)).toBe(48);
    expect(list.bringIn(25, 480)).toBe(480);
    expect(list.bringIn(50, 480)).toBe(1200 + 84 - 240);
  });

  it('is empty without rows', () => {
    const list = new Window(0, 24, 480);
    expect([list.height, list.end, list.rowAt(0), list.packed]).toEqual([0, 0, 0, false]);
  });
});
