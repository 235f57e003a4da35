/** Every screen of a session without an engine, for looking at it: `npx vite`, then `/preview.html#log`. No part of the app. */
import { mount, tick } from 'svelte';

import App from '../App.svelte';
import '../styles/tokens.css';
import '../styles/base.css';
import { fixture } from './fixtures';

const [screen = 'timeline', state = 'running'] = location.hash.slice(1).split(',');
const api = fixture(state);
const target = document.getElementById('app')!;
mount(App, { target, props: { api } });

async function show(): Promise<void> {
  await new Promise((soon) => setTimeout(soon, 150));
  [...document.querySelectorAll<HTMLElement>('nav button')].find((button) => button.textContent?.includes('Add login'))?.click();
  await tick();
  await new Promise((soon) => setTimeout(soon, 150));
  document.getElementById(`tab-${screen}`)?.click();
  api.tellSamples();
}
void show();
