import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['interop/tests/**/*.test.ts'],
    testTimeout: 120_000,
    // Starting official servers takes tens of seconds on a small machine, and the first run fetches them.
    hookTimeout: 300_000,
    // Scenarios spend their time waiting for timers of the protocol, so those of a file run side by side.
    maxConcurrency: 16,
    // Each file has servers of its own; more of them at a time would compete for the processors.
    maxWorkers: 2,
  },
})
