import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['interop/tests/**/*.test.ts'],
    // For tests that hang. Those that wait for what never comes say so before: `patienceMs` in targets/deadline.ts.
    testTimeout: 900_000,
    // The first run fetches the official servers.
    hookTimeout: 900_000,
    // Scenarios spend their time waiting for timers of the protocol, so those of a file run side by side.
    maxConcurrency: 16,
    // Each file has servers of its own; more of them at a time would compete for the processors.
    maxWorkers: 2,
  },
})
