/** The transport of the window: Tauri's commands one way, its event bus the other. */
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';

import type { AgentCheck, Api, Attached, Batch, DoctorView, Dropped, Remembered, RulingView, SettingsView, StartCheck } from './api';
import type { MissingPart, RuleOffer, ShowNeed, StatusView, TimelineEntry } from './api';
import { tauriScreens } from './tauri_screens';

export function tauriApi(): Api {
  return {
    ...tauriScreens(),
    listen: (hear) => listen<Batch>('batch', (event) => hear(event.payload)),
    listenShow: (hear) => listen<ShowNeed>('show_need', (event) => hear(event.payload)),
    attach: () => invoke<Attached>('attach'),
    ack: (epoch, number) => void invoke('ack', { epoch, number }),
    status: () => invoke<StatusView>('status'),
    timeline: (session, since, limit) => invoke<TimelineEntry[]>('timeline', { session, since, limit }),
    stop: (session) => invoke<void>('stop_session', { session }),
    resume: (session, message) => invoke<void>('resume_session', { session, message }),
    remove: (session) => invoke<void>('delete_session', { session }),
    openFolder: (session) => invoke<void>('open_folder', { session }),
    openEditor: (session, path, line) => invoke<void>('open_editor', { session, path, line }),
    openTerminal: (session) => invoke<void>('open_terminal', { session }),
    answer: (session, approval, choice) => invoke<void>('answer', { session, approval, choice }),
    ruleFor: (session, approval) => invoke<RuleOffer>('rule_for', { session, approval }),
    revoke: (session, grant) => invoke<void>('revoke', { session, grant }),
    resolve: (session, blocker) => invoke<void>('resolve', { session, blocker }),

    checkStart: (form) => invoke<StartCheck>('check_start', { form }),
    start: (form) => invoke<string>('start_session', { form }),
    startDemo: () => invoke<string>('start_demo'),
    remembered: (target) => invoke<Remembered>('remembered', { target }),
    listenToDrops: (hear) => listen<Dropped>('drop', (event) => hear(event.payload)),
    pickFolder: () => invoke<string | null>('pick_folder'),

    startAgain: () => invoke<void>('start_again'),
    missing: () => invoke<MissingPart[]>('missing'),
    doctor: () => invoke<DoctorView>('doctor'),
    checkAgent: (agent) => invoke<AgentCheck>('check_agent', { agent }),
    settings: () => invoke<SettingsView>('settings'),
    setSetting: (name, value) => invoke<SettingsView>('set_setting', { name, value }),
    explain: (command, role, folder) => invoke<RulingView>('explain', { command, role, folder }),
    testNotification: () => invoke<void>('test_notification'),
  };
}
