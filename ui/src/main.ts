import { mount } from 'svelte';

import { tauriApi } from './api/tauri';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/base.css';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(App, { target, props: { api: tauriApi() } });
