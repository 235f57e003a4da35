import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  // Svelte's package offers its server build first; the tests mount components as the window does.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  build: {
    target: 'safari16',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // `--mode fixtures`: the page over scripted answers, for scripts/screenshots; no part of the app.
    ...(mode === 'fixtures' ? { outDir: '../target/fixtures', emptyOutDir: true, rolldownOptions: { input: 'fixtures.html' } } : {}),
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test_setup.ts'],
    // On a busy machine; nothing is waited for that does not come.
    testTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
    restoreMocks: true,
  },
}));
