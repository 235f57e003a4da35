/** For the tests of the whole window: the page with one session of the fixtures, opened. */
import { fireEvent, render, screen } from '@testing-library/svelte';

import type { SessionView } from './api/api';
import { fillScreens } from './api/fixtures/screens';
import { ScriptedApi } from './api/scripted';
import App from './App.svelte';

/** `prepare` changes what the page is answered before it asks. */
export async function openLogin(session: SessionView, prepare: (api: ScriptedApi) => void = () => {}) {
  const api = new ScriptedApi();
  api.sessions = [session];
  fillScreens(api);
  prepare(api);
  render(App, { api });
  await screen.findByRole('navigation', { name: 'Sessions' });
  await fireEvent.click((await screen.findAllByRole('button', { name: /Add login/ }))[0]!);
  return api;
}
