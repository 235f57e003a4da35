import { expect, test } from 'vitest';

import { SETTINGS } from '../api/fixtures/frame';
import { groupsOf, setBy } from './settings';

test('every setting of a session has a row, the ceiling too, and says who set it', () => {
  const rows = (['general', 'teams'] as const).flatMap((part) => groupsOf(part, SETTINGS)).flatMap((group) => group.settings.map((setting) => setting.name));
  const known = SETTINGS.values.filter((value) => value.name.startsWith('session.'));
  expect(known.map((value) => value.name)).toContain('session.ceiling');
  for (const value of known) {
    expect(rows).toContain(value.name);
    expect(setBy(value.source)).not.toBe('');
  }
});
