/** The transport of the window: Tauri's commands one way, its event bus the other. */
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';

import type { Api, Attached, Batch, MissingPart, ShowNeed, StatusView, TimelineEntry } from './api';

export function tauriApi(): Api {
  return {
    listen: (hear) => listen<Batch>('batch', (event) => hear(event.payload)),
    listenShow: (hear) => listen<ShowNeed>('show_need', (event) => hear(event.payload)),
    attach: () => invoke<Attached>('attach'),
    ack: (epoch, number) => void invoke('ack', { epoch, number }),
    status: () => invoke<StatusView>('status'),
    timeline: (session, since, limit) => invoke<TimelineEntry[]>('timeline', { session, since, limit }),
    start: (form) => invoke<string>('start_session', { form }),
    startDemo: () => invoke<string>('start_demo'),
    stop: (session) => invoke<void>('stop_session', { session }),
    answer: (session, approval, choice) => invoke<void>('answer', { session, approval, choice }),
    revoke: (session, grant) => invoke<void>('revoke', { session, grant }),
    pickFolder: () => invoke<string | null>('pick_folder'),
    missing: () => invoke<MissingPart[]>('missing'),
  };
}
