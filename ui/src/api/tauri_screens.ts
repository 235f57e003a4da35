/** The window's transport for the screens of a session. */
import { invoke } from '@tauri-apps/api/core';

import type { ScreensApi } from './screens';

export function tauriScreens(): ScreensApi {
  return {
    pause: (session) => invoke('pause_session', { session }),
    reviewNow: (session, focus) => invoke('review_now', { session, focus }),
    message: (session, worker, text) => invoke('send_message', { session, worker, text }),
    log: (session, filter, from, limit) => invoke('log_page', { session, filter, from, limit }),
    findInLog: (session, filter, needle, from, backwards) => invoke('log_find', { session, filter, needle, from, backwards }),
    logMarks: (session, filter, parts) => invoke('log_marks', { session, filter, parts }),
    logRaw: (session, source, seq) => invoke('log_raw', { session, source, seq }),
    exportLog: (session, filter) => invoke('export_log', { session, filter }),
    checkpoints: (session) => invoke('checkpoints', { session }),
    changes: (session, from, to) => invoke('changes', { session, from, to }),
    fileDiff: (session, from, to, path) => invoke('file_diff', { session, from, to, path }),
    restore: (session, checkpoint, paths) => invoke('restore', { session, checkpoint, paths }),
    details: (session) => invoke('details', { session }),
    receipt: (session, number) => invoke('receipt', { session, number }),
  };
}
