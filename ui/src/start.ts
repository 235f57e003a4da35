/** The page over the window's transport; `main.ts` loads it once there is something to be seen. */
import { mount } from 'svelte';

import { tauriApi } from './api/tauri';
import App from './App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(App, { target, props: { api: tauriApi() } });
